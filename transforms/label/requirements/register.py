"""Line 8: what is given out is remembered, so that a later release is tested together with it, and this one with earlier ones."""

from collections.abc import Iterator

from beam_deid.transforms.label.requirements.requirement import Compare, Default, Figure, Planned, Requirement, Seen
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Sharing


class Register(Requirement):
    """In public sharing a register is kept; elsewhere it is told whether one is."""

    name = "register"
    line = 8
    sharings = (Sharing.PUBLIC,)
    default = Default.always(1, "ours: what the public has can be joined with whatever the public was given before")
    compare = Compare.AT_LEAST
    words = "registers that remember what was given out of the dataset, so that releases of other runs are tested, too"
    remedy = "Let the policy have a register, so that what was given out is remembered."
    told = True
    by_scope = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """One test, in public sharing."""
        if scope.sharing in self.sharings:
            yield self._test(self.limit(scope), (), "a register remembers what was given out of the dataset")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """1 where a register is kept, else 0."""
        missing = seen.scope.register
        if missing is None:
            return Figure(None, "it is not known whether what was given out is remembered")
        if missing:
            return Figure(0, f"nothing remembers what was given out: {missing}")
        return Figure(1, "what was given out is remembered")
