"""Where the rows of a block of delimited text begin and end, and which of them are sound: all found as columns of offsets."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.text_dialect import CR, LF, Dialect
from beam_deid.transforms.formats.text_plain import plain_lines
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

_NOWHERE = np.zeros(0, dtype=np.int64)


class Rows(NamedTuple):
    """The rows of a block, blank lines left out.

    Attributes:
        starts: int64 array, shape (n,): offset of each row.
        stops: int64 array, shape (n,): offset of its line end.
        values: int64 array, shape (n,): how many values it has.
        broken: Boolean array, shape (n,): whether a quote in it is at fault, it holds NUL, or it is too long.
        end: Offset behind the last line end; what follows is no whole row.
        overlong: Whether what follows is the beginning of a line that is too long.
    """

    starts: Places
    stops: Places
    values: Places
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
    """

    def __init__(self, data: bytes, dialect: Dialect, width: int, final: bool) -> None:
        self.data = data
        self._dialect = dialect
        self._array = np.frombuffer(data, np.uint8)
        self._final = final
        self._width = width
        found = self._plain_rows(final)
        self.rows = self._resolved_rows() if found is None else found

    def _plain_rows(self, final: bool) -> Rows | None:
        """The rows, where all quotes in them are plain; else None."""
        data = self.data
        end = len(data) if final else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        lines = plain_lines(data, end, self._dialect, self._width)
        return None if lines is None else self._filled(lines.stops, lines.delimiters + 1, _NOWHERE, end)

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
        outside = np.cumsum(~inside)
        values = np.diff(outside[ends], prepend=0)
        end = min(int(places[ends[-1]]) + 1, len(self.data)) if len(ends) else 0
        return self._filled(places[ends], values, self._quoted.given_up, end)

    def _filled(self, stops: Places, values: Places, given_up: Places, end: int) -> Rows:
        """The rows of all lines, without those that are blank."""
        starts = np.concatenate(([0], stops[:-1] + 1)) if len(stops) else stops
        filled = stops > starts
        if not filled.all():
            starts = starts[filled]
            stops = stops[filled]
            values = values[filled]
        broken = self._broken(starts, stops, given_up)
        return Rows(starts, stops, values, broken, end, len(self.data) - end > LONGEST_ROW)

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

    def places_of(self, line: bytes) -> Iterator[int]:
        """Offsets of a line, wherever its bytes are."""
        place = self.data.find(line)
        while place >= 0:
            yield place
            place = self.data.find(line, place + len(line))

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
