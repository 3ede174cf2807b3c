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
from beam_deid.transforms.risk.groups import Groups
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.numbering import Numbered, numbered
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


def distinct_values(groups: Groups, values: Counts, many: int) -> Counts:
    """Distinct values that persons of each group have, by every identity, the worst counting; a null, -1, is none.

    A record that is about nobody known gives its group no value.

    Args:
        groups: The groups.
        values: Number of each row's value, below ``many``, shape (n,).
        many: How many values there are.
    """
    nobody = [persons < 0 for persons, _ in groups.by_person]
    counts = [
        distinct_per_group(groups.numbers, groups.many, np.where(none, -1, values), many)
        for none in nobody
        if none.any()
    ]
    if len(counts) < len(nobody) or not counts:
        counts.append(distinct_per_group(groups.numbers, groups.many, values, many))
    return np.asarray(np.minimum.reduce(counts))


def certainty(
    groups: Groups, values: Counts, many: int, difference: float, everywhere: Sequence[Holders] | None = None
) -> Certainty:
    """The gain of certainty (p_group − p_release) / (1 − p_release), by every identity, the worst counting.

    Rows that count nobody are about somebody all the same: where there are any, persons are counted once more with a person for
    each of their records.

    Args:
        groups: The groups.
        values: Number of each row's value, below ``many``, shape (n,); -1 is null, which is no value.
        many: How many values there are.
        difference: A gain counts only where p_group − p_release is above this.
        everywhere: By each identity, who has the values in the whole release, where these rows are a part of it.
    """
    worst = np.zeros(groups.many)
    base_rate = 0.0
    there = np.flatnonzero(values >= 0)
    pairs = numbered([groups.numbers[there], values[there]], [max(groups.many, 1), max(many, 1)])
    first = there[first_rows(pairs.numbers, pairs.many)]
    group = groups.numbers[first]
    value = values[first]
    for everybody, people, held, all_held in _countings(groups, values, many, pairs, everywhere):
        rate = all_held / everybody
        base_rate = max(base_rate, float(rate.max(initial=0.0)))
        share = np.divide(held, people[group], out=np.zeros(len(group)), where=people[group] > 0)
        more = share - rate[value]
        gain = np.divide(more, 1.0 - rate[value], out=np.zeros(len(group)), where=rate[value] < 1.0)
        counts = more > difference + 1e-12
        np.maximum.at(worst, group[counts], gain[counts])
    return Certainty(worst, base_rate)


class _Counting(NamedTuple):
    """Persons counted in one way: all, those of each group, those with each pair of group and value, those with each value."""

    everybody: int
    people: Counts
    held: Counts
    all_held: Counts


def holders(groups: Groups, values: Counts, many: int) -> tuple[Holders, ...]:
    """By each identity, who is there at all, and who has each value.

    Args:
        groups: Groups of the rows, which say whom each is about.
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


def _countings(
    groups: Groups, values: Counts, many: int, pairs: Numbered, everywhere: Sequence[Holders] | None
) -> Iterator[_Counting]:
    """By every identity those who are known, and, where a row counts nobody, once more with a person for each such record.

    ``pairs`` numbers the pairs of group and value of the rows that have a value.
    """
    there = np.flatnonzero(values >= 0)
    whole = holders(groups, values, many) if everywhere is None else everywhere
    for one, (persons, size), people in zip(whole, groups.by_person, groups.by_identity, strict=True):
        held = distinct_per_group(pairs.numbers, pairs.many, persons[there], size)
        if one.everybody:
            yield _Counting(one.everybody, people, held, one.held)
        if one.nobody:
            nobody = np.where(persons < 0, groups.rows, 0)
            yield _Counting(
                one.everybody + one.nobody,
                people + tally(groups.numbers, nobody, groups.many),
                held + tally(pairs.numbers, nobody[there], pairs.many),
                one.held + one.nobody_held,
            )
