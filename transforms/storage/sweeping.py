"""What dead runs left of an output: finished where its publication was begun, removed otherwise."""

import contextlib

from beam_deid.transforms.errors import DeidError
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import hidden_folder, hidden_folders, local_stand_in, unseen_folders
from beam_deid.transforms.storage.journal import JOURNAL, Journal
from beam_deid.transforms.storage.lease import Lease, is_gone, new_name, owner_part
from beam_deid.transforms.storage.paths import absolute, is_local, join

OUTCOME = "outcome.json"
"""What the last worker leaves in a hidden folder once everything is written and proved."""

OLD = "old"
"""Where an output waits while another takes its place."""


def sweep(output: str) -> None:
    """Clean up an output before it is looked at. What cannot be done now is left to a later command.

    A run that was whole when its driver died is kept: ``beam-deid publish`` can still publish it.

    Args:
        output: The output folder.
    """
    whole = absolute(output)
    with contextlib.suppress(DeidError, OSError):
        folders = hidden_folders(whole)
        if not is_local(whole):
            folders += hidden_folders(local_stand_in(whole))
        if not folders:
            return
        lease = Lease(hidden_folder(whole, new_name()), lambda: hidden_folders(whole), whole)
        lease.take()
        try:
            sweep_held(lease, whole, keep=tuple(folder for folder in folders if is_whole(folder)))
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
    for folder in lease.left_behind():
        if folder not in keep:
            _clean(folder, output)
    if is_local(output):
        return
    for folder in unseen_folders(output):
        store_of(folder).purge(folder)
    for folder in hidden_folders(local_stand_in(output)):
        if folder not in keep and is_gone(owner_part(folder)):
            store_of(folder).purge(folder)


def finish(folder: str, journal: Journal, output: str) -> None:
    """Carry a publication out, and forget it."""
    journal.carry_out(folder, output)
    # First the journal: what is half removed must not be carried out again.
    store_of(folder).delete([join(folder, JOURNAL)])


def is_whole(folder: str) -> bool:
    """Whether the run of a hidden folder came to its end, so that only publication is missing."""
    return store_of(folder).entry(join(folder, OUTCOME)) is not None


def _clean(folder: str, output: str) -> None:
    store = store_of(folder)
    journal = Journal.read(folder)
    if journal is not None:
        finish(folder, journal, output)
        if not is_local(output):  # what the same run had here is published now
            twin = hidden_folder(local_stand_in(output), owner_part(folder))
            store_of(twin).purge(twin)
    old = join(folder, OLD)
    if store.renames_folders and store.entry(old) and not store.entry(output):
        store.rename(old, output)
    store.purge(folder)
