"""How many records a run read for a release, and what became of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class RecordCounts:
    """The records that were read for one release; every one of them is in exactly one of the other counts.

    Attributes:
        read: Records read.
        released: Records written.
        suppressed: Records left out so that the label holds.
        withheld: Records of a release that did not reach the label it expects, and was not published.
        rejected: Records with a value that could not be treated.
    """

    read: int
    released: int
    suppressed: int
    withheld: int
    rejected: int

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "RecordCounts":
        """Read the counts from a document.

        Raises:
            TypeError: A count is missing, or there is another one.
        """
        return cls(**document)

    def to_document(self) -> dict[str, int]:
        """Write the counts as a document holds them."""
        return asdict(self)

    def all_withheld(self) -> "RecordCounts":
        """The counts of a release that is not published after all: what was released is withheld."""
        return replace(self, released=0, withheld=self.released)


RECORD_COUNTS = tuple(one.name for one in fields(RecordCounts))
"""Names of the counts: what was read, and then what became of it."""
