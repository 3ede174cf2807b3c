"""Line 5: no person has most of a group's records.

After the dominance rule of official statistics (Hundepool et al.: Handbook on Statistical Disclosure Control, 2010), on records.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.label.options import Option, Share
from beam_deid.transforms.label.requirements.requirement import (
    Broken,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    SeenRows,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.dominance import dominating, trimmed
from beam_deid.transforms.risk.numbering import numbered
from beam_deid.transforms.terms import Sharing

MOST_SHARE: Mapping[Sharing, float] = {Sharing.PUBLIC: 0.5, Sharing.CONTROLLED: 0.7, Sharing.ENCLAVE: 0.85}


class Dominance(Requirement):
    """No person, by any identity, has more than the limit of a group's records."""

    name = "dominance"
    line = 5
    option = Option[float](
        "dominance",
        Share,
        "Greatest share of a group's records that one person has; never above the sharing model's own: 0.5, 0.7, 0.85",
    )
    example = "dominance: 0.3"
    default = Default(MOST_SHARE, "ours, after the dominance rule of official statistics")
    words = "greatest share of a group's records that belong to one person"
    remedy = "Coarsen, so that groups have more persons, or let a share of the rows be suppressed: the surplus of one person goes."
    is_share = True
    suppresses = True
    by_group = True

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """Yield one test over the equivalence classes."""
        yield self._test(self.limit(scope), scope.rest, "greatest share of a group's records that belong to one person")

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """The greatest share, by the identity that shows it."""
        missing = unmeasured(seen)
        if missing:
            return missing
        every = seen.groups(test.columns).greatest_shares
        shares = {name: float(share.max()) for name, share in every.items()}
        worst = max(shares, key=lambda name: shares[name])
        return Figure(shares[worst], f"of the records of a group, counted by {worst}", seen.identities.index(worst))

    def surplus(self, test: Planned, seen: Seen) -> Broken | None:
        """Groups of which one person has more."""
        shares = seen.groups(test.columns).greatest_shares.values()
        much = np.maximum.reduce(list(shares)) > test.limit + 1e-12
        return Broken(test.columns, np.asarray(much)) if much.any() else None

    def trimmed(self, test: Planned, seen: SeenRows) -> npt.NDArray[np.int64] | None:
        """Without the surplus rows of persons who have more.

        Where siblings are tested together with the release, all rows of such a person in the group go: which of them stay would
        decide what the releases say together.
        """
        groups = seen.groups(test.columns)
        left = groups.rows
        for persons, size, _ in groups.coarsest:
            share, person = dominating(groups.numbers, groups.many, left, persons, size)
            too_much = share > test.limit + 1e-12
            if not too_much.any():
                continue
            if seen.scope.siblings:
                theirs = too_much[groups.numbers] & (persons == person[groups.numbers])
                left = np.where(theirs, 0, left)
            else:
                left = trimmed(groups.numbers, groups.many, left, self._alike(seen), persons, size, test.limit)
        return None if left is groups.rows else left

    @staticmethod
    def _alike(seen: SeenRows) -> npt.NDArray[np.int64]:
        """Number of what each row is, shape (n,): rows with one number have the same values and are of the same persons."""
        values = seen.groups(seen.scope.columns)
        return numbered(
            [values.numbers, *(persons + 1 for persons, _ in values.by_person)],
            [values.many, *(size + 1 for _, size in values.by_person)],
        ).numbers
