"""Inference from groups about a sensitive value: the number of values in each group, and the gain of certainty about one.

Gain of certainty as the linkability and inference evaluators of anonymeter have it (Giomi et al.: A unified framework for
quantifying privacy risk in synthetic data, 2022), here exact, person by person: of a group's persons the share that has a value,
against the share of all persons released.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.key_codes import first_rows
from beam_deid.transforms.risk.groups import RowGroups
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.numbering import numbered
from beam_deid.transforms.risk.persons import distinct_per_group

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Certainty:
    """The certainty of an attacker who knows that a person is in a group.

    Attributes:
        gain: Of each group the greatest gain among the values that ``difference`` is large enough of, shape (groups,); 0 if none.
        base_rate: Greatest share of all persons who have one value.
    """

    gain: Shares
    base_rate: float


class Holders(NamedTuple):
    """All persons of a release by one identity, and those of them who have each value of a sensitive field.

    Attributes:
        everybody: Persons.
        held: Persons who have each value, shape (values,).
        nobody: Records that count nobody.
        nobody_held: Those of them that have each value, shape (values,).
    """

    everybody: int
    held: Counts
    nobody: int
    nobody_held: Counts


class Having(NamedTuple):
    """Who has values, by one identity.

    Attributes:
        people: Persons of each group, shape (groups,).
        held: Persons of each pair of a group and a value, shape (pairs,); of few bytes each, since pairs are many.
        nobody: Records of each group that count nobody, shape (groups,).
        nobody_held: Those of each pair, shape (pairs,).
        everywhere: All persons of the release.
    """

    people: Counts
    held: npt.NDArray[np.integer]
    nobody: Counts
    nobody_held: Counts
    everywhere: Holders


@dataclass(frozen=True)
class GroupValues:
    """The values that groups have, without nulls, and who has them.

    Attributes:
        groups: How many groups there are.
        group: The group of each pair of a group and a value in it, shape (pairs,); no pair is there twice.
        value: Its value, shape (pairs,): a place in what `Holders` have by value.
        having: Who has them, by each identity; there is one at least.
        base_rate: The share of all persons who have the commonest value of all, where these groups are not all.
    """

    groups: int
    group: Counts
    value: Counts
    having: tuple[Having, ...]
    base_rate: float | None = None

    @classmethod
    def of(
        cls,
        groups: RowGroups,
        values: Counts,
        many: int,
        everywhere: Sequence[Holders] | None = None,
        base_rate: float | None = None,
    ) -> "GroupValues":
        """Count them from rows.

        Args:
            groups: The groups.
            values: Number of each row's value, below ``many``, shape (n,); -1 is null, which is no value.
            many: How many values there are.
            everywhere: By each identity, who has the values in the whole release, where these rows are a part of it.
            base_rate: See above.
        """
        there = np.flatnonzero(values >= 0)
        pairs = numbered([groups.numbers[there], values[there]], [max(groups.many, 1), max(many, 1)])
        first = there[first_rows(pairs.numbers, pairs.many)]
        whole = holders(groups, values, many) if everywhere is None else everywhere
        having = []
        for one, (persons, size), people in zip(whole, groups.by_person, groups.by_identity, strict=True):
            nobody = np.where(persons < 0, groups.rows, 0) if one.nobody else None
            having.append(
                Having(
                    people,
                    distinct_per_group(pairs.numbers, pairs.many, persons[there], size).astype(np.int32),
                    _none(groups.many) if nobody is None else tally(groups.numbers, nobody, groups.many),
                    _none(pairs.many) if nobody is None else tally(pairs.numbers, nobody[there], pairs.many),
                    one,
                )
            )
        return cls(groups.many, groups.numbers[first], values[first], tuple(having), base_rate)


def _none(many: int) -> Counts:
    """So many times 0, which need no memory."""
    return np.broadcast_to(np.int64(0), many)


def distinct_values(found: GroupValues) -> Counts:
    """Distinct values that persons of each group have, by every identity, the worst counting, shape (groups,).

    A record that is about nobody known gives its group no value.
    """
    counts = [np.bincount(found.group[one.held > 0], minlength=found.groups) for one in found.having]
    return np.asarray(np.minimum.reduce(counts))


def certainty(found: GroupValues, difference: float) -> Certainty:
    """The gain of certainty (p_group − p_release) / (1 − p_release), by every identity, the worst counting.

    Rows that count nobody are about somebody all the same: where there are any, persons are counted once more with a person for
    each of their records.

    Args:
        found: The values of the groups.
        difference: A gain counts only where p_group − p_release is above this.
    """
    worst = np.zeros(found.groups)
    base_rate = 0.0
    for everybody, people, held, all_held in _countings(found):
        rate = all_held / everybody
        base_rate = max(base_rate, float(rate.max(initial=0.0)))
        here = people[found.group]
        share = np.divide(held, here, out=np.zeros(len(held)), where=here > 0)
        own = rate[found.value]
        more = share - own
        gain = np.divide(more, 1.0 - own, out=np.zeros(len(held)), where=own < 1.0)
        counts = more > difference + 1e-12
        np.maximum.at(worst, found.group[counts], gain[counts])
    return Certainty(worst, base_rate)


class _Counting(NamedTuple):
    """Persons counted in one way: all, those of each group, those with each pair of group and value, those with each value."""

    everybody: int
    people: Counts
    held: npt.NDArray[np.integer]
    all_held: Counts


def holders(groups: RowGroups, values: Counts, many: int) -> tuple[Holders, ...]:
    """By each identity, who is there at all, and who has each value.

    Args:
        groups: RowGroups of the rows, which say whom each is about.
        values: Number of each row's value, below ``many``, shape (n,); -1 is null, which is no value.
        many: How many values there are.
    """
    there = np.flatnonzero(values >= 0)
    found = []
    for persons, size in groups.by_person:
        nobody = np.where(persons < 0, groups.rows, 0)
        found.append(
            Holders(
                everybody=int(np.count_nonzero(np.bincount(persons[persons >= 0], minlength=size))),
                held=distinct_per_group(values[there], many, persons[there], size),
                nobody=int(nobody.sum()),
                nobody_held=tally(values[there], nobody[there], many),
            )
        )
    return tuple(found)


def _countings(found: GroupValues) -> Iterator[_Counting]:
    """By every identity those who are known, and, where a row counts nobody, once more with a person for each such record."""
    for one in found.having:
        whole = one.everywhere
        if whole.everybody:
            yield _Counting(whole.everybody, one.people, one.held, whole.held)
        if whole.nobody:
            yield _Counting(
                whole.everybody + whole.nobody,
                one.people + one.nobody,
                one.held + one.nobody_held,
                whole.held + whole.nobody_held,
            )
