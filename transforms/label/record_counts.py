"""How many records a run read for a release, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from beam_deid.transforms.terms import Withheld

RECORD_COUNTS = ("read", "released", "suppressed", "withheld", "rejected")
"""Names of the counts: what was read, and then what became of it."""


@dataclass(frozen=True)
class RecordCounts:
    """The records that were read for one release; every one of them is in exactly one of the other counts.

    Attributes:
        read: Records read.
        released: Records written.
        suppressed: Records left out so that the label holds.
        withheld: Sound records that the release is not about, or may not hold; all sound ones of a release that did not reach the
            label it expects, and was not published.
        rejected: Records with a value that could not be treated.
        withheld_by: Those that are withheld, by the reason: see `Withheld`. Documents hold it where something is withheld.
    """

    read: int
    released: int
    suppressed: int
    withheld: int
    rejected: int
    withheld_by: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def counted(
        cls, *, read: int, released: int, suppressed: int, rejected: int, withheld_by: Mapping[str, int]
    ) -> "RecordCounts":
        """Counts of a release whose records are withheld for the reasons given."""
        by = {reason: count for reason, count in sorted(withheld_by.items()) if count}
        return cls(read, released, suppressed, sum(by.values()), rejected, by)

    @property
    def eligible(self) -> int:
        """The sound records that the release is about, released or not."""
        never = sum(count for reason, count in self.withheld_by.items() if reason != Withheld.EXPECTATION)
        return self.read - self.rejected - never

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RecordCounts":
        """Read the counts from a document.

        Raises:
            TypeError: A count is missing, or there is another one.
        """
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        """Write the counts as a document holds them."""
        counts: dict[str, Any] = {name: getattr(self, name) for name in RECORD_COUNTS}
        return {**counts, "withheld_by": dict(self.withheld_by)} if self.withheld_by else counts

    def all_withheld(self) -> "RecordCounts":
        """The counts of a release that is not published after all: what was released is withheld."""
        by = {**self.withheld_by, **({str(Withheld.EXPECTATION): self.released} if self.released else {})}
        return replace(self, released=0, withheld=self.withheld + self.released, withheld_by=dict(sorted(by.items())))
