"""Line 2: what others made that leads back to a person; what its requirements have in common."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope


class Foreign(Requirement):
    """No released column holds something of somebody else's making that leads back to a person."""

    line = 2
    told = True
    attack: str
    sentence: str

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test over all columns."""
        yield self._test(self.limit(scope), scope.columns, self.sentence)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """How many columns do; what each of them is stands with its attack."""
        found = [one for one in seen.found.recoveries if one.attack == self.attack]
        return Figure(len(found), "; ".join(one.detail for one in found) or f"no {self.sentence}")
