"""What suppression leaves of a release: the records of each cell, and the groups that are not released."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts

Suppressed = Mapping[tuple[str, ...], Fingerprints]
"""Fingerprints of the groups that are suppressed, ascending, by the columns that make them."""


@dataclass(frozen=True)
class Cut:
    """The records that are released at some levels, and the groups that are suppressed.

    Attributes:
        left: Records of each cell that are released, shape (n,).
        suppressed: The groups that are suppressed.
        satisfied: Whether every line that suppression may satisfy holds for the records that are left, within the policy's
            share. If not, nothing is suppressed: records would be lost without reaching the label.
        needed: Number of records that suppression needs, as far as that was searched; None if no record would be left.
    """

    left: Counts
    suppressed: Suppressed = field(default_factory=dict)
    satisfied: bool = True
    needed: int | None = 0

    def lost(self, everything: Counts) -> int:
        """Count the suppressed records.

        Args:
            everything: Records of each cell before suppression, shape (n,).
        """
        return int(everything.sum() - self.left.sum())
