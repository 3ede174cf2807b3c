"""How large groups are: the share of the records in groups of each size, the share up to it, and where the limit stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from beam_deid.pipelines.report.amounts import share
from beam_deid.pipelines.report.charts.bars import Bar, BarChart, Limit, Tone
from beam_deid.pipelines.report.charts.words import shown

_BARS = 5
"""Bars below the limit, from it to twice as many, and beyond: so many of each at most."""


@dataclass(frozen=True)
class Sizes:
    """Groups of some sizes.

    Attributes:
        least: Fewest persons.
        most: Most persons.
        groups: How many groups.
        records: Records in them; None, in all, where they are not told.
    """

    least: int
    most: int
    groups: int
    records: int | None

    @classmethod
    def from_document(cls, document: Mapping[str, int]) -> "Sizes":
        """Read them from ``group_sizes`` of a label."""
        return cls(document["least"], document["most"], document["groups"], document["records"])


@dataclass(frozen=True)
class GroupsChart:
    """The chart.

    Attributes:
        sizes: Groups by their persons, ascending; sizes that no group has may be missing.
        k: The fewest persons that a group must have; None where nobody says so.
    """

    sizes: Sequence[Sizes]
    k: int | None

    def svg(self) -> str:
        """Draw it."""
        rows = list(_rows(self.sizes, self.k))
        by_records = all(row.records is not None for row in rows)
        weights = [(row.records if by_records else row.groups) or 0 for row in rows]
        whole = sum(weights) or 1
        bars: list[Bar] = []
        so_far = 0
        for row, weight in zip(rows, weights, strict=True):
            so_far += weight
            tone = Tone.LOST if self.k is not None and row.least < self.k else Tone.COUNTED
            figure = shown(f"{row.groups:,} groups, {share(weight / whole)}")
            bars.append(Bar(_words(row), figure, weight / whole, mark=so_far / whole, tone=tone))
        limit = None
        if self.k is not None:
            before = sum(row.least < self.k for row in rows)
            limit = Limit(before, shown(f"Limit: {self.k} persons"))
        told = shown(
            "Each bar is the share of the records in groups of that size; the mark is the share up to that size."
            if by_records
            else "Each bar is the share of the groups that have that size; the mark is the share up to that size."
        )
        return BarChart(shown("Persons in a group"), told, bars, 1.0, limit=limit).svg()


def _words(row: Sizes) -> str:
    if row.least == row.most:
        return shown("Groups of 1 person") if row.least == 1 else shown(f"Groups of {row.least:,} persons")
    return shown(f"Groups of {row.least:,} to {row.most:,} persons")


def _rows(sizes: Sequence[Sizes], k: int | None) -> Iterator[Sizes]:
    """Few rows, of which none stands on both sides of the limit; one below it even where no group is so small."""
    if k is None:
        yield from _merged(sizes, 3 * _BARS)
        return
    below = [one for one in sizes if one.least < k]
    if not below and k > 1:
        yield Sizes(1, k - 1, 0, None if any(one.records is None for one in sizes) else 0)
    yield from _merged(below, _BARS)
    yield from _merged([one for one in sizes if k <= one.least < 2 * k], _BARS)
    yield from _merged([one for one in sizes if one.least >= 2 * k], _BARS)


def _merged(sizes: Sequence[Sizes], most: int) -> Iterator[Sizes]:
    """Neighbours put together until there are no more than ``most``."""
    together = -(-len(sizes) // most) or 1
    for first in range(0, len(sizes), together):
        those = sizes[first : first + together]
        groups = sum(one.groups for one in those)
        told = [one.records for one in those if one.records is not None]
        records = sum(told) if len(told) == len(those) else None
        yield replace(those[0], most=those[-1].most, groups=groups, records=records)
