"""Rows of JSON values on their way to columns of text. Scalars are the text they are written as: no digit is lost."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.encoding import MARK
from beam_deid.transforms.formats.format import Chunk, Fault
from beam_deid.transforms.formats.nesting import BLANK, Nesting, Row, Unit, is_nothing, parents
from beam_deid.transforms.terms import Reason

DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
"""Reads numbers as the text they are written as."""

LIST = {b"beam_deid.list": b"yes"}
"""Metadata of a column in which some value is a list."""

_HEAD_ROWS = 1000
_SCALARS = (str, bool, type(None))


def columns_of(units: Iterable[Unit], nesting: Nesting, path: str) -> pa.Schema:
    """The columns of the first thousand rows. Keys that come later are faults of their rows.

    Raises:
        InputError: There is nothing to read, or no record where the policy says that records are.
    """
    head = list(islice(units, _HEAD_ROWS))
    if not head:
        raise InputError("there is no record in the file", path, "Leave it out")
    rows = [unit.row for unit in head if unit.row is not None]
    if not rows and any(unit.reason is Reason.NO_RECORDS for unit in head):
        where = ".".join(nesting.records)
        raise InputError(f"nothing stands at {where}", path, "Let input.records name the path of the list of records")
    names = dict.fromkeys(name for row in rows for name in row)
    # Where objects stand a value is a fault of its row, and null an object without fields.
    objects = parents(list(names)) | nesting.objects
    lists = {name for row in rows for name, value in row.items() if isinstance(value, list) and value}
    return pa.schema(
        [pa.field(name, pa.string(), metadata=LIST if name in lists else None) for name in names if name not in objects]
    )


def chunks(
    units: Iterable[Unit], nesting: Nesting, columns: Sequence[str], rows: int, known: Collection[str] | None
) -> Iterator[Chunk]:
    """The rows in chunks of at most ``rows``, numbered from 0."""
    gathered = _Gathered(columns, known, nesting)
    for number, unit in enumerate(units):
        if unit is not BLANK:
            gathered.add(number, unit)
        if gathered.count == rows:
            yield gathered.chunk()
            gathered = _Gathered(columns, known, nesting)
    if gathered.count:
        yield gathered.chunk()


class _Gathered:
    """Rows on their way to a chunk."""

    def __init__(self, columns: Sequence[str], known: Collection[str] | None, nesting: Nesting) -> None:
        self._columns, self._strict = list(columns), known is not None
        self._known = frozenset(columns if known is None else known)
        self._objects = parents(list(self._known)) | nesting.objects
        self._values: list[list[str | None]] = [[] for _ in columns]
        self._rows: list[int] = []
        self._faults: dict[tuple[str, Reason], list[int]] = {}
        self.count = 0

    def add(self, number: int, unit: Unit) -> None:
        self.count += 1
        if unit.row is None:
            self._fault(number, unit.field, unit.reason or Reason.MALFORMED_ROW)
            return
        field, reason = self._foreign(unit.row)
        if reason is not None:
            self._fault(number, field, reason)
            return
        picked = [unit.row.get(name) for name in self._columns]
        wrong = [(name, _wrong(item)) for name, item in zip(self._columns, picked, strict=True)]
        found = [(name, why) for name, why in wrong if why is not None]
        for name, why in found:
            self._fault(number, name, why)
        if not found:
            self._rows.append(number)
            for column, item in zip(self._values, picked, strict=True):
                column.append(("true" if item else "false") if isinstance(item, bool) else item)

    def chunk(self) -> Chunk:
        arrays = [pa.array(column, pa.string()) for column in self._values]
        faults = [Fault(np.array(rows, np.int64), name, why) for (name, why), rows in self._faults.items()]
        batch = pa.RecordBatch.from_arrays(arrays, names=self._columns)
        return Chunk(batch, np.array(self._rows, np.int64), faults)

    def _foreign(self, row: Row) -> tuple[str, Reason | None]:
        """What is wrong with a row that has fields nobody knows; an object without fields is none."""
        if self._known.issuperset(row):
            return "", None
        foreign = [name for name in row.keys() - self._known if not (name in self._objects and is_nothing(row[name]))]
        # An object where a value belongs, or a value where an object does.
        objects = parents(foreign) & self._known or self._objects.intersection(foreign)
        if objects:
            return min(objects), Reason.WRONG_TYPE
        return "", Reason.UNKNOWN_FIELD if foreign and self._strict else None

    def _fault(self, number: int, name: str, reason: Reason) -> None:
        self._faults.setdefault((name, reason), []).append(number)


def _wrong(item: Any) -> Reason | None:
    if not isinstance(item, _SCALARS):
        return Reason.WRONG_TYPE
    if isinstance(item, str):
        if MARK in item:
            return Reason.BAD_ENCODING
        if any("\ud800" <= character <= "\udfff" for character in item):
            return Reason.BAD_ENCODING  # half of an escaped pair is no character
    return None
