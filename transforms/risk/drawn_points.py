"""Points of persons: how many each has, which are drawn, and who else has those that were drawn.

All of this is counted in parts that are merged: parts of the persons first, each with all that is known of its persons, and then
parts of the pairs of a person and a point.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.histogram import Counts, tally

MOST = 4
"""Most points that are drawn of a person."""
_CANDIDATES = 1 << 22
"""Most pairs of a sample and a candidate that are looked at together."""
_LOOK = 32
"""How many people of a sample's rarest point are looked at first; whoever is alone among few may be told from them."""
_FURTHER = 16
"""How many times as many are looked at next."""


class Share(NamedTuple):
    """A number of points by person; both of shape (n,), and a person may stand in several rows."""

    who: Fingerprints
    points: Counts

    @classmethod
    def nothing(cls) -> "Share":
        """No points of nobody."""
        return cls(np.empty(0, np.uint64), np.empty(0, np.int64))


def may_be_drawn(pairs: Belongings) -> tuple[npt.NDArray[np.bool_], Share]:
    """Choose of each person the points that may be drawn, if these are all pairs or part of them.

    Returns:
        Which pairs are chosen, shape (pairs,); and how many others persons have.
    """
    who, people = codes(pairs.holders)
    own = np.bincount(who, minlength=len(people))
    rows = np.flatnonzero(own[who] > MOST)
    chosen = np.ones(len(who), bool)
    chosen[rows] = _places(who[rows], pairs, rows) < MOST
    many = np.flatnonzero(own > MOST)
    return chosen, Share(people[many], own[many] - MOST)


def _places(who: Counts, pairs: Belongings, rows: Counts) -> Counts:
    """The place of some pairs' points in the order in which those of their person are drawn, shape (rows,).

    Args:
        who: Number of the person of each, shape (rows,).
        pairs: All pairs.
        rows: Which pairs they are, shape (rows,).
    """
    keys = combine([pairs.holders[rows], pairs.values[rows]], len(rows))
    order = np.lexsort((keys, who))
    ordered = who[order]
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - np.searchsorted(ordered, ordered, side="left")
    return place


class Sample(NamedTuple):
    """Persons who may be drawn, with the first of their points.

    Attributes:
        order: By what persons are drawn, the least first, shape (m,).
        own: How many points each has, shape (m,).
        points: The first points of each in the order in which they are drawn, shape (m, MOST); 0 beyond the last.
    """

    order: Fingerprints
    own: Counts
    points: Fingerprints

    @classmethod
    def merge(cls, parts: Sequence["Sample"], samples: int) -> "Sample":
        """Those of all persons who may be drawn, from those of parts of the persons."""
        order, own, points = (np.concatenate(each) for each in zip(*parts, strict=True))
        rows = _all_drawn(order, own, samples)
        return cls(order[rows], own[rows], points[rows])

    def of(self, number: int, samples: int) -> Fingerprints:
        """The points of those who are drawn for a number of points, shape (at most samples, number)."""
        return self.points[_drawn(self.order, self.own, number, samples), :number]

    def wanted(self, samples: int) -> Fingerprints:
        """All points that are drawn, distinct and ascending."""
        drawn = [self.of(number, samples).reshape(-1) for number in range(2, MOST + 1)]
        return np.unique(np.concatenate(drawn))


def _drawn(order: Fingerprints, own: Counts, number: int, samples: int) -> Counts:
    """The rows of the first persons who have so many points, of ``order`` and ``own`` of shape (n,)."""
    rows = np.flatnonzero(own >= number)
    if len(rows) <= samples:
        return rows
    return rows[np.argpartition(order[rows], samples)[:samples]]


def _all_drawn(order: Fingerprints, own: Counts, samples: int) -> Counts:
    """The rows of all who are drawn for any number of points from 2 on."""
    return np.unique(np.concatenate([_drawn(order, own, number, samples) for number in range(2, MOST + 1)]))


@dataclass(frozen=True)
class Owned:
    """How many points persons have. Arrays are of shape (d,), by how many that is.

    Attributes:
        points: The numbers of points that somebody has, ascending.
        persons: How many persons have so many.
        alone: How many of all points of these persons nobody else has.
        singled: How many persons have a point that nobody else has.
        sample: Who may be drawn.
    """

    points: Counts
    persons: Counts
    alone: Counts
    singled: int
    sample: Sample

    @classmethod
    def merge(cls, parts: Sequence["Owned"], samples: int) -> "Owned":
        """Add up parts that have no person in common; at least one."""
        points, each = np.unique(np.concatenate([part.points for part in parts]), return_inverse=True)
        persons = tally(each, np.concatenate([part.persons for part in parts]), len(points))
        alone = tally(each, np.concatenate([part.alone for part in parts]), len(points))
        sample = Sample.merge([part.sample for part in parts], samples)
        return cls(points, persons, alone, sum(part.singled for part in parts), sample)

    @property
    def numbers(self) -> range:
        """The numbers of points for which there are figures."""
        return range(1, min(MOST, int(self.points.max(initial=0))) + 1)


