"""Reading the newest revision of a register, never an older one."""

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.register.adding import read_adding
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.names import TABLES, Contents, look, made_for
from beam_deid.transforms.register.revision import RESTORE, read_revision
from beam_deid.transforms.storage.files import advice, reason, store_of
from beam_deid.transforms.storage.paths import join, shown

_LOOKS = 20
_SURE = 3
"""How often a register is looked at that changes meanwhile; how often the same must be missing."""


def newest(register: str) -> Document | None:
    """The newest revision; None where there is no register.

    Args:
        register: Its folder, absolute.

    Raises:
        UsageError: It is damaged, a revision is missing, or it was written by a newer beam-deid.
        OSError: It cannot be read.
    """
    see_a_folder(register)
    suspected: list[tuple[int, tuple[str, ...]]] = []
    for _ in range(_LOOKS):
        seen = look(register)
        try:
            document = read_revision(register, seen.newest) if seen.newest else None
        except FileNotFoundError:  # others wrote newer ones meanwhile
            continue
        orphans = _orphans(seen)
        if not orphans:
            return document
        # Others may have written a revision, or given up, between two questions; then it looks different next time.
        suspected.append((seen.newest, orphans))
        if suspected[-_SURE:] == [suspected[-1]] * _SURE:
            raise _missing(register, seen, orphans)
    raise UsageError("the register changes faster than it can be read", shown(register), "Run again")


def see_a_folder(register: str) -> None:
    """Check that nothing else is in a register's place.

    Raises:
        UsageError: A file is.
        OSError: It cannot be told.
    """
    there = store_of(register).entry(register)
    if there is not None and not there.is_folder:
        raise UsageError(
            "the register is a file, and no folder", shown(register), "Name a folder under register: of the policy"
        )


def unreadable(error: OSError, register: str) -> UsageError:
    """The error for a register that cannot be read."""
    said = reason(error)
    return UsageError(f"the register cannot be read ({said})", shown(register), advice(said, "Check the rights to it"))


def _orphans(seen: Contents) -> tuple[str, ...]:
    """Tables that a revision must have named which is not there: they are newer than the newest, and nobody is adding them."""
    newer = {file for file in seen.tables if seen.newest == 0 or (made_for(file) or 0) > seen.newest}
    if newer:
        newer -= frozenset().union(*map(read_adding, seen.claims))
    return tuple(sorted(newer))


def _missing(register: str, seen: Contents, orphans: tuple[str, ...]) -> UsageError:
    table = shown(join(register, TABLES, orphans[0]))
    if not seen.newest:
        return UsageError(
            f"the register's tables are here, but its revisions are missing ({table})", shown(register), RESTORE
        )
    number = max(made_for(file) or 0 for file in orphans)
    return UsageError(f"revision {number} is missing, a table of which is here ({table})", shown(register), RESTORE)
