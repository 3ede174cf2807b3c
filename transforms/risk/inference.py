"""Inference from groups about a sensitive value: the number of values in each group, and the gain of certainty about one.

Gain of certainty as the linkability and inference evaluators of anonymeter have it (Giomi et al.: A unified framework for
quantifying privacy risk in synthetic data, 2022), here exact, person by person: of a group's persons the share that has a value,
against the share of all persons released.
"""

from collections.abc import Iterator
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


def certainty(groups: Groups, values: Counts, many: int, difference: float) -> Certainty:
    """The gain of certainty (p_group − p_release) / (1 − p_release), by every identity, the worst counting.

    Rows that count nobody are about somebody all the same: where there are any, persons are counted once more with a person for
    each of their records.

    Args:
        groups: The groups.
        values: Number of each row's value, below ``many``, shape (n,); -1 is null, which is no value.
        many: How many values there are.
        difference: A gain counts only where p_group − p_release is above this.
    """
    worst = np.zeros(groups.many)
    base_rate = 0.0
    there = np.flatnonzero(values >= 0)
    pairs = numbered([groups.numbers[there], values[there]], [max(groups.many, 1), max(many, 1)])
    first = there[first_rows(pairs.numbers, pairs.many)]
    group = groups.numbers[first]
    value = values[first]
    for everybody, people, held, all_held in _countings(groups, values, many, pairs):
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


def _countings(groups: Groups, values: Counts, many: int, pairs: Numbered) -> Iterator[_Counting]:
    """By every identity those who are known, and, where a row counts nobody, once more with a person for each such record.

    ``pairs`` numbers the pairs of group and value of the rows that have a value.
    """
    there = np.flatnonzero(values >= 0)
    for (persons, size), people in zip(groups.by_person, groups.by_identity, strict=True):
        everybody = int(np.count_nonzero(np.bincount(persons[persons >= 0], minlength=size)))
        held = distinct_per_group(pairs.numbers, pairs.many, persons[there], size)
        all_held = distinct_per_group(values[there], many, persons[there], size)
        if everybody:
            yield _Counting(everybody, people, held, all_held)
        nobody = np.where(persons < 0, groups.rows, 0)
        if nobody.any():
            yield _Counting(
                everybody + int(nobody.sum()),
                people + tally(groups.numbers, nobody, groups.many),
                held + tally(pairs.numbers, nobody[there], pairs.many),
                all_held + tally(values[there], nobody[there], many),
            )
