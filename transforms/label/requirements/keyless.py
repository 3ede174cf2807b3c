"""Line 2: attacks without the key on pseudonyms whose key was destroyed."""

from collections.abc import Iterator, Mapping

import numpy as np

from beam_deid.transforms.label.requirements.requirement import Default, Figure, Planned, Requirement, Seen, unmeasured
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Sharing

_LIMIT: Mapping[Sharing, float] = {Sharing.PUBLIC: 0.0, Sharing.CONTROLLED: 0.05, Sharing.ENCLAVE: 0.05}


class Keyless(Requirement):
    """No attack without the key names rightly more persons than chance would, by more than the limit."""

    name = "keyless"
    target = "FIELD"
    line = 2
    default = Default(_LIMIT, "ours")
    words = "of a pseudonym whose key was destroyed, the share of values that frequencies or intervals name rightly, above chance"
    remedy = "Leave the column out; its frequencies give its values away, whatever became of the key."
    is_share = True
    told = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each pseudonym without a key."""
        for name in scope.pseudonyms:
            said = f"share of the values behind {name} that attacks without the key name rightly, above chance"
            yield self._test(self.limit(scope), (name,), said, name)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The greatest share that any attack on the pseudonym reached, less what chance gives."""
        if seen.empty:
            return Figure(None, "no record is released, so nothing could be measured")
        made = [
            one
            for one in seen.found.recoveries
            if one.field == test.target and one.attack in ("frequency", "intervals")
        ]
        shares = [one.share - (1.0 / one.values if one.values else 0.0) for one in made if one.share is not None]
        if not shares:
            return unmeasured(seen) or Figure(None, f"no attack on {test.target} could be made, which proves nothing")
        return Figure(float(np.max([0.0, *shares])), "; ".join(one.detail for one in made))
