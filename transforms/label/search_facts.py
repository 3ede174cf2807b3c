"""How the levels were chosen that a policy leaves open, as a label tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.documents import attributes, plain
from beam_deid.transforms.search.blocking import Blocked


@dataclass(frozen=True)
class FullDomain:
    """What would be lost with one level for all records of a field.

    Attributes:
        suppressed: Records that would be suppressed; None where no levels satisfy.
        loss: Information loss, 0 to 1; None likewise.
    """

    suppressed: int | None
    loss: float | None


@dataclass(frozen=True)
class LocalRecoding:
    """Levels that differ between records: each round recodes what those before it would suppress.

    Attributes:
        rounds: Of each round the name of every open field's level.
        local_loss: Information loss over all rounds, 0 to 1.
        full_domain: What the first round would lose by itself.
    """

    rounds: tuple[Mapping[str, str], ...]
    local_loss: float
    full_domain: FullDomain


@dataclass(frozen=True)
class SearchFacts:
    """What the search found.

    Attributes:
        levels: Name of the chosen level of each field that left it open.
        objective: The metric that was minimized.
        loss: What it comes to; None where no levels satisfy.
        suppressed: Records that are suppressed.
        losses: Information loss of each open field, 0 to 1.
        satisfied: Whether the levels meet what is required.
        nodes: How many combinations of levels there are.
        evaluated: How many of them were looked at.
        refused: How many satisfied by their classes and were refused by what else the label asks.
        proved: Whether the levels are proved to be the best, or to be none.
        method: How it was searched, in words.
        local: Levels that differ between records; None where each field has one level.
        blocked: Why no levels satisfy; None where some do, or where nobody asked.
    """

    levels: Mapping[str, str]
    objective: str
    loss: float | None
    suppressed: int
    losses: Mapping[str, float]
    satisfied: bool
    nodes: int
    evaluated: int
    refused: int
    proved: bool
    method: str
    local: LocalRecoding | None = None
    blocked: Blocked | None = None

    def to_document(self) -> dict[str, Any]:
        """Write it as ``search`` of a label: ``rounds``, ``local_loss`` and ``full_domain``, and ``blocked``, only if any."""
        document = attributes(self, without=("local", "blocked"))
        if self.local is not None:
            document |= plain(self.local)
        if self.blocked is not None:
            document["blocked"] = plain(self.blocked)
        return document
