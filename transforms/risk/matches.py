"""The matches of an attacker's rows: whom each row may be, with the records of each."""

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts


class Matches:
    """The matches of rows: pairs of a row and a person, with the number of records of each."""

    def __init__(self) -> None:
        self._parts: list[tuple[Counts, Fingerprints, Counts]] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def add(self, rows: Counts, who: Fingerprints, counts: Counts | None) -> None:
        """Add matches.

        Args:
            rows: The attacker's row of each match, shape (m,), int64.
            who: The key of the released person that it matches, shape (m,).
            counts: Records of each match, shape (m,), int64; None for one each.
        """
        self._put(rows, who, np.ones(len(rows), np.int64) if counts is None else counts)

    def persons(self, size: int) -> Counts:
        """Number of persons that each row matches, shape (size,)."""
        rows, _, counts = self._once()
        return np.bincount(rows, weights=counts, minlength=size).astype(np.int64)

    def among(self, chosen: Bools) -> int:
        """Number of distinct persons that the chosen rows match."""
        return int(self.whom(chosen)[1].sum())

    def whom(self, chosen: Bools) -> tuple[Fingerprints, Counts]:
        """The distinct persons that the chosen rows match, with the records of each."""
        rows, who, counts = self._once()
        there = chosen[rows]
        distinct, first = np.unique(who[there], return_index=True)
        return distinct, counts[there][first]

    def drop(self, done: Bools) -> None:
        """Forget the rows that are done."""
        rows, who, counts = self._once()
        left = ~done[rows]
        self._parts = []
        self._length = 0
        self._put(rows[left], who[left], counts[left])

    def _put(self, rows: Counts, who: Fingerprints, counts: Counts) -> None:
        self._parts.append((rows, who, counts))
        self._length += len(rows)

    def _once(self) -> tuple[Counts, Fingerprints, Counts]:
        """The distinct pairs, by row and then by person, with their records."""
        none = np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.int64)
        rows, who, counts = (np.concatenate(parts) for parts in zip(none, *self._parts, strict=True))
        order = np.lexsort((who, rows))
        rows = rows[order]
        who = who[order]
        counts = counts[order]
        first = np.ones(len(rows), bool)
        first[1:] = (rows[1:] != rows[:-1]) | (who[1:] != who[:-1])
        self._parts = [(rows[first], who[first], counts[first])]
        self._length = int(first.sum())
        return self._parts[0]
