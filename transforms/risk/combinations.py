"""Which attributes single people out when they are joined together, and each one's share in it.

Elliot, Manning, Ford: A computational algorithm for handling the special uniques problem (2002): a set of attributes
that singles a record out while no part of it does is a minimal sample unique; of M attributes, one of m counts (M − m)!.
"""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Keys, codes
from beam_deid.transforms.risk.histogram import Counts, distinct_count, distinct_per_number

MOST_FIELDS = 4
BUDGET = 2_000

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Combination:
    """A set of attributes.

    Attributes:
        fields: Their names.
        unique_subjects: Subjects whom they single out in at least one record.
        share: The same as a share of all subjects.
    """

    fields: tuple[str, ...]
    unique_subjects: int
    share: float


@dataclass(frozen=True)
class Combinations:
    """All sets of attributes that were looked at.

    Attributes:
        found: The sets, smaller ones first, those that single out more first among equals.
        possible: How many sets there are.
        scores: Of each row the sum over its minimal sample uniques, shape (n,).
        contributions: Of each attribute the share of all scores that comes from sets which it is in, from 0 to 1.
    """

    found: tuple[Combination, ...]
    possible: int
    scores: npt.NDArray[np.float64]
    contributions: dict[str, float]


def combinations(
    fields: Mapping[str, Keys], counts: Counts, subject: Keys | None, most: int = MOST_FIELDS, budget: int = BUDGET
) -> Combinations:
    """Look at every set of at most ``most`` attributes, and then at the largest sets as far as the budget goes.

    Args:
        fields: Value keys of each attribute, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Subject of each row, shape (n,); None where each record is a person of its own.
        most: Most attributes of a set that is looked at in any case; scores are over these sets.
        budget: Most sets that are looked at.
    """
    names, length = tuple(fields), len(counts)
    numbers = {name: codes(keys) for name, keys in fields.items()}
    people = int(counts.sum()) if subject is None else distinct_count(subject)
    scores = np.zeros(length)
    parts = dict.fromkeys(names, 0.0)
    alone: dict[tuple[str, ...], Mask] = {(): np.zeros(length, bool)}
    found: list[Combination] = []
    for chosen in itertools.islice(_sets(names, most), budget):
        unique = _singled_out(chosen, numbers, counts, subject)
        size = int(counts[unique].sum()) if subject is None else distinct_count(subject[unique])
        found.append(Combination(chosen, size, size / people if people else 0.0))
        if len(chosen) > most:
            continue
        alone[chosen] = unique
        minimal = unique.copy()
        for left_out in range(len(chosen)):
            minimal &= ~alone[chosen[:left_out] + chosen[left_out + 1 :]]
        weight = float(math.factorial(len(names) - len(chosen)))
        scores[minimal] += weight
        total = weight * float(counts[minimal].sum())
        for name in chosen:
            parts[name] += total
    everything = float(scores @ counts)
    ordered = sorted(found, key=lambda one: (len(one.fields), -one.unique_subjects))
    contributions = {name: part / everything if everything else 0.0 for name, part in parts.items()}
    return Combinations(tuple(ordered), 2 ** len(names) - 1, scores, contributions)


def _sets(names: tuple[str, ...], most: int) -> Iterator[tuple[str, ...]]:
    sizes = [*range(1, min(most, len(names)) + 1), *range(len(names), most, -1)]
    return itertools.chain.from_iterable(itertools.combinations(names, size) for size in sizes)


def _singled_out(
    chosen: tuple[str, ...], numbers: Mapping[str, tuple[Counts, Keys]], counts: Counts, subject: Keys | None
) -> Mask:
    """Which rows stand in a class of one subject, shape (n,)."""
    classes, many = np.zeros(len(counts), np.int64), 1
    for name in chosen:
        own, keys = numbers[name]
        # Both factors are below 2³¹, so a pair is one exact integer; it is numbered anew before the next.
        found, distinct = codes((classes * max(len(keys), 1) + own).view(np.uint64))
        classes, many = found, len(distinct)
    records = np.bincount(classes, weights=counts, minlength=many)
    sizes = records if subject is None else distinct_per_number(classes, subject, many)
    return np.asarray(sizes[classes] == 1)
