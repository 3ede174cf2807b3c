"""Which quotes open values and which close them: found for all quotes of a block at once.

What lies between two separators (delimiters and line ends, whether quoted or not) is a segment. A segment acts on what comes
after it by its quotes alone: an even number changes nothing; an odd one that begins the segment opens a value, or closes the one
that is open; any other odd one closes it, and is a part of the value's text where none is open. So whether a value is open
follows from the number of openings since the last segment of the third sort, which is a difference of running sums.

A quote that is wrong, for text follows its value's closing quote, its value swallows rows, or it is never closed, is given up:
its row is at fault, and reading goes on with the next line as if nothing were open.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.text_dialect import BACKSLASH

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_FEW = 256
_ROWS_LIKE_A_WHOLE = 4
"""Values from which on a line inside a value, or the two at its ends, show by their delimiters alone that they are rows."""
_LINES_OF_FEW = 2
"""Lines inside a value that must all be like rows, with those at its ends, where rows have fewer values."""


class Separators(NamedTuple):
    """What ends segments: segment i ends at separator i.

    Attributes:
        places: int64 array, shape (n,), ascending offsets.
        ends: Boolean array, shape (n,): which are line ends, and no delimiters.
    """

    places: Places
    ends: Flags


class Quoted(NamedTuple):
    """What quotes do to the separators of a block.

    Attributes:
        inside: Boolean array, shape (n,): which separators are text of a quoted value.
        quoted: Boolean array, shape (n + 1,): which segments are, or begin as, quoted; empty where no backslash is.
        openings: int64 array, ascending: offsets of the quotes of values that hold separators.
        given_up: int64 array: offsets of quotes that are at fault, with their rows.
    """

    inside: Flags
    quoted: Flags
    openings: Places
    given_up: Places


class Quotes:
    """The quotes of a block.

    Args:
        places: int64 array of the quotes' offsets, ascending.
        segments: int64 array of as many: the segment that each lies in.
        separators: The block's separators.
        width: Values of a whole row; 0 where that is not known.
    """

    def __init__(self, places: Places, segments: Places, separators: Separators, width: int) -> None:
        there = segments < len(separators.places)  # what no separator ends yet is looked at with what follows
        self._places = places[there]
        segments = segments[there]
        self._separators = separators
        self._width = width
        new = np.ones(len(segments), dtype=bool)
        new[1:] = segments[1:] != segments[:-1]
        self._first = np.flatnonzero(new)
        self._segments = segments[self._first]
        self._begins = self._places[self._first] == _beginnings(separators.places, self._segments)
        odd = np.diff(np.append(self._first, len(segments))) % 2 == 1
        self._odd = odd
        toggles = self._begins & odd
        at = np.arange(len(odd))
        self._toggles_before = np.concatenate(([0], np.cumsum(toggles)))
        self._toggle_before = _last_before(np.where(toggles, at, -1))
        self._reset_before = _last_before(np.where(odd & ~toggles, at, -1))
        self._text_follows(segments, new)

    def _text_follows(self, segments: Places, new: Flags) -> None:
        """Where a quote that closes a value is followed by text, by whether the value was open before its segment."""
        places = self._places
        fine: Flags = places + 1 == self._separators.places[segments]
        fine[:-1] |= places[1:] == places[:-1] + 1
        many = len(self._first)
        self._wrong_if_open = np.zeros(many, dtype=bool)
        self._wrong_if_not = np.zeros(many, dtype=bool)
        wrong = np.flatnonzero(~fine)
        if len(wrong):
            segment = (np.cumsum(new) - 1)[wrong]
            even = (wrong - self._first[segment]) % 2 == 0
            self._wrong_if_open[segment[even]] = True
            self._wrong_if_not[segment[~even]] = True
            self._wrong_if_not &= self._begins

    def resolve(self, final: bool, forced: list[int]) -> Quoted:
        """Say what is quoted.

        Args:
            final: Whether no text follows, so that a value that is open then is never closed.
            forced: Offsets from which on, to the end of the line, nothing is quoted, in ascending order.
        """
        count = len(self._separators.places)
        steps = np.zeros(count + 1, dtype=np.int8)
        quoted = np.zeros(count + 1, dtype=bool)
        given_up: list[int] = []
        openings: list[Places] = []
        for start, stop, fault in self._stretches(final, forced):
            state = self._open(start, np.arange(start, stop))
            closing = np.flatnonzero(state & self._odd[start:stop]) + start
            opening = self._toggle_before[closing]
            steps[self._segments[opening]] += 1
            steps[self._segments[closing]] -= 1
            quoted[self._segments[start:stop][self._begins[start:stop]]] = True
            if fault is not None:
                given_up.append(fault)
            elif self._open_at(start, stop):
                opening = np.append(opening, self._toggle_before[stop])
                steps[self._segments[opening[-1]]] += 1
            openings.append(self._places[self._first[opening]])
        inside = np.cumsum(steps[:-1]) > 0
        quoted[1:] |= inside
        return Quoted(inside, quoted, np.concatenate(openings), np.array(given_up, dtype=np.int64))

    def _stretches(self, final: bool, forced: list[int]) -> Iterator[tuple[int, int, int | None]]:
        """Stretches of segments, each read as if nothing were open before it, and the fault that ends it."""
        start = 0
        many = len(self._first)
        waiting = list(forced)
        while True:
            found = self._first_wrong(start, final)
            fault = None if found is None else int(self._places[self._first[found]])
            if waiting and (fault is None or waiting[0] <= fault):
                fault = waiting.pop(0)
            if fault is None:
                yield start, many, None
                return
            segment = int(np.searchsorted(self._separators.places, fault))
            end = next_flag(self._separators.ends, segment)
            before = int(np.searchsorted(self._segments, np.searchsorted(self._separators.places, fault)))
            if end is None:
                yield start, many, None
                return
            yield start, max(start, before), fault
            start = max(start, int(np.searchsorted(self._segments, end, "right")))

    def _first_wrong(self, start: int, final: bool) -> int | None:
        """The segment whose quote is to be given up first, if read from ``start`` on."""
        many = len(self._first)
        length = _FEW
        at = start
        while at < many:
            stop = min(at + length, many)
            state = self._open(start, np.arange(at, stop))
            wrong = np.where(state, self._wrong_if_open[at:stop], self._wrong_if_not[at:stop])
            closing = np.flatnonzero(state & self._odd[at:stop])
            if len(closing):
                wrong[closing] |= self._swallows(self._toggle_before[closing + at], closing + at)
            if wrong.any():
                first = int(np.argmax(wrong))
                return int(self._toggle_before[at + first]) if state[first] else at + first
            at = stop
            length *= 2
        return int(self._toggle_before[many]) if final and self._open_at(start, many) else None

    def _open(self, start: int, at: Places) -> Flags:
        """Whether a value is open before each segment, if nothing was open before segment ``start``."""
        base = np.maximum(self._reset_before[at] + 1, start)
        opened: Flags = (self._toggles_before[at] - self._toggles_before[base]) % 2 == 1
        return opened

    def _open_at(self, start: int, at: int) -> bool:
        return bool(self._open(start, np.array([at]))[0])

    def _swallows(self, opening: Places, closing: Places) -> Flags:
        """Whether values hold whole rows: lines of as many delimiters as a row has."""
        opened = self._lines_before(self._segments[opening])
        closed = self._lines_before(self._segments[closing])
        found = closed > opened
        if self._width < 2 or not found.any():
            return np.zeros(len(opening), dtype=bool)
        whole, filled = self._lines_like_rows
        like_rows = whole[closed] - whole[opened + 1]
        both = (whole[opened + 1] > whole[opened]) & (whole[closed + 1] > whole[closed])
        inner = filled[closed] - filled[opened + 1]
        all_like_rows = both & (like_rows == inner) & (inner >= _LINES_OF_FEW)
        some_like_rows = both | (like_rows > 0)
        swallowed: Flags = found & (some_like_rows if self._width >= _ROWS_LIKE_A_WHOLE else all_like_rows)
        return swallowed

    @cached_property
    def _ends_before(self) -> Places:
        return np.cumsum(self._separators.ends)

    @cached_property
    def _lines_like_rows(self) -> tuple[Places, Places]:
        """How many lines before each line have as many delimiters as a row, and how many are not blank."""
        ends = np.flatnonzero(self._separators.ends)
        whole = np.diff(ends, prepend=-1) == self._width
        filled = np.diff(self._separators.places[ends], prepend=-1) > 1
        # The line that nothing ends yet is looked at with what follows.
        return _running(whole), _running(filled)

    def _lines_before(self, segments: Places) -> Places:
        return np.where(segments > 0, self._ends_before[segments - 1], 0)


def _running(flags: Flags) -> Places:
    """How many flags are set before each place, before the end, and before one place more."""
    return np.concatenate(([0], np.cumsum(np.append(flags, False))))


def unescaped(array: npt.NDArray[np.uint8], quotes: Places) -> Flags:
    """Which quotes no backslash takes away: before them stands an even number of backslashes."""
    slashes = np.flatnonzero(array == BACKSLASH)
    if not len(slashes):
        return np.ones(len(quotes), dtype=bool)
    before = np.searchsorted(slashes, quotes) - 1
    beside = (before >= 0) & (slashes[before] == quotes - 1)
    length = slashes - _run_beginnings(slashes) + 1
    taken: Flags = ~(beside & (length[before] % 2 == 1))
    return taken


def without_backslashes(
    array: npt.NDArray[np.uint8], quote: int | None, separators: Places, quoted: Flags
) -> tuple[npt.NDArray[np.uint8], Flags]:
    """A block in which quoted values double their quotes, and the bytes of it that are to be left out.

    Args:
        array: The block; a backslash in a quoted value takes the quote or backslash after it as it is.
        quote: The quote.
        separators: int64 array, shape (n,), of offsets.
        quoted: Boolean array, shape (n + 1,): which of the segments that they end are, or begin as, text of a quoted value.
    """
    slashes = np.flatnonzero(array == BACKSLASH)
    slashes = slashes[quoted[np.searchsorted(separators, slashes)]]
    first_of_two = slashes[(slashes - _run_beginnings(slashes)) % 2 == 0]
    following = np.append(array, 0)[first_of_two + 1]
    made = array.copy()
    quotes = first_of_two[following == quote]
    made[quotes] = array[quotes + 1]
    left_out = np.zeros(len(array), dtype=bool)
    left_out[first_of_two[following == BACKSLASH]] = True
    return made, left_out


def _run_beginnings(places: Places) -> Places:
    """For each place, where the run of neighbours that it belongs to begins."""
    new = np.ones(len(places), dtype=bool)
    new[1:] = places[1:] != places[:-1] + 1
    return np.maximum.accumulate(np.where(new, places, 0))


def _beginnings(separators: Places, segments: Places) -> Places:
    return np.where(segments > 0, separators[segments - 1] + 1, 0)


def _last_before(indices: Places) -> Places:
    """The greatest of all indices before each place, and before the end; -1 where none is."""
    return np.concatenate(([-1], np.maximum.accumulate(indices))) if len(indices) else np.array([-1])


def next_flag(flags: Flags, start: int) -> int | None:
    """The first place from ``start`` on where a flag is set; looks at a few, then at more."""
    length = _FEW
    while start < len(flags):
        found = np.flatnonzero(flags[start : start + length])
        if len(found):
            return start + int(found[0])
        start += length
        length *= 2
    return None
