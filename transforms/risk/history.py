"""Unicity: how many points of a person's history single the person out.

De Montjoye, Hidalgo, Verleysen, Blondel: Unique in the crowd (2013): draw p points of a subject at random and see whether
anybody else has all of them. One point is computed exactly; more are drawn, always the same ones for the same histogram,
with Wilson's interval of 95 %.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Classes, Counts, numbered

POINTS = (1, 2, 3, 4)
SAMPLES = 2_000
_SEED = 20_130_325
_Z = 1.959963984540054
_CANDIDATES = 1 << 22
"""Most pairs of a sample and a candidate that are looked at together."""


@dataclass(frozen=True)
class History:
    """The unicity of a number of points of a history.

    Attributes:
        points: How many points are known of a person.
        share: Chance that they single the person out, persons and then points being equally likely, from 0 to 1.
        low: Lower end of the interval of 95 %; the share itself where it is exact.
        high: Upper end.
        others: Of one point, the share by the other definitions in use: ``points``, of the distinct points of all subjects
            taken together; ``records``, of all records; ``subjects``, of the subjects whom some point of theirs singles out.
    """

    points: int
    share: float
    low: float
    high: float
    others: dict[str, float] = field(default_factory=dict)


def histories(
    classes: Classes, subject: Fingerprints, points: tuple[int, ...] = POINTS, samples: int = SAMPLES
) -> list[History]:
    """The figures for each number of points that anybody has.

    Args:
        classes: The points: each class is one combination of the attributes that are known; rows of shape (n,).
        subject: Subject of each row, shape (n,).
        points: Numbers of points.
        samples: How many persons are drawn, where there are more.
    """
    pairs = _Pairs(classes, subject)
    found = []
    for number in points:
        if number == 1:
            share, others = pairs.exact(classes.records)
            found.append(History(1, share, share, share, others))
        elif (pairs.own >= number).any():
            found.append(_drawn(pairs, number, samples))
    return found


class _Pairs:
    """Which subject has which point, each pair once, by subject and by point."""

    def __init__(self, classes: Classes, subject: Fingerprints) -> None:
        people, size = numbered(subject)
        self.many = len(classes)
        # Both factors are below 2³¹, so a pair is one exact integer.
        self.codes = np.unique(people * self.many + classes.numbers)
        self.people = self.codes // self.many
        self.points = self.codes % self.many
        self.sizes = np.bincount(self.points, minlength=self.many)
        self.own = np.bincount(self.people, minlength=size)
        self.begins = np.concatenate([[0], np.cumsum(self.own)])
        order = np.argsort(self.points, kind="stable")
        self.by_point = self.people[order]
        self.point_begins = np.concatenate([[0], np.cumsum(self.sizes)])

    def exact(self, records: Counts) -> tuple[float, dict[str, float]]:
        """The chance that one random point of a random subject is unique to the subject, by two definitions.

        Args:
            records: Records of each point, shape (points,).
        """
        hers = self.sizes == 1
        alone = np.bincount(self.people, weights=hers[self.points], minlength=len(self.own))
        there = self.own > 0
        others = {
            "points": float(hers.sum() / len(self.points)),
            "records": float(records[hers].sum() / records.sum()),
            "subjects": float((alone[there] > 0).mean()),
        }
        return float((alone[there] / self.own[there]).mean()), others

    def has(self, people: Counts, points: Counts) -> npt.NDArray[np.bool_]:
        """Whether each subject has the point beside it, element by element."""
        wanted = people * self.many + points
        place = np.minimum(np.searchsorted(self.codes, wanted), len(self.codes) - 1)
        return np.asarray(self.codes[place] == wanted)


def _drawn(pairs: _Pairs, number: int, samples: int) -> History:
    random = np.random.default_rng([_SEED, number])
    people = np.flatnonzero(pairs.own >= number)
    if len(people) > samples:
        people = np.sort(random.choice(people, samples, replace=False))
    chosen = pairs.points[pairs.begins[people][:, None] + _distinct(random, pairs.own[people], number)]
    # Whoever has all points has the rarest one, so only its people need be looked at.
    order = np.argsort(pairs.sizes[chosen], axis=1, kind="stable")
    chosen = np.take_along_axis(chosen, order, axis=1)
    sizes = pairs.sizes[chosen[:, 0]]
    alone = 0
    edges = np.searchsorted(np.cumsum(sizes), np.arange(0, sizes.sum() + _CANDIDATES, _CANDIDATES), side="left")
    for begin, end in zip(edges[:-1], [*edges[1:-1], len(people)], strict=True):
        alone += _alone(pairs, chosen[begin:end], sizes[begin:end])
    return _wilson(number, alone, len(people))


def _alone(pairs: _Pairs, chosen: Counts, sizes: Counts) -> int:
    """Of samples of points, shape (m, p) with the rarest first, how many only one subject has."""
    sample = np.repeat(np.arange(len(chosen)), sizes)
    within = np.arange(len(sample)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    candidates = pairs.by_point[pairs.point_begins[chosen[sample, 0]] + within]
    for place in range(1, chosen.shape[1]):
        having = pairs.has(candidates, chosen[sample, place])
        sample = sample[having]
        candidates = candidates[having]
    return int((np.bincount(sample, minlength=len(chosen)) == 1).sum())


def _distinct(random: np.random.Generator, below: Counts, number: int) -> Counts:
    """``number`` distinct numbers below each limit, shape (m, number) (Floyd's algorithm)."""
    drawn = np.empty((len(below), number), np.int64)
    for place in range(number):
        top = below - number + place
        new = random.integers(0, top + 1)
        taken = (drawn[:, :place] == new[:, None]).any(axis=1)
        drawn[:, place] = np.where(taken, top, new)
    return drawn


def _wilson(points: int, hits: int, tries: int) -> History:
    share = hits / tries
    middle = (share + _Z**2 / (2 * tries)) / (1 + _Z**2 / tries)
    half = _Z / (1 + _Z**2 / tries) * np.sqrt(share * (1 - share) / tries + _Z**2 / (4 * tries**2))
    return History(
        points, share, float(max(0.0, min(share, middle - half))), float(min(1.0, max(share, middle + half)))
    )
