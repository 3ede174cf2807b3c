"""Unicity: how many points of a person's history single the person out.

De Montjoye, Hidalgo, Verleysen, Blondel: Unique in the crowd (2013): draw p points of a subject at random and see whether
anybody else has all of them. One point is computed exactly; more are drawn, with Wilson's interval of 95 %.

What is drawn follows from the keys of persons and points alone, so that it does not depend on how rows are ordered or parted:
the persons whose mixed keys are least, and of each the points whose keys mixed with the person's are least. Under another
secret keys are others, and so is the sample.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.risk.belongings import Belongings, Crowds
from beam_deid.transforms.risk.drawn_points import MOST, Havers, Owned, Share, owned_by
from beam_deid.transforms.risk.histogram import Counts

POINTS = tuple(range(1, MOST + 1))
SAMPLES = 2_000
_Z = 1.959963984540054


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


class Records(NamedTuple):
    """Records that are counted for histories.

    Attributes:
        all: All of them.
        alone: Those whose point only one subject has.
    """

    all: int
    alone: int


def histories(pairs: Belongings, samples: int = SAMPLES) -> list[History]:
    """The figures for each number of points that anybody has.

    Args:
        pairs: The points, each one combination of the attributes that are known, and the subjects who have them.
        samples: How many persons are drawn, where there are more.
    """
    alone = Crowds.of(pairs).alone
    owned = owned_by(pairs, Share.nothing(), Share(alone.somebody, alone.holders), samples)
    wanted = owned.sample.wanted(samples)
    havers = Havers(pairs, wanted)
    found = {number: havers.count(owned.sample.of(number, samples)) for number in owned.numbers[1:]}
    records = Records(int(pairs.records.sum()), int(alone.records.sum()))
    return figures(owned, records, found)


def figures(owned: Owned, records: Records, found: dict[int, Counts]) -> list[History]:
    """The figures from what was counted.

    Args:
        owned: How many points subjects have.
        records: The records.
        found: For each number of points from 2 on, how many subjects have those of each subject of the sample, shape (m,).
    """
    one = _exact(owned, records)
    return [one, *(_wilson(number, int((who == 1).sum()), len(who)) for number, who in found.items())]


def _exact(owned: Owned, records: Records) -> History:
    """The chance that one random point of a random subject is unique to the subject."""
    persons = int(owned.persons.sum())
    others = {
        "points": float(owned.alone.sum() / (owned.persons * owned.points).sum()),
        "records": records.alone / records.all,
        "subjects": owned.singled / persons,
    }
    share = float((owned.alone / owned.points).sum() / persons)
    return History(1, share, share, share, others)


def _wilson(points: int, hits: int, tries: int) -> History:
    share = hits / tries
    middle = (share + _Z**2 / (2 * tries)) / (1 + _Z**2 / tries)
    half = _Z / (1 + _Z**2 / tries) * np.sqrt(share * (1 - share) / tries + _Z**2 / (4 * tries**2))
    return History(
        points, share, float(max(0.0, min(share, middle - half))), float(min(1.0, max(share, middle + half)))
    )
