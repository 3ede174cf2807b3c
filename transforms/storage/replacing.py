"""Whether an output may be replaced: by whom it was written is told by its manifests, and nobody else's file is ever lost."""

import os
from collections.abc import Mapping

from beam_deid.transforms.errors import UsageError, on_one_line
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import hidden_folders
from beam_deid.transforms.storage.journal import at_once, failed, written_sha256
from beam_deid.transforms.storage.manifest import files_of_run
from beam_deid.transforms.storage.paths import is_local, join, name_of, parent, shown
from beam_deid.transforms.storage.taken import is_a_file, is_there

_NAMED = 3


def check_replaceable(output: str, overwrite: bool, folder: str = "", *, by_name: bool = False) -> None:
    """See that an output may be replaced, and that nothing but a run would be lost.

    Args:
        output: The output folder.
        overwrite: Whether an earlier run may be replaced.
        folder: Where it is now, if it was moved.
        by_name: Whether it is enough that its files are called as the run's; else all of them are read.

    Raises:
        OutputError: A file of it cannot be opened, so that nobody knows whose it is.
        OSError: The store fails.
        UsageError: It is no folder, it is there and may not be replaced, or something that no run wrote is in it.
    """
    if is_local(output) and os.path.ismount(output):
        raise UsageError("the output is a mount point, which cannot be replaced", output, "Name a folder in it")
    store = store_of(output)
    place = folder or output
    there = store.entry(place)
    if there is not None and not there.is_folder:
        raise is_a_file(output)
    mine = {name_of(one) for one in hidden_folders(output)}
    found = [path for path in _paths_in(place) if path and path.split("/")[0] not in mine]
    if not found:
        return
    if not overwrite:
        raise is_there(output)
    known = files_of_run(place)
    if known is None:
        raise UsageError(
            "the output holds something that is not a run", shown(output), "Only a run is overwritten; choose another"
        )
    strangers = sorted(set(found) - set(known))
    if strangers:
        raise _would_be_lost(strangers, output)
    changed = [] if by_name else _changed(place, {path: known[path] for path in found})
    if changed:
        raise _changed_since(changed, output)


def _changed(place: str, files: Mapping[str, str | None]) -> list[str]:
    """The files that are called as a run's, and have other bytes.

    Args:
        place: The folder.
        files: SHA-256 of each file by its path below it; None where that is not known.
    """
    changed: list[str] = []

    def compare(path: str) -> None:
        if written_sha256(join(place, *path.split("/"))) != files[path]:
            changed.append(path)

    at_once(compare, [path for path, told in files.items() if told is not None])
    return sorted(changed)


def see_that_it_can_be(output: str, overwrite: bool) -> None:
    """See that an output could be written by a run, without writing anything.

    Args:
        output: The output folder.
        overwrite: Whether an earlier run may be replaced.

    Raises:
        OutputError: The store fails.
        UsageError: See `check_replaceable`; or the folder that it would be in may not be written to.
    """
    try:
        check_replaceable(output, overwrite)
    except OSError as error:
        raise failed(error, output) from None
    if not is_local(output):
        return
    above = parent(output)
    while not os.path.lexists(above):
        above = parent(above)
    if not os.path.isdir(above):
        raise UsageError("cannot write here (Not a directory)", output, "Choose another --output")
    if not os.access(above, os.W_OK | os.X_OK):
        raise UsageError(
            "cannot write here (Permission denied)", output, "Choose another --output, or check the rights to it"
        )


def _changed_since(changed: list[str], output: str) -> UsageError:
    named = ", ".join(map(on_one_line, changed[:_NAMED]))
    more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
    if len(changed) == 1:
        what = "this file is not the one that the run wrote under its name, and it would be lost"
        return UsageError(what, shown(join(output, *named.split("/"))), "Move it away, or choose another --output")
    what = f"{len(changed):,} files are not those that the run wrote under their names, and they would be lost: {named}{more}"
    return UsageError(what, shown(output), "Move them away, or choose another --output")


def _would_be_lost(strangers: list[str], output: str) -> UsageError:
    named = ", ".join(map(on_one_line, strangers[:_NAMED]))
    more = f" and {len(strangers) - _NAMED} more" if len(strangers) > _NAMED else ""
    if len(strangers) == 1:
        what = "no run wrote this file, and it would be lost"
        return UsageError(what, shown(join(output, named)), "Move it away, or choose another --output")
    what = f"no run wrote {len(strangers):,} files that are in it, and they would be lost: {named}{more}"
    return UsageError(what, shown(output), "Move them away, or choose another --output")


def _paths_in(place: str) -> list[str]:
    """All files in a folder, at any depth, by their paths below it; also links, which are not followed, and empty folders."""
    if not is_local(place):
        every = store_of(place).entries(place, recursive=True)
        files = [shown(entry.path) for entry in every if not entry.is_folder]
        return [path.removeprefix(shown(place)).lstrip("/") for path in files]
    found = []
    for folder, inside, names in os.walk(place):
        links = [name for name in inside if os.path.islink(os.path.join(folder, name))]
        found += [os.path.relpath(os.path.join(folder, name), place) for name in (*names, *links)]
        if folder != place and not inside and not names:
            found.append(os.path.relpath(folder, place))
    return found
