"""The places of an output's hidden folders: beside a local output, which is replaced whole, and inside any other."""

import hashlib
import os
import stat

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.owners import is_owner
from beam_deid.transforms.storage.paths import MARK, absolute, is_local, join, name_of, parent
from beam_deid.transforms.storage.temporary import temporary_folder


def hidden_folder(output: str, name: str) -> str:
    """The path of a hidden folder of an output."""
    if is_local(output):
        return join(parent(output), f".{name_of(output)}{MARK}{name}")
    return join(output, f"{MARK}{name}")


def hidden_folders(output: str) -> list[str]:
    """The hidden folders that an output has, whoever made them.

    Raises:
        OSError: The store fails.
    """
    where, prefix = (parent(output), f".{name_of(output)}{MARK}") if is_local(output) else (output, MARK)
    found = store_of(where).entries(where, starting=prefix)
    return [entry.path for entry in found if entry.is_folder and is_owner(name_of(entry.path).removeprefix(prefix))]


def folder_for_workers(output: str, name: str, *, shared: bool) -> str:
    """The hidden folder that the workers of a run write into. Of what workers here write only what is published goes elsewhere.

    Args:
        output: The output folder, absolute.
        name: The name of its owner.
        shared: Whether workers on other machines write into it, so that it must be where they can reach it.
    """
    return hidden_folder(output if shared or is_local(output) else local_stand_in(output), name)


def missing_folders(output: str) -> list[str]:
    """The folders above a local output that are not there yet, the deepest first."""
    found = []
    folder = parent(output)
    while is_local(output) and not os.path.lexists(folder):
        found.append(folder)
        folder = parent(folder)
    return found


def is_own(folder: str) -> bool:
    """Whether no other user can have written into a hidden folder.

    Whatever others have put beside a local output is left alone: it would lead whoever sweeps it to the sweeper's own files.
    """
    if not is_local(folder) or os.name != "posix":
        return True
    try:
        facts = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.geteuid() and not facts.st_mode & 0o022


def place_of(output: str) -> str:
    """The absolute path of an output, with links resolved.

    Raises:
        UsageError: It cannot be written down in a document, as it has bytes that are no text in the encoding of this system.
    """
    whole = absolute(output)
    try:
        whole.encode()
    except UnicodeEncodeError:
        name = whole.encode("utf-8", "backslashreplace").decode()
        step = "Choose another name, or set LANG to the encoding of this one"
        raise UsageError("the path is no text in the encoding of this system", name, step) from None
    return os.path.realpath(whole) if is_local(whole) else whole


def unseen_folders(output: str) -> list[str]:
    """The hidden folders of an output, not on this machine, that only a store with versions still has something of.

    Raises:
        OSError: The store fails.
    """
    return store_of(output).unseen(output, MARK)


def output_of(folder: str) -> str | None:
    """The output that a hidden folder belongs to, or None where it is no such folder."""
    before, mark, _ = name_of(folder).partition(MARK)
    if not mark:
        return None
    return join(parent(folder), before.removeprefix(".")) if is_local(folder) else parent(folder)


def local_stand_in(output: str) -> str:
    """A local path that stands for an output that is elsewhere: beside it are the hidden folders of local workers."""
    user = os.getuid() if hasattr(os, "getuid") else "user"
    digest = hashlib.sha256(pinned(output).encode()).hexdigest()[:16]  # two endpoints may have buckets of one name
    return os.path.join(temporary_folder(), f"beam-deid-{user}-{digest}")
