"""How large the groups of a release are, and how many of its records are in them: whole numbers in bins, and nothing else.

What a group consists of stands nowhere, and no bin tells the records of one group: how many records are about few persons could
be recognised. Bins are narrow where the limit k is, and grow with the sizes beyond it, so that their
number depends on the logarithm of the largest group alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import numpy as np

from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.meaning import Meaning
from beam_deid.transforms.risk.measures.measure import Figures, Measure, Shape, View

_NEAR = 20
"""Bins from one person to k, and again from k to twice as many: at most."""
_SERIES = (1, 2, 5)
"""Where bins begin beyond, times powers of ten."""
_TOGETHER = 2
"""The fewest groups of a bin whose records are told."""


@dataclass(frozen=True)
class SizeBin:
    """The groups of some sizes.

    Attributes:
        least: Fewest persons that a group of them may have; 0 for groups in which no person is known.
        most: Most persons.
        groups: How many groups there are.
        records: How many records are in them; None, in every bin, where all groups below the limit, or all others, are one.
    """

    least: int
    most: int
    groups: int
    records: int | None


@dataclass(frozen=True)
class GroupSizes(Figures):
    """Groups by the persons in them, as k counts them; records where nobody says whom they are about.

    Attributes:
        group_sizes: The bins in which there are groups, ascending.
    """

    group_sizes: Annotated[tuple[SizeBin, ...], Shape.SIZES]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "GroupSizes":
        """Read the figures from ``risk`` of a label; see `Figures.from_document`."""
        return cls(tuple(SizeBin(**one) for one in document["group_sizes"]))


class GroupSizesInBins(Measure):
    """How many groups there are of each size, and how many records are in them."""

    name = "group_sizes"
    kind = GroupSizes
    meanings: ClassVar[Mapping[str, Meaning]] = {
        "group_sizes": Meaning(
            meaning="How many groups there are of each size, counted in persons, and how many records are in them",
            test="k",
            parts={
                "least": "The fewest persons that a group of this bin has",
                "most": "The most persons that one has",
                "groups": "How many groups have so many persons",
                "records": "How many records are in these groups",
            },
        ),
    }

    def figures(self, view: View) -> GroupSizes:
        """Count groups and records in bins."""
        sizes = view.sizes
        k = round(1 / view.setting.threshold)
        begins = bins(k, sizes.largest)
        places = np.searchsorted(begins, sizes.subjects, side="right") - 1
        groups = np.bincount(places, weights=sizes.classes, minlength=len(begins))
        records = np.bincount(places, weights=view.subjects.of_records.classes, minlength=len(begins))
        ends = np.append(begins[1:] - 1, np.iinfo(np.int64).max)
        filled = [
            SizeBin(int(begins[at]), int(ends[at]), int(groups[at]), int(records[at])) for at in np.flatnonzero(groups)
        ]
        told = [
            *_together([one for one in filled if one.least < k]),
            *_together([one for one in filled if one.least >= k]),
        ]
        if any(one.groups < _TOGETHER for one in told):  # else they are what is left of all records
            told = [replace(one, records=None) for one in told]
        return GroupSizes(tuple(told))


def _together(filled: Sequence[SizeBin]) -> list[SizeBin]:
    """Neighbouring bins put together until each holds two groups, or one bin is left."""
    found: list[SizeBin] = []
    for one in filled:
        if found and found[-1].groups < _TOGETHER:
            found[-1] = _joined(found[-1], one)
        else:
            found.append(one)
    if len(found) > 1 and found[-1].groups < _TOGETHER:
        last = found.pop()
        found[-1] = _joined(found[-1], last)
    return found


def _joined(one: SizeBin, next_one: SizeBin) -> SizeBin:
    return SizeBin(one.least, next_one.most, one.groups + next_one.groups, (one.records or 0) + (next_one.records or 0))


def bins(k: int, largest: int) -> Counts:
    """Where bins begin, ascending, shape (bins,): the first holds groups of nobody, and the last is beyond the largest group.

    Args:
        k: The limit; a bin begins at it.
        largest: Persons of the largest group.
    """
    step = -(-k // _NEAR)
    below = range(k, 0, -step)
    above = range(k, 2 * k, step)
    beyond = (size for size in _series(largest) if size > 2 * k)
    return np.array(sorted({0, 1, *below, *above, 2 * k, *beyond}), np.int64)


def _series(largest: int) -> Iterator[int]:
    """1, 2, 5, 10, 20 and so on, up to the first that is more than the largest group."""
    power = 1
    while True:
        for factor in _SERIES:
            yield factor * power
            if factor * power > largest:
                return
        power *= 10
