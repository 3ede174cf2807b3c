"""What is looked at in any process that takes part in a run: this one, and each worker."""

import os
import secrets
import shutil
from collections.abc import Callable

from beam_deid.transforms.doctor.asked import Asked
from beam_deid.transforms.errors import InputError, OutputError, UsageError
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.run.cores import cores
from beam_deid.transforms.run.memory import memory
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.storage.files import exists, is_file, open_arrow, read_all, reason, unwritable, write_all
from beam_deid.transforms.storage.paths import join, named_by_output, shown
from beam_deid.transforms.who import operator_here

Check = Callable[[Asked], str]
"""Looks at one thing; says what it found, or raises what is missing."""

STAGING = "staging"

_FIRST = 1
ELSEWHERE = (
    "Let both reach the same files: a store or a shared folder, under one path, with rights for the worker's user"
)
"""What is advised where a worker does not see what this process sees."""
APART = "Let both write into one store or one shared folder"
"""What is advised where a worker writes where this process does not look."""


def see_input(asked: Asked) -> str:
    """See that files of the input can be read, and are those that the caller sees.

    Raises:
        InputError: One cannot, or is another file.
    """
    for path, size in asked.inputs:
        if not is_file(path):
            raise InputError("there is no such file here", shown(path), ELSEWHERE)
        found = _readable_size(path)
        if found != size:
            what = f"it has {found:,} bytes here, and {size:,} where the run is called"
            raise InputError(what, shown(path), ELSEWHERE)
    if len(asked.inputs) == asked.files:
        return "1 file can be read" if asked.files == 1 else f"{asked.files:,} files can be read"
    return f"{len(asked.inputs)} of {asked.files:,} files were looked at, and can be read"


def _readable_size(path: str) -> int:
    """The bytes of a file that can be read."""
    with open_arrow(path) as stream:
        try:
            stream.read(_FIRST)
            return int(stream.size())
        except OSError as error:
            raise InputError(f"the file cannot be read ({reason(error)})", shown(path), ELSEWHERE) from None


def see_beside(asked: Asked) -> str:
    """See that whatever else the policy names is there and can be read.

    Raises:
        InputError: It is not.
    """
    for path in asked.beside:
        if not exists(path):
            raise InputError("the policy names this file, and it is not here", shown(path), ELSEWHERE)
        if is_file(path):
            _readable_size(path)
    count = len(asked.beside)
    if not count:
        return "the policy names no further file"
    return (
        "1 file that the policy names can be read" if count == 1 else f"{count} files that the policy names can be read"
    )


def see_staging(asked: Asked) -> str:
    """See that something can be written where a run's workers write, and read there again.

    Raises:
        OutputError: It cannot.
    """
    path = join(asked.folder, f"trial-{secrets.token_hex(8)}")
    data = secrets.token_bytes(32)
    try:
        write_all(path, data)
    except FileNotFoundError:  # who asks has made it, and a worker does not: see `LocalStore.make_private`
        what = "the folder of the run is not seen: under this path there is another one"
        raise OutputError(what, named_by_output(path), APART) from None
    except OSError as error:
        raise unwritable(error, "the output", path) from None
    if read_all(path) != data:
        raise OutputError("what was written is not what is read", named_by_output(path), "Check the disk or the store")
    return "can be written to"


def see_register(asked: Asked) -> str:
    """See that the register can be read, and is the one that the caller sees.

    Raises:
        UsageError: It cannot, or is another one.
    """
    reference = asked.job.register
    if reference is None:
        return f"none is kept: {asked.job.unregistered}"
    if reference.is_new:
        return "the run will make it"
    document = read(reference.path)
    if document is None:
        raise UsageError("the register is not here", shown(reference.path), ELSEWHERE)
    if document.register != reference.register:
        raise UsageError("another register is here", shown(reference.path), ELSEWHERE)
    return "can be read"


def see_machine(asked: Asked) -> str:
    """See that rows can be set aside on disk; how much room there is, and whose rights a process has, is told and not judged.

    Raises:
        OutputError: They cannot.
        UsageError: TMPDIR names no folder.
    """
    with SpillFolder() as folder:
        write_all(folder.file("trial"), b"-")
        place = os.path.dirname(folder.path)
        free = shutil.disk_usage(place).free
    login = operator_here().login
    given = memory()
    amount = "memory that is not known" if given is None else f"{given / 2**30:.1f} GiB of memory"
    processors = "1 core" if cores() == 1 else f"{cores()} cores"
    return f"user {login}, {processors}, {amount}, {free / 2**30:.1f} GiB free in {place}"


CHECKS: tuple[tuple[str, Check], ...] = (
    ("input", see_input),
    ("files", see_beside),
    (STAGING, see_staging),
    ("register", see_register),
    ("machine", see_machine),
)
"""What is looked at, by what it is called. `keys` are looked at beside these, for they are compared as well."""
