"""Rows that repeat a key of the row above, and the columns that are blank in these: orders over several lines."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]

BLANK_IN_REPEATS = 0.9
"""A field is one of orders over several lines if it is blank in so large a share of the rows that repeat the key above …"""
BLANK_ELSEWHERE = 0.5
"""… and in no larger a share than this of the others."""
FEW = 0.01
"""Where a smaller share of rows repeats the key above it is no sign of lines: people buy twice in a row now and then."""


@dataclass
class Repeats:
    """Rows that repeat the key of the row above, and the others.

    Attributes:
        repeats: How many rows repeat it.
        others: How many do not.
        blank: Of each field in how many of the first it is null, and in how many of the others; only of those where it is.
    """

    repeats: int = 0
    others: int = 0
    blank: Counter[tuple[str, bool]] = field(default_factory=Counter)

    @classmethod
    def of(cls, columns: Mapping[str, pa.Array], key: str) -> "Repeats":
        """Count rows in the order of their source; none where so few repeat the key that nothing is to be learnt of it.

        Args:
            columns: Columns of length n by name, the key among them.
            key: The column whose values are compared.
        """
        repeats = _repeats(columns[key])
        count = int(np.count_nonzero(repeats))
        if count == 0 or count < FEW * len(repeats):
            return cls()
        counted = cls(count, len(repeats) - count)
        for name, column in columns.items():
            if column.null_count and name != key:
                blank = column.is_null().to_numpy(zero_copy_only=False)
                counted.blank[name, True] = int(np.count_nonzero(blank & repeats))
                counted.blank[name, False] = int(np.count_nonzero(blank & ~repeats))
        return counted

    def add(self, other: "Repeats") -> None:
        """Add other rows."""
        self.repeats += other.repeats
        self.others += other.others
        self.blank += other.blank

    def once(self, fields: Sequence[str]) -> tuple[str, ...]:
        """The fields that stand in the first row of a key alone."""
        return tuple(
            name
            for name in fields
            if self.repeats
            and self.blank[name, True] >= BLANK_IN_REPEATS * self.repeats
            and self.blank[name, False] <= BLANK_ELSEWHERE * self.others
        )


def _repeats(column: pa.Array) -> Mask:
    """Where the value of a column, of length n, is that of the row above; shape (n,)."""
    values = column.indices if isinstance(column, pa.DictionaryArray) else column
    same = np.zeros(len(column), bool)
    same[1:] = pc.equal(values[1:], values[:-1]).fill_null(False).to_numpy(zero_copy_only=False)
    return same