def owned_by(pairs: Belongings, more: Share, alone: Share, samples: int) -> Owned:
    """Count the points of persons.

    Args:
        pairs: Points that may be drawn of each person; all, or at least the `MOST` that are drawn first.
        more: How many points beside these each has.
        alone: How many points each has that nobody else has.
        samples: How many persons are drawn, where there are more.
    """
    who, people = codes(np.concatenate([pairs.holders, more.who, alone.who]))
    begins = np.cumsum([len(pairs.holders), len(more.who)])
    listed, beside, only = np.split(who, begins)
    many = len(people)
    own = np.bincount(listed, minlength=many) + tally(beside, more.points, many)
    their_alone = tally(only, alone.points, many)
    points, each = np.unique(own, return_inverse=True)
    return Owned(
        points,
        np.bincount(each, minlength=len(points)),
        tally(each, their_alone, len(points)),
        int(np.count_nonzero(their_alone)),
        _sample(people, own, listed, pairs, samples),
    )


def _sample(people: Fingerprints, own: Counts, who: Counts, pairs: Belongings, samples: int) -> Sample:
    order = combine([people], len(people))
    drawn = _all_drawn(order, own, samples)
    number = np.full(len(people), -1, np.int64)
    number[drawn] = np.arange(len(drawn))
    rows = np.flatnonzero(number[who] >= 0)
    theirs = number[who[rows]]
    place = _places(theirs, pairs, rows)
    points = np.zeros((len(drawn), MOST), np.uint64)
    first = place < MOST
    points[theirs[first], place[first]] = pairs.values[rows[first]]
    return Sample(order[drawn], own[drawn], points)


class Havers:
    """Who has which of the points that were drawn.

    Args:
        pairs: Pairs of a point and a person, each once.
        wanted: All points that were drawn, distinct and ascending.
    """

    def __init__(self, pairs: Belongings, wanted: Fingerprints) -> None:
        kept = pairs.where(is_among(pairs.values, wanted))
        people, _ = codes(kept.holders)
        self._wanted = wanted
        self._many = max(len(wanted), 1)
        points = np.searchsorted(wanted, kept.values)
        # Both factors are below 2³¹, so a pair is one exact integer.
        self._pairs = np.sort(people * self._many + points)
        self._people = people[np.argsort(points, kind="stable")]
        self._sizes = np.bincount(points, minlength=self._many)
        self._begins = np.cumsum(self._sizes) - self._sizes

    def count(self, drawn: Fingerprints) -> Counts:
        """Of samples of points, shape (m, p), how many persons have all points of each, shape (m,); 2 where it is more."""
        found = np.zeros(len(drawn), np.int64)
        if not len(self._pairs):
            return found
        points = np.searchsorted(self._wanted, drawn)
        # Whoever has all points has the rarest one, so only its people need be looked at.
        order = np.argsort(self._sizes[points], axis=1, kind="stable")
        points = np.take_along_axis(points, order, axis=1)
        sizes = self._sizes[points[:, 0]]
        begin = 0
        look = _LOOK
        asked = np.flatnonzero(sizes)
        while len(asked):
            for some in np.array_split(asked, -(-len(asked) * look // _CANDIDATES)):
                found[some] += self._having(points[some], begin, np.minimum(sizes[some] - begin, look))
            begin += look
            look = min(look * _FURTHER, _CANDIDATES)
            asked = asked[(found[asked] < 2) & (sizes[asked] > begin)]
        return np.minimum(found, 2)

    def _having(self, points: Counts, begin: int, sizes: Counts) -> Counts:
        """Count who has all points of each sample.

        Args:
            points: The points, shape (m, p), the rarest first.
            begin: How many of its people were looked at before.
            sizes: How many of its people are looked at now, shape (m,).
        """
        sample = np.repeat(np.arange(len(points)), sizes)
        within = np.arange(len(sample)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        people = self._people[self._begins[points[sample, 0]] + begin + within]
        for place in range(1, points.shape[1]):
            having = self._has(people, points[sample, place])
            sample = sample[having]
            people = people[having]
        return np.bincount(sample, minlength=len(points))

    def _has(self, people: Counts, points: Counts) -> npt.NDArray[np.bool_]:
        """Whether each person has the point beside it, element by element."""
        wanted = people * self._many + points
        place = np.minimum(np.searchsorted(self._pairs, wanted), len(self._pairs) - 1)
        return np.asarray(self._pairs[place] == wanted)
