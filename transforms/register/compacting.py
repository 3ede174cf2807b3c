"""Compaction of a register: releases that share records share a table, and tables that are not needed any more are dropped."""

import contextlib
import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from beam_deid.transforms.register.document import Document, Entry, Table
from beam_deid.transforms.register.folder import Held, table_path
from beam_deid.transforms.register.merging import merge
from beam_deid.transforms.register.prints_file import PrintsFile

MOST_TOGETHER = 32
"""Most releases that share a file: what they share is cheap by then, and whoever reads one reads the footer of all."""

_NAME = "common"


@dataclass(frozen=True)
class Compacted:
    """The result of a compaction.

    Attributes:
        before: Bytes of their files.
        after: The same, now.
        records: Rows of their files, now: a record that several releases have counts once where they share a file.
    """

    before: int
    after: int
    records: int


def compact(held: Held, most_rows: int = 1 << 20) -> Compacted:
    """Let the releases of a register share tables, as far as that makes it smaller, and give up those that are not tested.

    The register says so last, in one revision: until then it names the files that it named before. No more than a range of
    records is in memory. What was written is read again, and compared, before the register names it.

    Args:
        held: The register.
        most_rows: Rows of all releases together that are in memory, about.

    Returns:
        The figures.

    Raises:
        InternalFault: What was written is not what was read.
        OutputError: A table cannot be written.
        UsageError: A table of a release that is tested is missing or damaged.
    """
    document = held.document
    if document is None:
        return Compacted(0, 0, 0)
    idle = [entry for entry in document.releases if entry.table is not None and not entry.is_tested]
    changed = {entry.name: replace(entry, table=None) for entry in idle}
    records = 0
    for entries in _together(document):
        tables, rows = _compacted(held, document, entries, most_rows)
        changed |= {entry.name: replace(entry, table=table) for entry, table in zip(entries, tables, strict=True)}
        records += rows
    compacted = document.with_entries(changed)
    if compacted != document:
        held.save(compacted)
    return Compacted(_size(_tables(document.releases)), _size(_tables(compacted.releases)), records)


def _together(document: Document) -> Iterator[tuple[Entry, ...]]:
    """The releases that are tested, as many at a time as may share a file."""
    rest = iter([entry for entry in document.tested if entry.table is not None])
    while some := tuple(itertools.islice(rest, MOST_TOGETHER)):
        yield some


def _compacted(held: Held, document: Document, entries: Sequence[Entry], most_rows: int) -> tuple[list[Table], int]:
    """Some releases' tables, in one file where that is smaller; and how many rows these have."""
    tables = _tables(entries)
    with contextlib.ExitStack() as stack:
        files = []
        by_name = dict[str, PrintsFile]()
        for table in tables:
            known = by_name.get(table.file)
            file = PrintsFile(table_path(held.path, table.file), table) if known is None else known.beside(table)
            files.append(stack.enter_context(file))
            by_name[table.file] = file
        may_stay = _are_alone(document, tables)
        rows = sum(file.all_rows for file in by_name.values())
        if may_stay and len(by_name) == 1:
            return tables, rows
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="beam-deid-"))  # for this user alone
        path = os.path.join(folder, _NAME)
        common, common_rows = merge(path, [f"{entry.name}/" for entry in entries], files, most_rows)
        if may_stay and common[0].size >= _size(tables):
            return tables, rows
        name = held.add(path, _NAME, common[0].sha256)
        return [replace(table, file=name) for table in common], common_rows


def _are_alone(document: Document, tables: Sequence[Table]) -> bool:
    """Whether no other release has columns in these tables' files. Where one has, the files must go when that one has gone."""
    all_of = Counter(table.file for table in _tables(document.releases))
    return all(all_of[file] == count for file, count in Counter(table.file for table in tables).items())


def _tables(entries: Sequence[Entry]) -> list[Table]:
    return [entry.table for entry in entries if entry.table is not None]


def _size(tables: Sequence[Table]) -> int:
    """Bytes of the files that the tables are in."""
    return sum({table.file: table.size for table in tables}.values())
