"""Cleanup after dead runs: a publication that was begun is finished, anything else is removed."""

import contextlib

from beam_deid.transforms.errors import DeidError, OutputError
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import (
    hidden_folder,
    hidden_folders,
    is_own,
    local_stand_in,
    place_of,
    unseen_folders,
)
from beam_deid.transforms.storage.journal import JOURNAL, Journal, Superseded, published
from beam_deid.transforms.storage.lease import Lease, is_abandoned
from beam_deid.transforms.storage.owners import new_name, owner_part
from beam_deid.transforms.storage.paths import is_local, join
from beam_deid.transforms.storage.private import shred

OUTCOME = "outcome.json"
"""What the last worker leaves in a hidden folder once everything is written and proved."""

KEYS = "keys"
"""The folder of a run's own keys in a hidden folder that is on this machine."""

OLD = "old"
"""Where an output waits while another takes its place."""


def sweep(output: str) -> None:
    """Clean up an output before it is looked at. What cannot be done now is left to a later command.

    A run that was whole when its driver died is kept: ``beam-deid publish`` can still publish it.

    Args:
        output: The output folder.
    """
    with contextlib.suppress(DeidError, OSError):
        sweep_now(output)


def sweep_now(output: str) -> None:
    """Clean up an output as `sweep` does, and raise an error where that is not possible.

    Raises:
        OSError: The store fails.
        OutputError: A publication that was begun cannot be finished.
        UsageError: Another run is writing to this output.
    """
    whole = place_of(output)
    if not _left(whole):
        return
    lease = Lease(hidden_folder(whole, new_name()), lambda: hidden_folders(whole), whole)
    lease.take()
    try:
        sweep_held(lease, whole, keep=tuple(waiting(whole)))
    finally:
        lease.give_back()


def sweep_held(lease: Lease, output: str, keep: tuple[str, ...] = ()) -> None:
    """Clean up an output that this process holds.

    Args:
        lease: What holds it.
        output: The output folder, absolute.
        keep: Hidden folders that are left alone.

    Raises:
        OSError: The store fails.
        OutputError: A publication that was begun cannot be finished.
    """
    for folder in filter(is_own, lease.left_behind()):
        if folder in keep:
            put_back(folder, output)
            destroy_keys(folder)
        else:
            _clean(folder, output, lease)
    if is_local(output):
        return
    for folder in unseen_folders(output):
        store_of(folder).purge(folder)
    for folder in filter(is_own, hidden_folders(local_stand_in(output))):
        if not lease.is_dead(hidden_folder(output, owner_part(folder))):
            continue
        destroy_keys(folder)
        if folder not in keep:
            store_of(folder).purge(folder)


def waiting(output: str) -> list[str]:
    """The hidden folders of runs whose process is gone and of which only publication is missing.

    Raises:
        OSError: The store fails.
    """
    return [folder for folder in _left(output) if is_whole(folder)]


def finish(folder: str, journal: Journal, output: str, lease: Lease) -> None:
    """Carry a publication out, and forget it.

    Raises:
        Superseded: It cannot be any more; nothing was changed.
        OSError: The store fails.
        OutputError: A file is not what was to be published.
    """
    journal.carry_out(folder, output, lease.confirm)
    # First the journal: what is half removed must not be carried out again.
    store_of(folder).delete([join(folder, JOURNAL)])


def is_whole(folder: str) -> bool:
    """Whether the run of a hidden folder came to its end, so that only publication is missing, and was not begun in a store."""
    return store_of(folder).entry(join(folder, OUTCOME)) is not None and Journal.read(folder) is None


def destroy_keys(folder: str) -> None:
    """Overwrite and remove the own keys of a run that ended: what it wrote is published without them, or not at all.

    Raises:
        OSError: One cannot be removed.
    """
    if not is_local(folder):
        return
    keys = join(folder, KEYS)
    for entry in store_of(keys).entries(keys):
        shred(entry.path)
    store_of(keys).delete_folder(keys)


def put_back(folder: str, output: str) -> None:
    """Put an earlier output back that had made room for another which did not come.

    Raises:
        OSError: The store fails, or a file is in the output's place.
    """
    store = store_of(folder)
    old = join(folder, OLD)
    if store.renames_folders and store.entry(old) and not store.entries(output):
        store.rename(old, output)  # over nothing, or over an empty folder


def _left(output: str) -> list[str]:
    """The hidden folders whose claim nobody holds any more; a folder on this machine has its claim in the store."""
    folders = hidden_folders(output) + ([] if is_local(output) else hidden_folders(local_stand_in(output)))
    return [folder for folder in folders if is_own(folder) and is_abandoned(hidden_folder(output, owner_part(folder)))]


def _clean(folder: str, output: str, lease: Lease) -> None:
    store = store_of(folder)
    journal = Journal.read(folder)
    if journal is not None:
        with contextlib.suppress(Superseded):  # then it is only in the way
            finish(folder, journal, output, lease)
        if not is_local(output):  # what the same run had here is published now
            twin = hidden_folder(local_stand_in(output), owner_part(folder))
            destroy_keys(twin)
            store_of(twin).purge(twin)
    put_back(folder, output)
    destroy_keys(folder)
    if store.renames_folders and store.entry(join(folder, OLD)) and published(output) is None:
        raise OutputError(
            "an earlier output waits to be put back, and something else is in its place",
            join(folder, OLD),
            f"Move away what is in {output}",
        )
    store.purge(folder)
