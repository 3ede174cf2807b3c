"""Rows of JSON values on their way to columns of text. Scalars are the text they are written as: no digit is lost."""

import json
import re
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import EmptyFile, InputError
from beam_deid.transforms.formats.encoding import MARK
from beam_deid.transforms.formats.format import Chunk, Fault
from beam_deid.transforms.formats.json_maps import check_first, check_keys
from beam_deid.transforms.formats.nesting import BLANK, Nesting, Row, Unit, is_nothing, parents
from beam_deid.transforms.storage.limits import MOST_CELLS, MOST_COLUMNS, check_columns, rows_of
from beam_deid.transforms.terms import Reason

DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
"""Reads numbers as the text they are written as."""

LIST = {b"beam_deid.list": b"yes"}
"""Metadata of a column in which some value is a list."""

_HEAD_ROWS = 1000
_MOST_HELD = MOST_CELLS // 4  # a value of a row takes far more memory than one of a column
_HALF = re.compile("[\ud800-\udfff]")
_NO_RECORD = "Each record must be an object with named fields; pandas writes such with orient='records', lines=True"
_SCALARS = (str, bool, type(None))


def columns_of(units: Iterable[Unit], nesting: Nesting, path: str) -> pa.Schema:
    """The columns of the first thousand rows. Keys that come later are faults of their rows.

    Raises:
        InputError: There is nothing to read, no record where the policy says that records are, or there are too many columns.
    """
    seen = _Seen()
    # Row by row, for a thousand wide rows at once would take gigabytes.
    for unit in islice(units, _HEAD_ROWS):
        seen.add(unit)
        if len(seen.names) > MOST_COLUMNS:
            seen.check(nesting, path)
            check_columns(len(seen.names), path)
    seen.check(nesting, path)
    names = seen.names
    lists = seen.lists - seen.scalars | seen.filled
    # Where objects stand a value is a fault of its row, and null an object without fields.
    objects = nesting.above(names)
    return pa.schema(
        [pa.field(name, pa.string(), metadata=LIST if name in lists else None) for name in names if name not in objects]
    )


class _Seen:
    """What stands in the first rows of a file.

    Attributes:
        names: Every column, in order.
        scalars: Those in which some value is a text, a number or a boolean.
        lists: Those in which some value is a list.
        filled: Those in which some list is not empty.
    """

    def __init__(self) -> None:
        self.names: dict[str, None] = {}
        self.scalars: set[str] = set()
        self.lists: set[str] = set()
        self.filled: set[str] = set()
        self._reasons: set[Reason | None] = set()
        self._first: Row | None = None
        self._rows = 0

    def add(self, unit: Unit) -> None:
        """Look at one row."""
        self._reasons.add(unit.reason)
        if unit.row is None:
            return
        self._rows += 1
        self._first = self._first or unit.row
        for name, value in unit.row.items():
            self.names.setdefault(name)
            if isinstance(value, list):
                self.lists.add(name)
                if value:
                    self.filled.add(name)
            elif value is not None and not isinstance(value, dict):
                self.scalars.add(name)

    def check(self, nesting: Nesting, path: str) -> None:
        """See that there are records, and that their keys are none of the data.

        Raises:
            InputError: There is none that can be read, or a key is data.
        """
        if not self._reasons:
            raise EmptyFile("there is no record in the file", path, "Leave it out")
        if self._rows == 1 and self._first:
            check_first(self._first, path)
        if self._rows:
            check_keys(self.names, self._rows, path)
        elif Reason.NO_RECORDS in self._reasons:
            where = ".".join(nesting.records)
            raise InputError(
                f"nothing stands at {where}", path, "Let input.records name the path of the list of records"
            )
        elif self._reasons == {None}:
            raise EmptyFile("there is no record in the file", path, "Leave it out")
        else:
            why = ", ".join(sorted(reason for reason in self._reasons if reason))
            raise InputError(f"no record can be read ({why})", path, _NO_RECORD)


def narrow(units: Iterable[Unit], path: str) -> Iterator[Unit]:
    """The rows as they are, none of them with too many keys.

    Raises:
        InputError: One has.
    """
    for unit in units:
        if unit.row is not None and len(unit.row) > MOST_COLUMNS:
            check_keys(unit.row, 1, path)
            check_columns(len(unit.row), path)
        yield unit


