"""Which combinations of attributes single persons out, and the contribution of each attribute.

Elliot, Manning, Ford: A computational algorithm for handling the special uniques problem (2002): a set of attributes
that singles a record out while no part of it does is a minimal sample unique; of M attributes, one of m counts (M − m)!.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts, distinct_count, distinct_per_number

MOST_FIELDS = 4
BUDGET = 2_000

Bits = npt.NDArray[np.uint8]


Attributes = tuple[str, ...]


class Harm(NamedTuple):
    """What a set of attributes does.

    Attributes:
        subjects: Subjects whom it singles out in at least one record.
        minimal: Records that it singles out, and none of its parts.
    """

    subjects: int
    minimal: int


@dataclass(frozen=True)
class Combination:
    """A set of attributes.

    Attributes:
        fields: Their names.
        unique_subjects: Subjects whom they single out in at least one record.
        share: The same as a share of all subjects.
    """

    fields: Attributes
    unique_subjects: int
    share: float


@dataclass(frozen=True)
class Combinations:
    """The results over all sets of attributes that were searched.

    Attributes:
        found: The sets, smaller ones first, those that single out more first among equals.
        possible: How many sets there are.
        contributions: Of each attribute the share of all scores that comes from sets which it is in, from 0 to 1.
    """

    found: tuple[Combination, ...]
    possible: int
    contributions: dict[str, float]

    @classmethod
    def of(cls, names: Sequence[str], most: int, people: int, harms: Mapping[Attributes, Harm]) -> "Combinations":
        """Tell what sets of attributes do.

        Args:
            names: The attributes.
            most: Most attributes of a set that scores are over.
            people: All subjects.
            harms: What each set that was searched does, in the order of the search.
        """
        found = [
            Combination(chosen, harm.subjects, harm.subjects / people if people else 0.0)
            for chosen, harm in harms.items()
        ]
        ordered = sorted(found, key=lambda one: (len(one.fields), -one.unique_subjects))
        scores = {
            chosen: weight_of(chosen, names) * harm.minimal for chosen, harm in harms.items() if len(chosen) <= most
        }
        return cls(tuple(ordered), 2 ** len(names) - 1, _contributions(names, scores))


@dataclass(frozen=True)
class ScoredCombinations(Combinations):
    """The same, with what each row has of the scores.

    Attributes:
        scores: Of each row the sum over its minimal sample uniques, shape (n,).
    """

    scores: npt.NDArray[np.float64]


def _contributions(names: Sequence[str], scores: Mapping[Attributes, int]) -> dict[str, float]:
    everything = sum(scores.values())
    parts = {name: sum(score for chosen, score in scores.items() if name in chosen) for name in names}
    return {name: part / everything if everything else 0.0 for name, part in parts.items()}


def weight_of(chosen: Attributes, names: Sequence[str]) -> int:
    """What a set scores for each record of which it is a minimal sample unique."""
    return math.factorial(len(names) - len(chosen))


def combinations(
    fields: Mapping[str, Fingerprints],
    counts: Counts,
    subject: Fingerprints | None,
    most: int = MOST_FIELDS,
    budget: int = BUDGET,
) -> ScoredCombinations:
    """Search every set of at most ``most`` attributes, and then the largest sets as far as the budget goes.

    Args:
        fields: Value keys of each attribute, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Subject of each row, shape (n,); None where each record is a person of its own.
        most: Most attributes of a set that is looked at in any case; scores are over these sets.
        budget: Most sets that are looked at, where sets of at most ``most`` attributes are not more already.
    """
    names = tuple(fields)
    classes = _Classes({name: codes(keys) for name, keys in fields.items()}, len(counts))
    people = int(counts.sum()) if subject is None else distinct_count(subject)
    scores = np.zeros(len(counts))
    smaller = _Smaller(len(counts), most)
    harms = {}
    for chosen in sets_of(names, most, budget):
        known = smaller.singled_out_by_parts(chosen)
        unique = classes.singled_out(chosen, counts, subject, known)
        minimal = unique & ~known
        size = int(counts[unique].sum()) if subject is None else distinct_count(subject[unique])
        harms[chosen] = Harm(size, int(counts[minimal].sum()))
        if len(chosen) <= most:
            smaller.remember(chosen, unique)
            scores[minimal] += weight_of(chosen, names)
    told = Combinations.of(names, most, people, harms)
    return ScoredCombinations(told.found, told.possible, told.contributions, scores)


class _Smaller:
    """Which rows the sets of one attribute less single out, as bits, eight rows to a byte: there may be thousands of sets.

    Sets come by size, ascending up to ``most`` attributes, so that of each size only the sets of the one below are kept. The sets
    of ``most`` attributes stay, as the parts of all larger ones, which come in any order.
    """

    def __init__(self, length: int, most: int) -> None:
        self._length = length
        self._most = most
        self._size = 0
        self._smaller: dict[Attributes, Bits] = {}
        self._same: dict[Attributes, Bits] = {(): np.packbits(np.zeros(length, bool))}

    def singled_out_by_parts(self, chosen: Attributes) -> Bools:
        """The rows (n,) that some part of a set singles out."""
        size = min(len(chosen), self._most + 1)
        if size > self._size:
            self._smaller = self._same
            self._same = {}
            self._size = size
        bits = functools.reduce(np.bitwise_or, map(self._smaller.__getitem__, parts_of(chosen, self._most)))
        return np.unpackbits(bits, count=self._length).view(bool)

    def remember(self, chosen: Attributes, unique: Bools) -> None:
        """Keep the rows (n,) that a set singles out for the larger sets."""
        self._same[chosen] = np.packbits(unique)


def parts_of(chosen: Attributes, most: int) -> Iterator[Attributes]:
    """The largest parts of a set that were searched before it: whoever any part singles out, one of these does."""
    return itertools.combinations(chosen, min(len(chosen) - 1, most))


def sets_of(names: Attributes, most: int, budget: int = BUDGET) -> Iterator[Attributes]:
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

    def singled_out(self, chosen: Attributes, counts: Counts, subject: Fingerprints | None, known: Bools) -> Bools:
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

    def _prefix(self, names: Attributes) -> Counts:
        while tuple(name for name, _ in self._begun[1:]) != names[: len(self._begun) - 1]:
            self._begun.pop()
        for name in names[len(self._begun) - 1 :]:
            own, keys = self._numbers[name]
            self._begun.append((name, _pairs(self._begun[-1][1], own, len(keys))[0]))
        return self._begun[-1][1]


def _pairs(classes: Counts, values: Counts, many: int) -> tuple[Counts, int]:
    """Number the pairs of a class and one of ``many`` values, both of shape (n,), from 0, and count them."""
    # Both factors are below 2³¹, so a pair is one exact integer.
    numbers, distinct = codes((classes * max(many, 1) + values).view(np.uint64))
    return numbers, len(distinct)
