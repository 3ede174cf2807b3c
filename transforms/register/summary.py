"""Figures of a register that it does not hold itself: shares, sizes, and which later releases an entry was tested with."""

from typing import TypedDict

from beam_deid.transforms.register.document import Document, Entry

_MILLION = 1_000_000


class Sizes(TypedDict):
    """How large the tables of a register are.

    Attributes:
        files: Number of tables.
        bytes: Size of all of them.
        records: Number of records that have fingerprints, over all entries.
        record_bytes: Bytes of the tables of records.
        bytes_per_million: The same for a million records; None where there are no records.
        person_bytes: Bytes of the runs' tables of persons.
    """

    files: int
    bytes: int
    records: int
    record_bytes: int
    bytes_per_million: float | None
    person_bytes: int


def suppressed_share(entry: Entry) -> float:
    """The share of the records that were suppressed, of all that could have been released."""
    whole = entry.records.eligible
    return entry.records.suppressed / whole if whole else 0.0


def later_tested(document: Document, entry: Entry) -> list[str]:
    """The names of the later entries that were tested together with an entry."""
    return [one.name for one in document.releases if entry.name in one.together]


def sizes(document: Document) -> Sizes:
    """How large the tables of a register are. Entries may share a table, which is counted once."""
    tables = [entry.table for entry in document.releases if entry.table is not None]
    of_records = {table.file: table.size for table in tables}
    counted = [table for run in document.runs for table in (run.persons, run.special) if table is not None]
    of_persons = {table.file: table.size for table in counted}
    records = sum(table.rows for table in tables)
    size = sum(of_records.values())
    return {
        "files": len(document.files),
        "bytes": size + sum(of_persons.values()),
        "records": records,
        "record_bytes": size,
        "bytes_per_million": size * _MILLION / records if records else None,
        "person_bytes": sum(of_persons.values()),
    }
