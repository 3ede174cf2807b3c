"""What an attacker's table tells where it is taken for the population. El Emam, Dankar: k-map; Nergiz et al.: δ-presence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.risk.histogram import Classes, Counts
from beam_deid.transforms.risk.probes import Probes
from beam_deid.transforms.risk.sizes import Sizes


@dataclass(frozen=True)
class Presence:
    """What the attacker's table tells where it is taken for the population.

    Attributes:
        k_map: Fewest subjects of the table whom a released record may be, over those whom it meets; None if it meets none.
        outside: Share of released records that meet nobody of the table.
        delta: Least and greatest chance, over its rows, that a subject of the table is in the release.
        journalist: Risk of a released subject, one over the subjects of the table that it may be: ``highest``, ``average``, and
            ``at_risk``, the share of subjects who may be fewer than k; over subjects of a class, those who meet somebody.
        marketer: Share of them that is expected to be linked rightly if all are linked at random. El Emam (2013): the average
            is this, or the classes over the table's subjects who may be in them if that is more.
    """

    k_map: int | None
    outside: float
    delta: tuple[float, float]
    journalist: dict[str, float]
    marketer: float


@dataclass(frozen=True)
class PresenceCounts:
    """How many of the table and of the release have each key, over some keys.

    Attributes:
        outside: Released records whose key nobody of the table has.
        classes: Keys that both have.
        population: The table's subjects who have them.
        may_be: The release's subjects who have them, by how many of the table's each may be.
        chances: Least and greatest chance, over the table's keys, that a subject of the table is in the release.
    """

    outside: int
    classes: int
    population: int
    may_be: Sizes
    chances: tuple[float, float] | None

    @classmethod
    def of(cls, classes: Classes, probes: Probes) -> "PresenceCounts":
        """Count over all keys of some rows and of the probes that may meet them.

        Args:
            classes: The classes of the released rows by their keys.
            probes: The probes, one for each of their rows.
        """
        if not len(probes.keys):
            return cls(int(classes.records.sum()), 0, 0, Sizes.none(), None)
        subject = None if probes.subject is None else probes.subject[probes.rows]
        table = Classes(probes.keys, probes.counts[probes.rows], subject)
        place = np.minimum(np.searchsorted(table.keys, classes.keys), len(table) - 1)
        meets = table.keys[place] == classes.keys
        mine = classes.subjects[meets]
        theirs = table.subjects[place[meets]]
        chance = _chances(table, place[meets], mine)
        outside = int(classes.records[~meets].sum())
        return cls(outside, len(mine), int(theirs.sum()), Sizes.weighted(theirs, mine), chance)

    @classmethod
    def merge(cls, parts: Sequence["PresenceCounts"]) -> "PresenceCounts":
        """Add up parts that have no key in common. Merging is associative."""
        chances = [part.chances for part in parts if part.chances is not None]
        return cls(
            outside=sum(part.outside for part in parts),
            classes=sum(part.classes for part in parts),
            population=sum(part.population for part in parts),
            may_be=Sizes.merge([Sizes.none(), *(part.may_be for part in parts)]),
            chances=(min(low for low, _ in chances), max(high for _, high in chances)) if chances else None,
        )

    def presence(self, released: int, k: int) -> Presence:
        """Sum up.

        Args:
            released: Released records.
            k: A released subject who may be fewer than so many is at risk.
        """
        met = len(self.may_be)
        risk = float((self.may_be.classes / self.may_be.subjects).sum())
        marketer = risk / max(met, 1)
        risky = int(self.may_be.classes[self.may_be.subjects < k].sum())
        journalist = {
            "highest": 1 / self.may_be.least if met else 0.0,
            "average": max(marketer, self.classes / max(self.population, 1)),
            "at_risk": risky / max(met, 1),
        }
        outside = self.outside / released if released else 0.0
        least = self.may_be.least if met else None
        return Presence(least, outside, self.chances or (0.0, 0.0), journalist, marketer)


def _chances(table: Classes, place: Counts, mine: Counts) -> tuple[float, float]:
    """The least and the greatest chance of a class of the table, given the released subjects of some."""
    own = np.zeros(len(table), np.int64)
    own[place] = mine
    share = np.minimum(own / table.subjects, 1.0)
    return float(share.min()), float(share.max())
