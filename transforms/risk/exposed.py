"""Line 7 of the label rule: an attacker's row matches no released person or at least k, and a join with too few matches fails.

Strangers in an attacker's table must not make a release look safer, nor must persons who were suppressed. So a share is taken
over the released persons, too, and of both shares the greater one counts.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Exposed:
    """How many persons an attacker's table matches in groups of fewer than k.

    Attributes:
        attackers: Persons of the attacker's table; its records where it names nobody.
        attackers_exposed: Those of whom a row meets a released row, and fewer than k released persons.
        released: Released persons; released records where these name nobody.
        released_exposed: Those who are among the fewer than k that some row meets.
        met: Persons of the attacker's table of whom a row meets a released row.
        known: Persons of the attacker's table who are in the source; all, where that cannot be told.
        known_met: Those of them of whom a row meets a released row.
        exact: Whether the exposed were counted exactly; else they are an upper bound.
    """

    attackers: int
    attackers_exposed: int
    released: int
    released_exposed: int
    met: int
    known: int
    known_met: int
    exact: bool = True

    @property
    def share(self) -> float:
        """The share of exposed persons: the greater of that over the attacker's persons and that over the released ones."""
        ours = self.released_exposed / self.released if self.released else 0.0
        return max(ours, self.attackers_exposed / self.attackers if self.attackers else 0.0)
