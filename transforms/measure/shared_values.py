"""Values of direct identifiers that stand for very many subjects, found bucket by bucket, exactly and in bounded memory.

Which subjects have a value is known only when all buckets were seen, and there may be as many values as rows. So values are first
counted by a part of their keys, in a table of fixed size. Only the few whose part occurs often enough are then counted one by one::

    seen = Seen.merge(seen_in(bucket, bits) for bucket in buckets)
    often = seen.often(most)
    shared = SubjectsOfValues.merge(subjects_in(bucket, often) for bucket in buckets).shared(most)

The second line of counting is not needed where nothing is often (`Often.is_empty`): then `Shared.none` is the result.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes, runs
from beam_deid.transforms.measure.identified import Identified
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.persons import MANY_SUBJECTS, distinct_per_group

_FEWEST_BITS = 10
_MOST_BITS = 24
_ROWS_OF_A_SLOT = 32
"""So a table takes an eighth of a byte per row at most, and few values share a beginning with as many others as make them often."""
_WIDTH = 64
_FULL = 255
"""A table counts no further."""

Slots = npt.NDArray[np.uint32]
Table = npt.NDArray[np.uint8]


def slot_bits(rows: int) -> int:
    """How many bits of a key to count by, for a table in which few values of so many rows share a beginning."""
    return min(max((rows // _ROWS_OF_A_SLOT).bit_length(), _FEWEST_BITS), _MOST_BITS)


@dataclass(frozen=True, eq=False)
class Seen:
    """How many subjects there are at most of the values whose keys begin with the same bits.

    Attributes:
        bits: How many bits these are.
        tables: By identity, at most so many subjects have values with each beginning, shape (2 ** bits,), uint8; 255 is as many or
            more.
    """

    bits: int
    tables: tuple[Table, ...]

    @classmethod
    def merge(cls, parts: Iterable["Seen"]) -> "Seen":
        """Merge parts, one at least, with the same bits. Merging is associative."""
        merged, *others = parts
        for part in others:
            tables = map(_added, merged.tables, part.tables)
            merged = cls(merged.bits, tuple(tables))
        return merged

    def often(self, most: int = MANY_SUBJECTS) -> "Often":
        """The beginnings of all values that more than ``most`` subjects have, below 255, and maybe of others."""
        return Often(self.bits, tuple(np.flatnonzero(table > most).astype(np.uint32) for table in self.tables))


@dataclass(frozen=True, eq=False)
class Often:
    """The beginnings of keys by which a value is to be counted by itself.

    Attributes:
        bits: How many bits these are.
        slots: By identity, the beginnings, ascending, uint32.
    """

    bits: int
    slots: tuple[Slots, ...]

    @property
    def is_empty(self) -> bool:
        """Whether no value is to be counted, for none is shared by too many."""
        return not any(map(len, self.slots))


@dataclass(frozen=True, eq=False)
class SubjectsOfValues:
    """How many subjects some values have.

    Attributes:
        keys: By identity, the values, ascending.
        subjects: By identity, how many subjects each of them has, int64.
    """

    keys: tuple[Fingerprints, ...]
    subjects: tuple[Counts, ...]

    @classmethod
    def merge(cls, parts: Iterable["SubjectsOfValues"]) -> "SubjectsOfValues":
        """Merge parts, one at least, of different subjects. Merging is associative."""
        listed = list(parts)
        keys = zip(*(part.keys for part in listed), strict=True)
        subjects = zip(*(part.subjects for part in listed), strict=True)
        merged = [_summed(np.concatenate(k), np.concatenate(s)) for k, s in zip(keys, subjects, strict=True)]
        return cls(tuple(distinct for distinct, _ in merged), tuple(total for _, total in merged))

    def shared(self, most: int = MANY_SUBJECTS) -> "Shared":
        """The values that more than ``most`` subjects have."""
        many = (keys[subjects > most] for keys, subjects in zip(self.keys, self.subjects, strict=True))
        return Shared(tuple(many))


@dataclass(frozen=True, eq=False)
class Shared:
    """The values that name nobody, for too many subjects have them.

    Attributes:
        keys: By identity, the values, ascending.
    """

    keys: tuple[Fingerprints, ...]

    @classmethod
    def none(cls, identities: int) -> "Shared":
        """No values of so many identities."""
        return cls((np.empty(0, np.uint64),) * identities)

    def have(self, identity: int, values: Fingerprints) -> Bools | None:
        """Which rows have such a value of an identity, shape (n,); None if there is no such value."""
        keys = self.keys[identity]
        if not len(keys):
            return None
        nearest = np.searchsorted(keys[1:], values, side="right")  # the last that is not above, or the first
        return np.asarray(keys[nearest] == values)


def seen_in(rows: Identified, bits: int) -> Seen:
    """Count the subjects of a bucket by the beginnings of their values.

    Args:
        rows: The rows of the bucket.
        bits: How many bits of a key are looked at; see `slot_bits`.
    """
    return Seen(bits, tuple(_table(rows, values, bits) for values in rows.values))


def subjects_in(rows: Identified, often: Often) -> SubjectsOfValues:
    """Count the subjects of a bucket for each value that may have too many.

    Args:
        rows: The rows of the bucket.
        often: Which values these are.
    """
    counted = [
        _subjects(rows, values, slots, often.bits) for values, slots in zip(rows.values, often.slots, strict=True)
    ]
    return SubjectsOfValues(tuple(keys for keys, _ in counted), tuple(subjects for _, subjects in counted))


def _table(rows: Identified, values: Fingerprints, bits: int) -> Table:
    """How many subjects have values with each beginning: who returns to a value after another counts twice."""
    deviating = rows.deviating(values)
    of_subjects = values[rows.some_row[:-1]]
    others = values[deviating[rows.who[deviating] >= 0]]
    named = np.concatenate([of_subjects, others])
    slots, subjects = runs(named[named != rows.null] >> np.uint64(_WIDTH - bits))
    table = np.zeros(1 << bits, np.uint8)
    table[slots] = np.minimum(subjects, _FULL)
    return table


def _added(first: Table, second: Table) -> Table:
    """The sum of two tables, as far as they count."""
    total = first + second
    total[total < first] = _FULL  # it ran over
    return total


def _subjects(rows: Identified, values: Fingerprints, slots: Slots, bits: int) -> tuple[Fingerprints, Counts]:
    """The values with one of some beginnings, and how many subjects have each."""
    wanted = np.zeros(1 << bits, np.bool_)
    wanted[slots] = True
    some = np.flatnonzero(wanted[values >> np.uint64(_WIDTH - bits)] & (values != rows.null))
    numbers, distinct = ordered_codes(values[some])
    return distinct, distinct_per_group(numbers, len(distinct), rows.who[some], len(rows.subjects))


def _summed(keys: Fingerprints, numbers: Counts) -> tuple[Fingerprints, Counts]:
    """The distinct keys, ascending, and the sum of the numbers of each."""
    place, distinct = ordered_codes(keys)
    total = np.zeros(len(distinct), np.int64)
    np.add.at(total, place, numbers)
    return distinct, total
