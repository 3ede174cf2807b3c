"""Line 7: declared attackers meet nobody, or many."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen, unmeasured
from beam_deid.transforms.label.scope import Scope


class Attackers(Requirement):
    """What a declared attacker knows of a person, taken to the released levels, meets no or at least k released persons."""

    name = "attacker"
    target = "NAME"
    line = 7
    default = Default.always(0, "ours: singling out has no share that is small enough")
    words = "share of persons whom a declared attacker narrows down to fewer than k: of those released or of its own, the greater"
    remedy = "Coarsen or leave out what the attacker knows, or fix its table where it meets too few of the persons."
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each attacker."""
        for name, attacker in scope.attackers.items():
            known = ", ".join(attacker.known) or "nothing"
            said = f"share of persons whom {name} narrows down to fewer than k, knowing {known} of anybody"
            if attacker.table:
                said = f"share of persons whom {name} narrows down to fewer than k, knowing {known} from a table of its own"
            yield self._test(self.limit(scope), attacker.known, said, name)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The share, over the attacker's persons and over those released, whichever is greater."""
        missing = unmeasured(seen)
        if missing:
            return missing
        if test.target in seen.found.untested:
            return Figure(None, seen.found.untested[test.target])
        made = next((one for one in seen.found.attacks if one.name == f"attacker:{test.target}"), None)
        if made is None or made.exposed is None:
            return Figure(None, "this attacker was not tested")
        one = made.exposed.counts
        said = (
            f"{one.attackers_exposed:,} of {one.attackers:,} persons in the attacker's table and {one.released_exposed:,} of "
            f"{one.released:,} released persons are narrowed down to fewer than k on {', '.join(made.on) or 'nothing'}"
        )
        return Figure(made.exposed.share, said)
