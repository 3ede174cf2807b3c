"""Which numbers a released value may stand for: from the least to the greatest that it was made from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spans:
    """The range of each released value.

    Attributes:
        keys: Key of each value, shape (v,), ascending.
        low: Least number that it was made from, shape (v,); not-a-number where it was made from none.
        high: Greatest, likewise.
    """

    keys: Fingerprints
    low: Numbers
    high: Numbers

    @classmethod
    def of(cls, keys: Fingerprints, low: Numbers, high: Numbers) -> "Spans":
        """The ranges of values with ``keys``, each from ``low`` to ``high``; all of shape (n,), values may repeat."""
        numbers, distinct = ordered_codes(keys)
        least = np.full(len(distinct), np.inf)
        greatest = np.full(len(distinct), -np.inf)
        np.fmin.at(least, numbers, low)
        np.fmax.at(greatest, numbers, high)
        none = least > greatest
        return cls(distinct, np.where(none, np.nan, least), np.where(none, np.nan, greatest))

    @classmethod
    def merge(cls, parts: Sequence["Spans"]) -> "Spans":
        """Merge parts. Merging is associative."""
        return cls.of(
            *(np.concatenate(columns) for columns in zip(*((p.keys, p.low, p.high) for p in parts), strict=True))
        )

    def over(self, groups: Fingerprints) -> "Spans":
        """The range of each group of values.

        Args:
            groups: The group of each value, in the order of ``keys``, shape (v,).
        """
        return Spans.of(groups, self.low, self.high)

    def ranges(self, keys: Fingerprints) -> tuple[Numbers, Numbers]:
        """The least and the greatest number of some values, each of shape (n,).

        Args:
            keys: The values, shape (n,); each is one of ``self.keys``.
        """
        place = np.searchsorted(self.keys, keys)
        return self.low[place], self.high[place]
