"""The fingerprints of a release's rows, and how their columns are called in a file of the register."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints

RECORD = "record"
PERSON = "person:"
VALUE = "value:"
NORMAL = "normal:"
THERE = "there"
"""How columns are called, or how their names begin. Names of a field or an identity follow as they are."""


@dataclass(frozen=True)
class Prints:
    """Fingerprints of a release's rows, all arrays of shape (n,), dtype uint64.

    Attributes:
        record: Of each row's record.
        persons: Of its person, by every identity.
        values: Of its value of each released field.
        normal: Of its value of each sensitive field, without differences in spelling.
    """

    record: Fingerprints
    persons: Mapping[str, Fingerprints]
    values: Mapping[str, Fingerprints]
    normal: Mapping[str, Fingerprints]

    @property
    def columns(self) -> dict[str, Fingerprints]:
        """All of them by the names that their columns have in a file, the record's first, the others in order of their names."""
        named = ((PERSON, self.persons), (VALUE, self.values), (NORMAL, self.normal))
        return {RECORD: self.record, **{begin + name: keys[name] for begin, keys in named for name in sorted(keys)}}


def row_order(columns: Mapping[str, Fingerprints]) -> npt.NDArray[np.int64]:
    """Sort the rows by record, and rows of one record by all their columns, so that nothing is left of their original order.

    Args:
        columns: See `Prints.columns`.

    Returns:
        Numbers of rows, shape (n,).
    """
    record = columns[RECORD]
    order = np.argsort(record)
    ordered = record[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        tied = np.zeros(len(order), bool)
        tied[1:] |= same
        tied[:-1] |= same
        rows = order[tied]
        keys = [column[rows] for column in columns.values()]
        order[tied] = rows[np.lexsort(keys[::-1])]
    return order