def chunks(
    units: Iterable[Unit],
    nesting: Nesting,
    columns: Sequence[str],
    rows: int,
    known: Collection[str] | None,
    first: int = 0,
    spare: Collection[str] = (),
) -> Generator[Chunk, None, int]:
    """The rows in chunks of at most ``rows``, numbered from ``first``; returns the number of the next row.

    Chunks are smaller where the rows are so wide that they would take too much memory.
    """
    rows = rows_of(len(columns), rows)
    gathered = _Gathered(columns, known, nesting, spare)
    following = first
    for unit in units:
        if unit is not BLANK:
            gathered.add(following, unit)
        following += 1
        if gathered.count == rows or gathered.cells > _MOST_HELD:
            yield gathered.chunk()
            gathered = _Gathered(columns, known, nesting, spare)
    if gathered.count:
        yield gathered.chunk()
    return following


class _Gathered:
    """Rows that were read from JSON, collected column by column until they are enough for a chunk."""

    def __init__(
        self, columns: Sequence[str], known: Collection[str] | None, nesting: Nesting, spare: Collection[str]
    ) -> None:
        self._spare = frozenset(spare)
        self._columns = list(columns)
        self._strict = known is not None
        self._known = frozenset(columns if known is None else known)
        self._objects = nesting.above(self._known)
        self._aliases = nesting.aliases
        self._ignored = nesting.ignored
        self._rows: list[Row] = []
        self._numbers: list[int] = []
        self._faults: dict[tuple[str, Reason], list[int]] = {}
        self.count = self.cells = 0

    def add(self, number: int, unit: Unit) -> None:
        self.count += 1
        field = unit.field
        reason = unit.reason or Reason.MALFORMED_ROW
        if unit.row is not None:
            field, found = self._foreign(unit.row)
            if found is None:
                self._rows.append(unit.row)
                self._numbers.append(number)
                self.cells += len(unit.row)
                return
            reason = found
        self._faults.setdefault((field, reason), []).append(number)

    def chunk(self) -> Chunk:
        numbers = np.array(self._numbers, np.int64)
        faults = [Fault(np.array(rows, np.int64), name, why) for (name, why), rows in self._faults.items()]
        sound = np.ones(len(numbers), bool)
        arrays = []
        for name in self._columns:
            column, wrong = _texts([row.get(name) for row in self._rows])
            arrays.append(column)
            if name in self._spare:
                wrong.pop(Reason.WRONG_TYPE, None)
            for reason, mask in wrong.items():
                faults.append(Fault(numbers[mask], name, reason))
                sound &= ~mask
        batch = pa.RecordBatch.from_arrays(arrays, names=self._columns)
        return Chunk(batch if sound.all() else batch.filter(pa.array(sound)), numbers[sound], faults)

    def _foreign(self, row: Row) -> tuple[str, Reason | None]:
        """What is wrong with a row that has fields nobody knows; an object without fields is none."""
        if self._known.issuperset(row):
            return "", None
        foreign = [name for name in row.keys() - self._known if not (name in self._objects and is_nothing(row[name]))]
        foreign = self._ignored.without(foreign)
        # An object where a value belongs, or a value where an object does.
        objects = (parents(foreign) & self._known) - self._aliases or self._objects.intersection(foreign)
        if objects:
            return min(objects), Reason.WRONG_TYPE
        return "", Reason.UNKNOWN_FIELD if foreign and self._strict else None


def _texts(values: list[Any]) -> tuple[pa.Array, dict[Reason, npt.NDArray[np.bool_]]]:
    """A column of text, and where its values are none, by reason."""
    wrong: dict[Reason, npt.NDArray[np.bool_]] = {}
    try:
        column = pa.array(values, pa.string())
    except (pa.ArrowException, TypeError, UnicodeError):
        # Not all are text: value by value it is seen which.
        reasons = [_wrong(value) for value in values]
        wrong = {reason: np.array([one is reason for one in reasons]) for reason in set(reasons) if reason is not None}
        column = pa.array(
            [None if why else _spelt(value) for value, why in zip(values, reasons, strict=True)], pa.string()
        )
    broken = pc.match_substring(column, MARK).fill_null(False)
    if pc.any(broken).as_py():
        wrong[Reason.BAD_ENCODING] = broken.to_numpy(zero_copy_only=False) | wrong.get(Reason.BAD_ENCODING, False)
    return column, wrong


def _spelt(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else value


def _wrong(value: Any) -> Reason | None:
    if not isinstance(value, _SCALARS):
        return Reason.WRONG_TYPE
    # Half of an escaped pair is no character.
    return Reason.BAD_ENCODING if isinstance(value, str) and _HALF.search(value) else None
