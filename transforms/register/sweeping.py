"""Removal of what killed processes left in a register, while it is held."""

from collections.abc import Iterable

from beam_deid.transforms.register.adding import read_adding
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.names import TABLES, look, made_for, revision_of, revision_path, table_path
from beam_deid.transforms.storage.files import store_of
from beam_deid.transforms.storage.hidden import is_own
from beam_deid.transforms.storage.lease import Lease
from beam_deid.transforms.storage.owners import is_gone, owner_part
from beam_deid.transforms.storage.paths import MARK, join, name_of

KEPT = 3
"""Revisions that stay: the newest counts, the others are for whoever looks what was."""


def sweep(register: str, document: Document | None, lease: Lease) -> None:
    """Remove dead claims, unfinished files, tables that are in nobody's use, and revisions that are too old.

    A table stays as long as its maker may still wake and write the revision that names it.

    Args:
        register: The folder, which this process holds.
        document: Its newest revision.
        lease: What holds it.

    Raises:
        OSError: The store fails; what is left is removed another time.
    """
    store = store_of(register)
    revision = document.revision if document else 0
    named = document.files if document else frozenset()
    dead = {claim: is_gone(owner_part(claim)) for claim in lease.left_behind() if is_own(claim)}
    seen = look(register)
    if seen.newest != revision:  # somebody woke and wrote one, and may be gone since
        return
    store.delete(seen.unfinished)
    for claim, gone in dead.items():
        _sweep_claim(register, claim, named, revision, gone)
    for folder in store.unseen(register, MARK):
        store.purge(folder)
    hidden = [name_of(path) for path in store.unseen(join(register, TABLES), "")]
    remove_tables(register, [file for file in {*seen.tables, *hidden} - named if _is_over(file, revision)])
    lost = [revision_of(name_of(path)) for path in store.unseen(register, "revision-")]
    old = {number for number in (*seen.revisions, *lost) if number is not None and number <= revision - KEPT}
    store.purge_files([revision_path(register, number) for number in sorted(old)])


def remove_tables(register: str, files: Iterable[str]) -> None:
    """Remove tables, with older versions of them.

    Raises:
        OSError: The store fails.
    """
    named = list(files)
    if not named:
        return
    store = store_of(register)
    folder = join(register, TABLES)
    store.purge_files([table_path(register, file) for file in named])
    if store.entry(folder) is not None:
        store.persist(folder)


def _sweep_claim(register: str, claim: str, named: frozenset[str], revision: int, gone: bool) -> None:
    added = {file for file in read_adding(claim) - named if made_for(file) is not None}
    unused = {file for file in added if gone or _is_over(file, revision)}
    remove_tables(register, sorted(unused))
    if unused == added:  # otherwise it tells the others from those of a revision that is missing
        store_of(claim).purge(claim)


def _is_over(file: str, revision: int) -> bool:
    """Whether the revision that a table was made for is there, so that its maker can no longer write it."""
    number = made_for(file)
    return number is not None and number <= revision
