"""Which attributes single people out when they are joined together, and each one's share in it.

Elliot, Manning, Ford: A computational algorithm for handling the special uniques problem (2002): a set of attributes
that singles a record out while no part of it does is a minimal sample unique; of M attributes, one of m counts (M − m)!.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts, distinct_count, distinct_per_number

MOST_FIELDS = 4
BUDGET = 2_000

Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint8]


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
    fields: Mapping[str, Fingerprints],
    counts: Counts,
    subject: Fingerprints | None,
    most: int = MOST_FIELDS,
    budget: int = BUDGET,
) -> Combinations:
    """Look at every set of at most ``most`` attributes, and then at the largest sets as far as the budget goes.

    Args:
        fields: Value keys of each attribute, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Subject of each row, shape (n,); None where each record is a person of its own.
        most: Most attributes of a set that is looked at in any case; scores are over these sets.
        budget: Most sets that are looked at, where sets of at most ``most`` attributes are not more already.
    """
    names = tuple(fields)
    length = len(counts)
    classes = _Classes({name: codes(keys) for name, keys in fields.items()}, length)
    people = int(counts.sum()) if subject is None else distinct_count(subject)
    scores = np.zeros(length)
    parts = dict.fromkeys(names, 0.0)
    # Eight rows to a byte, and only of sets that are one attribute smaller, since there may be thousands of sets.
    smaller: dict[tuple[str, ...], Bits] = {}
    alone: dict[tuple[str, ...], Bits] = {(): np.packbits(np.zeros(length, bool))}
    found: list[Combination] = []
    for chosen in _sets(names, most, budget):
        if len(chosen) > len(next(iter(alone))):
            # The last sets stay, as the parts of all larger ones.
            smaller, alone = (alone, {}) if len(chosen) <= most else (alone, alone)
        parts_of_it = itertools.combinations(chosen, min(len(chosen) - 1, most))
        known = np.unpackbits(
            functools.reduce(np.bitwise_or, map(smaller.__getitem__, parts_of_it)), count=length
        ).view(bool)
        unique = classes.singled_out(chosen, counts, subject, known)
        size = int(counts[unique].sum()) if subject is None else distinct_count(subject[unique])
        found.append(Combination(chosen, size, size / people if people else 0.0))
        if len(chosen) > most:
            continue
        alone[chosen] = np.packbits(unique)
        rows = np.flatnonzero(unique & ~known)
        weight = float(math.factorial(len(names) - len(chosen)))
        scores[rows] += weight
        total = weight * float(counts[rows].sum())
        for name in chosen:
            parts[name] += total
    everything = float(scores @ counts)
    ordered = sorted(found, key=lambda one: (len(one.fields), -one.unique_subjects))
    contributions = {name: part / everything if everything else 0.0 for name, part in parts.items()}
    return Combinations(tuple(ordered), 2 ** len(names) - 1, scores, contributions)


def _sets(names: tuple[str, ...], most: int, budget: int) -> Iterator[tuple[str, ...]]:
    """All sets of at most ``most`` names, smaller ones first; then the largest ones until there are ``budget`` in all."""
    small = (itertools.combinations(names, size) for size in range(1, min(most, len(names)) + 1))
    number = 0
    for chosen in itertools.chain.from_iterable(small):
        number += 1
        yield chosen
    large = (itertools.combinations(names, size) for size in range(len(names), most, -1))
    yield from itertools.islice(itertools.chain.from_iterable(large), max(budget - number, 0))


class _Classes:
    """Classes by sets of attributes. A set begins mostly as the one before it did, so that this much is numbered once.

    Args:
        numbers: Number of each row's value, shape (n,), and the values, by attribute.
        length: Rows n.
    """

    def __init__(self, numbers: Mapping[str, tuple[Counts, Fingerprints]], length: int) -> None:
        self._numbers = numbers
        self._begun: list[tuple[str, Counts]] = [("", np.zeros(length, np.int64))]

    def singled_out(self, chosen: tuple[str, ...], counts: Counts, subject: Fingerprints | None, known: Mask) -> Mask:
        """Which rows stand in a class of one subject, shape (n,).

        Args:
            chosen: The set.
            counts: Records of each row, shape (n,).
            subject: Subject of each row, shape (n,), or None.
            known: Rows that a part of the set singles out already, shape (n,). No other row is in a class with them.
        """
        rows = np.flatnonzero(~known)
        unique = known.copy()
        if not len(rows):
            return unique
        # Few rows are numbered by all attributes; for many it pays to go on from what the set before began with.
        few = len(rows) * len(chosen) < len(known)
        classes = np.zeros(len(rows), np.int64) if few else self._prefix(chosen[:-1])[rows]
        many = 1
        for name in chosen if few else chosen[-1:]:
            own, keys = self._numbers[name]
            classes, many = _pairs(classes, own[rows], len(keys))
        records = np.bincount(classes, weights=counts[rows], minlength=many)
        sizes = records if subject is None else distinct_per_number(classes, subject[rows], many)
        unique[rows] = sizes[classes] == 1
        return unique

    def _prefix(self, names: tuple[str, ...]) -> Counts:
        while tuple(name for name, _ in self._begun[1:]) != names[: len(self._begun) - 1]:
            self._begun.pop()
        for name in names[len(self._begun) - 1 :]:
            own, keys = self._numbers[name]
            self._begun.append((name, _pairs(self._begun[-1][1], own, len(keys))[0]))
        return self._begun[-1][1]


def _pairs(classes: Counts, values: Counts, many: int) -> tuple[Counts, int]:
    """Number the pairs of a class and one of ``many`` values, both (n,), anew; and how many there are."""
    # Both factors are below 2³¹, so a pair is one exact integer.
    numbers, distinct = codes((classes * max(many, 1) + values).view(np.uint64))
    return numbers, len(distinct)
