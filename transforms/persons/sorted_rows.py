"""An external sort of persons: rows in any order, of any number, to one row of each person in the order of fingerprints.

What a buffer holds is sorted and, if more comes, written as a run of its own. Fingerprints are uniform, so that a range of them
has about as many rows in each run; ranges are small enough that all runs' rows of one fit into the buffer::

    rows = SortedRows(folder, columns=2)
    rows.add(words, [granted, withdrawn])      as often as there is something
    for part in rows.parts(): ...              ascending, each person once, of each column the greatest value
"""

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.sizes import Words
from beam_deid.transforms.persons.writing import unwritable, written
from beam_deid.transforms.storage.private import make

BUFFER = 64 << 20
"""Bytes of rows that are held in memory before they are written; sorting them takes about as much again."""
_WIDTH = 8
_ALL = 1 << 64
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PersonRows:
    """Some persons, each once, in the order of their fingerprints.

    Attributes:
        words: Their fingerprints, shape (n, 2), ascending by the first word, then the second.
        columns: What is known of each, shape (n,) each, int64.
    """

    words: Words
    columns: tuple[Numbers, ...]


class SortedRows:
    """Rows that are being collected. It holds ``buffer`` bytes of them in memory, and about as much while it sorts.

    Args:
        folder: A folder for this user alone, which is there, for runs of rows; whoever made it removes it.
        columns: How many columns rows have beside their fingerprints.
        buffer: Bytes of rows that are held.

    Raises:
        OutputError: The disk fails; so do all methods.
    """

    def __init__(self, folder: str, columns: int = 0, buffer: int = BUFFER) -> None:
        self._folder = folder
        self._room = max(2, buffer // (_WIDTH * (2 + columns)))
        self._words = np.empty((2, self._room), np.uint64)
        self._columns = np.empty((columns, self._room), np.int64)
        self._held = 0
        self._runs: list[tuple[str, int]] = []

    def add(self, words: Words, columns: Sequence[Numbers] = ()) -> None:
        """Add rows.

        Args:
            words: Fingerprints, shape (n, 2).
            columns: The columns, each of shape (n,).
        """
        done = 0
        while done < len(words):
            if self._held == self._room:
                self._flush()
            rows = slice(done, min(len(words), done + self._room - self._held))
            to = slice(self._held, self._held + rows.stop - rows.start)
            self._words[:, to] = words[rows].T
            for held, column in zip(self._columns, columns, strict=True):
                held[to] = column[rows]
            self._held = to.stop
            done = rows.stop

    def parts(self) -> Iterator[PersonRows]:
        """Each person once, with the greatest value of each column, some at a time in ascending order; then nothing is held."""
        if not self._runs:
            yield self._sorted()
            return
        self._flush()
        rows = sum(count for _, count in self._runs)
        cuts = -(-rows * 5 // (self._room * 4))  # a range's rows are not exactly as many as its share
        edges = [_ALL * cut // cuts for cut in range(cuts + 1)]
        for low, high in itertools.pairwise(edges):
            yield self._range(low, high)
        for path, _ in self._runs:
            os.remove(path)

    def _sorted(self) -> PersonRows:
        """What is held, sorted."""
        held = slice(0, self._held)
        rows = _one_of_each(self._words[0, held], self._words[1, held], [column[held] for column in self._columns])
        self._held = 0
        return rows

    def _flush(self) -> None:
        """Write what is held as a run: column by column."""
        if not self._held:
            return
        rows = self._sorted()
        path = os.path.join(self._folder, f"run-{len(self._runs):05d}")
        with unwritable(path), make(path) as stream:
            for column in (*rows.words.T, *rows.columns):
                written(stream, column)
        self._runs.append((path, len(rows.words)))

    def _range(self, low: int, high: int) -> PersonRows:
        """The rows of all runs whose fingerprints begin with words from ``low`` to below ``high``."""
        kinds = [np.uint64] * 2 + [np.int64] * len(self._columns)
        read = [self._read(path, count, low, high, kinds) for path, count in self._runs]
        whole = [np.concatenate(parts) for parts in zip(*read, strict=True)]
        return _one_of_each(whole[0], whole[1], whole[2:])

    def _read(
        self, path: str, count: int, low: int, high: int, kinds: Sequence[type[np.generic]]
    ) -> list[npt.NDArray[np.generic]]:
        with unwritable(path):
            first = np.memmap(path, np.uint64, "r", shape=(count,))
            begin = int(np.searchsorted(first, np.uint64(low)))
            end = count if high == _ALL else int(np.searchsorted(first, np.uint64(high)))
            del first
            offsets = [_WIDTH * (count * place + begin) for place in range(len(kinds))]
            return [
                np.fromfile(path, kind, end - begin, offset=offset) for kind, offset in zip(kinds, offsets, strict=True)
            ]


def _one_of_each(first: Fingerprints, second: Fingerprints, columns: Sequence[Numbers]) -> PersonRows:
    """Sort rows by their fingerprints, and put those of one person together."""
    order = np.argsort(first)
    ordered = np.stack([first[order], second[order]], axis=1)
    same = ordered[1:] == ordered[:-1]
    if (
        same[:, 0] & ~same[:, 1]
    ).any():  # of two persons one half is the same: chance allows it, and hardly ever does it
        order = np.lexsort((second, first))
        ordered = np.stack([first[order], second[order]], axis=1)
        same = ordered[1:] == ordered[:-1]
    begins = np.flatnonzero(np.concatenate([np.ones(min(1, len(ordered)), np.bool_), ~same.all(axis=1)]))
    if not len(begins):
        return PersonRows(ordered, tuple(np.empty(0, np.int64) for _ in columns))
    return PersonRows(ordered[begins], tuple(np.maximum.reduceat(column[order], begins) for column in columns))
