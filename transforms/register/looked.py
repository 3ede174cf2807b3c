"""Tables of the register that are read during a decision: whether they are still what was looked through."""

from collections.abc import Iterable
from dataclasses import dataclass

from beam_deid.transforms.register.document import Entry, Table
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.opening import check_file, unusable
from beam_deid.transforms.storage.files import store_of


@dataclass(frozen=True)
class Looked:
    """A table of the register as it was before it was looked through, byte by byte.

    Attributes:
        path: The file.
        table: What the register says of it.
        modified: When it was last changed, as its store tells.
    """

    path: str
    table: Table
    modified: float

    def check(self) -> None:
        """See that it is still the same file: it was opened since.

        Raises:
            UsageError: It is not.
        """
        if _modified(self.path) != self.modified:
            raise unusable(self.path, "it was changed while it was read")
        check_file(self.path, self.table)


def tables_of(register: str, entries: Iterable[Entry]) -> dict[str, Looked]:
    """The files of some releases, by path, as they are now.

    Args:
        register: The register's folder.
        entries: The releases; those that have no table are passed over.
    """
    tables = {table_path(register, entry.table.file): entry.table for entry in entries if entry.table}
    return {path: Looked(path, table, _modified(path)) for path, table in tables.items()}


def _modified(path: str) -> float:
    """When a file was last changed; never where it is gone."""
    there = store_of(path).entry(path)
    return -1.0 if there is None else there.modified
