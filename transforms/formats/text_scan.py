"""Where the rows of a block of delimited text begin and end, and which of them are sound: all found as columns of offsets."""

import re
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.text_dialect import CR, LF, Dialect
from beam_deid.transforms.formats.text_plain import plain_counts, plain_stops
from beam_deid.transforms.formats.text_quotes import (
    Flags,
    Places,
    Quoted,
    Quotes,
    Separators,
    next_flag,
    unescaped,
    without_backslashes,
)
from beam_deid.transforms.storage.limits import LONGEST_ROW

_BEGIN = 16
"""Bytes by which most rows differ from a line."""

_NOWHERE = np.zeros(0, dtype=np.int64)


class Rows(NamedTuple):
    """The rows of a block, blank lines left out.

    Attributes:
        starts: int64 array, shape (n,): offset of each row.
        stops: int64 array, shape (n,): offset of its line end.
        broken: Boolean array, shape (n,): whether a quote in it is at fault, it holds NUL, or it is too long.
        end: Offset behind the last line end; what follows is no whole row.
        overlong: Whether what follows is the beginning of a line that is too long.
    """

    starts: Places
    stops: Places
    broken: Flags
    end: int
    overlong: bool


class Scan:
    """A block of text and its structure.

    Args:
        data: The block, which begins with a row.
        dialect: How values are told apart.
        width: Values of a whole row; 0 where that is not known.
        final: Whether no text follows.

    Attributes:
        data: The block.
        rows: Its rows.
        plain: Whether all quotes in them plainly open and close values: then any reader finds the same values.
    """

    def __init__(self, data: bytes, dialect: Dialect, width: int, final: bool) -> None:
        self.data = data
        self._dialect = dialect
        self._array = np.frombuffer(data, np.uint8)
        self._final = final
        self._width = width
        end = len(data) if final else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        stops = plain_stops(data, end, dialect, width)
        self.plain = stops is not None
        self.rows = self._resolved_rows() if stops is None else self._filled(stops, _NOWHERE, end)

    @cached_property
    def counts(self) -> Places:
        """How many values each row has: int64 array, shape (n,)."""
        if self.plain:
            return plain_counts(self.data, self.rows.end, self._dialect, self.rows.stops)
        places, is_end = self._separators
        delimiters = np.cumsum(~(self._quoted.inside | is_end))
        return np.diff(delimiters[np.searchsorted(places, self.rows.stops)], prepend=0) + 1

    def _resolved_rows(self) -> Rows:
        """The rows, where quotes are not plain; and those that are too long for one are given up."""
        rows = self._rows()
        forced: list[int] = []
        while (fault := self._overlong_quote(rows)) is not None and fault not in forced:
            forced = sorted({*forced, fault})
            self._quoted = self._quotes.resolve(self._final, forced)
            rows = self._rows()
        return rows

    @cached_property
    def _marked(self) -> tuple[Places, npt.NDArray[np.uint8]]:
        """Offsets of all delimiters, line ends and quotes, and the bytes there."""
        array = self._array
        quote = self._dialect.quote
        marks = (array == self._dialect.delimiter) | (array == LF)
        if b"\r" in self.data:
            marks |= array == CR
        if quote is not None and quote in self.data:
            marks |= array == quote
        places = np.flatnonzero(marks)
        kinds = array[places]
        if self._final and len(array) and array[-1] not in (LF, CR):
            places = np.append(places, len(array))
            kinds = np.append(kinds, np.uint8(LF))
        return places, kinds

    @cached_property
    def _separators(self) -> Separators:
        places, kinds = self._marked
        between = kinds != self._dialect.quote if self._dialect.quote is not None else np.ones(len(kinds), dtype=bool)
        return Separators(places[between], kinds[between] != self._dialect.delimiter)

    @cached_property
    def _quotes(self) -> Quotes:
        places, kinds = self._marked
        is_quote = kinds == self._dialect.quote if self._dialect.quote is not None else np.zeros(len(kinds), dtype=bool)
        quotes = places[is_quote]
        segments: Places = np.cumsum(~is_quote, dtype=np.int64)[is_quote]
        if self._dialect.backslash:
            taken = unescaped(self._array, quotes)
            quotes = quotes[taken]
            segments = segments[taken]
        return Quotes(quotes, segments, self._separators, self._width)

    @cached_property
    def _quoted(self) -> Quoted:
        return self._quotes.resolve(self._final, [])

    def _rows(self) -> Rows:
        places, is_end = self._separators
        inside = self._quoted.inside
        ends = np.flatnonzero(is_end & ~inside)
        end = min(int(places[ends[-1]]) + 1, len(self.data)) if len(ends) else 0
        return self._filled(places[ends], self._quoted.given_up, end)

    def _filled(self, stops: Places, given_up: Places, end: int) -> Rows:
        """The rows of all lines, without those that are blank."""
        starts = np.concatenate(([0], stops[:-1] + 1)) if len(stops) else stops
        filled = stops > starts
        if not filled.all():
            starts = starts[filled]
            stops = stops[filled]
        broken = self._broken(starts, stops, given_up)
        return Rows(starts, stops, broken, end, len(self.data) - end > LONGEST_ROW)

    def _broken(self, starts: Places, stops: Places, given_up: Places) -> Flags:
        broken = stops - starts > LONGEST_ROW
        faults = [given_up]
        if b"\0" in self.data:
            faults.append(np.flatnonzero(self._array == 0))
        for places in faults:
            # What lies behind the last whole row is looked at with what follows.
            broken[np.searchsorted(stops, places[places < stops[-1]] if len(stops) else places[:0])] = True
        return broken

    def _overlong_quote(self, rows: Rows) -> int | None:
        """Offset of the quote, or else of the place, at which a row that is too long for one is given up."""
        starts = rows.starts[rows.stops - rows.starts > LONGEST_ROW]
        if rows.overlong:
            starts = np.append(starts, rows.end)
        for start in starts.tolist():
            place = self._open_at(start + LONGEST_ROW)
            end = next_flag(self._separators.ends, int(np.searchsorted(self._separators.places, place)))
            if end is not None and self._quoted.inside[end]:
                return place
        return None

    def _open_at(self, place: int) -> int:
        """Offset of the quote of the value that is open at a place; the place itself if none is."""
        before = int(np.searchsorted(self._separators.places, place)) - 1
        if before < 0 or not self._quoted.inside[before]:
            return place
        return int(self._quoted.openings[np.searchsorted(self._quoted.openings, place) - 1])

    def rows_like(self, line: bytes) -> list[int]:
        """The rows that are written as a line is, which is not empty."""
        starts = self.rows.starts
        likely = np.flatnonzero(self.rows.stops - starts == len(line))
        begin = np.frombuffer(line[:_BEGIN], np.uint8)
        alike = self._array[starts[likely, None] + np.arange(len(begin))] == begin
        return [row for row in likely[alike.all(axis=1)].tolist() if self.line(row) == line]

    def line(self, row: int) -> bytes:
        """One row as it is written, without its line end."""
        return self.data[int(self.rows.starts[row]) : int(self.rows.stops[row])]

    def last_lines(self, count: int) -> list[bytes]:
        """So many of the last rows as they are written, or all."""
        rows = len(self.rows.starts)
        return [self.line(row) for row in range(max(rows - count, 0), rows)]

    def values(self, row: int) -> list[bytes]:
        """The values of one row, without their quotes."""
        start = int(self.rows.starts[row])
        stop = int(self.rows.stops[row])
        first, last = np.searchsorted(self._separators.places, [start, stop])
        between = slice(int(first), int(last))
        places = self._separators.places[between][~self._quoted.inside[between]]
        bounds = [start - 1, *places.tolist(), stop]
        return [self._plain(self.data[one + 1 : other]) for one, other in pairwise(bounds)]

    def _plain(self, value: bytes) -> bytes:
        if self._dialect.quote is None:
            return value
        quote = bytes([self._dialect.quote])
        if len(value) < 2 or not value.startswith(quote) or not value.endswith(quote):
            return value
        if not self._dialect.backslash:
            return value[1:-1].replace(quote * 2, quote)
        taken = re.compile(rb"[\\" + re.escape(quote) + rb"](" + re.escape(quote) + rb")|\\(\\)")
        return taken.sub(lambda found: found[1] or found[2], value[1:-1])

    def selected(self, wanted: Flags) -> bytes:
        """The wanted rows as text in which quotes are doubled and no backslash takes anything.

        Args:
            wanted: Boolean array, one flag a row.
        """
        quote = self._dialect.quote
        escaping = self._dialect.backslash and quote is not None and b"\\" in self.data
        if wanted.all() and not escaping:
            return self.data[: self.rows.end]
        keep = self._kept(wanted)
        array = self._array
        if escaping:
            array, taken = without_backslashes(array, quote, self._separators.places, self._quoted.quoted)
            keep &= ~taken
        return array[keep].tobytes()

    def _kept(self, wanted: Flags) -> Flags:
        """Which bytes are left without the rows that are not wanted."""
        steps = np.zeros(len(self._array) + 2, dtype=np.int8)
        steps[self.rows.starts[~wanted]] += 1
        steps[self.rows.stops[~wanted] + 1] -= 1
        keep: Flags = np.cumsum(steps[: len(self._array)], dtype=np.int8) == 0
        keep[self.rows.end :] = False
        return keep
