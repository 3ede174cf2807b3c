"""Runs of ordered rows that lie in a range, and how many subjects there are in each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Runs of rows.

    Attributes:
        begin: First row of each, shape (m,).
        end: Row behind the last of each, shape (m,); never before ``begin``.
    """

    begin: Counts
    end: Counts

    def slices(self, pairs: int) -> Iterator[tuple[int, int]]:
        """Windows that lie side by side, from one to before another, with about so many rows together."""
        total = np.cumsum(self.end - self.begin)
        begin = 0
        while begin < len(total):
            done = total[begin - 1] if begin else 0
            end = max(begin + 1, int(np.searchsorted(total, done + pairs, side="right")))
            yield begin, end
            begin = end

    def pairs(self, begin: int, end: int) -> tuple[Counts, Counts]:
        """Window and row of every row that is in one of the windows from ``begin`` to before ``end``."""
        sizes = (self.end - self.begin)[begin:end]
        window = np.repeat(np.arange(begin, end), sizes)
        within = np.arange(len(window)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return window, self.begin[window] + within


def windows_of(
    keys: Fingerprints, low: Numbers, high: Numbers, probe_keys: Fingerprints, probe_low: Numbers, probe_high: Numbers
) -> Windows:
    """The rows with a probe's key whose range meets the probe's.

    Args:
        keys: Key of each row, shape (n,), ascending.
        low: Least value of each row, ascending among rows of one key.
        high: Greatest value of each row, likewise. Not-a-number meets nothing; it stands behind all others.
        probe_keys: Key of each probe, shape (m,).
        probe_low: Least value of each probe.
        probe_high: Greatest value of each probe.
    """
    first = np.searchsorted(keys, probe_keys, side="left")
    last = np.searchsorted(keys, probe_keys, side="right")
    begin = _search(high, first, last, lambda value, probe: value < probe_low[probe])
    end = _search(low, first, last, lambda value, probe: value <= probe_high[probe])
    return Windows(begin, np.maximum(begin, end))


def _search(values: Numbers, begin: Counts, end: Counts, before: Callable[[Numbers, Counts], Bools]) -> Counts:
    """For each of m runs the first row from ``begin`` to ``end`` that is not ``before``; all at once, halving each run."""
    low = begin.copy()
    high = end.copy()
    probe = np.arange(len(begin))
    while True:
        open_ = np.flatnonzero(low < high)
        if not len(open_):
            return low
        middle = (low[open_] + high[open_]) // 2
        right = before(values[middle], probe[open_])
        low[open_[right]] = middle[right] + 1
        high[open_[~right]] = middle[~right]


def distinct_in_windows(values: Counts, windows: Windows) -> Counts:
    """Count the distinct values in each window, shape (m,).

    A row is its value's first in a window if the row before it with that value lies before the window. Those are counted
    bit by bit in a wavelet matrix: Claude, Navarro, Ordóñez: The wavelet matrix (2015).

    Args:
        values: Small numbers, 0 at least, shape (n,).
        windows: Windows over them.
    """
    order = np.argsort(values, kind="stable")
    earlier = np.zeros(len(values), np.int64)  # one more than the row before it with the same value; 0 if there is none
    again = values[order[1:]] == values[order[:-1]]
    earlier[order[1:][again]] = order[:-1][again] + 1
    begin = windows.begin.copy()
    end = windows.end.copy()
    limit = windows.begin
    less = np.zeros(len(begin), np.int64)
    # A row counts where ``earlier`` is at most ``begin``: less than ``begin + 1``.
    limit = limit + 1
    for bit in range(int(max(len(values), 1)).bit_length(), -1, -1):
        ones = (earlier >> bit) & 1 == 1
        zeros_before = np.r_[0, np.cumsum(~ones)]
        zero_begin = zeros_before[begin]
        zero_end = zeros_before[end]
        up = (limit >> bit) & 1 == 1
        less += np.where(up, zero_end - zero_begin, 0)
        zeros = int(zeros_before[-1])
        begin = np.where(up, zeros + begin - zero_begin, zero_begin)
        end = np.where(up, zeros + end - zero_end, zero_end)
        earlier = np.r_[earlier[~ones], earlier[ones]]
    return less
