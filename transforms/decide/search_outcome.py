"""What the search finds for a release, as ``beam-deid search --json`` tells it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.documents import attributes, plain
from beam_deid.transforms.search.blocking import Blocked

_FIRST = ("release", "objective", "weights", "require")
_COUNTED = ("satisfied", "nodes", "evaluated", "seconds", "method", "proved")


@dataclass(frozen=True)
class ChosenLevels:
    """Levels, and what they make of a release; figures are None where no levels satisfy.

    Attributes:
        levels: The level of each open field.
        names: The names of these levels.
        loss: The metric that is minimized.
        suppressed: Records that are suppressed.
        classes: Equivalence classes.
        smallest: Records, or subjects where they are known, of the smallest class.
        largest: Of the largest one.
    """

    levels: Mapping[str, int]
    names: Mapping[str, str]
    loss: float | None
    suppressed: int | None
    classes: int | None
    smallest: int | None
    largest: int | None


@dataclass(frozen=True)
class LabelLevels:
    """The best levels at which every line of the label holds, which is what a run takes.

    Attributes:
        chosen: The levels; the most general ones where none satisfy.
        satisfied: Whether every line holds at them.
        method: How they were searched, in words.
    """

    chosen: ChosenLevels
    satisfied: bool
    method: str

    def to_document(self) -> dict[str, Any]:
        """Write it with the levels' figures among its own."""
        return {**attributes(self.chosen), "satisfied": self.satisfied, "method": self.method}


@dataclass(frozen=True)
class Loss:
    """What is lost at some levels.

    Attributes:
        suppressed: Records that are suppressed.
        loss: Information loss, 0 to 1.
    """

    suppressed: int
    loss: float


@dataclass(frozen=True)
class LocalRecodingOutcome:
    """What local recoding would do, beside the same levels for all records.

    Attributes:
        rounds: Of each round the names of the open fields' levels.
        suppressed: Records that are suppressed.
        loss: Information loss, 0 to 1.
        full_domain: What is lost with one level for all records of a field.
    """

    rounds: tuple[Mapping[str, str], ...]
    suppressed: int
    loss: float
    full_domain: Loss


@dataclass(frozen=True)
class FrontierPoint:
    """The best levels for one k; what is told of them is None where none satisfy.

    Attributes:
        k: The least number of persons in a class.
        loss: The metric that is minimized.
        suppressed: Records that are suppressed.
        classes: Equivalence classes.
        levels: The level of each open field.
        names: The names of these levels.
        proved: Whether they are proved to be the best, or to be none.
    """

    k: int
    loss: float | None
    suppressed: int | None
    classes: int | None
    levels: Mapping[str, int] | None
    names: Mapping[str, str] | None
    proved: bool


@dataclass(frozen=True)
class FoundLevels:
    """What is told where some levels satisfy.

    Attributes:
        losses: Information loss of each open field, 0 to 1.
        objectives: What every objective makes of the levels.
        label: The levels at which every line of the label holds.
        local: What local recoding would do; None where nothing is suppressed.
        frontier: The best for each k that was asked.
    """

    losses: Mapping[str, float]
    objectives: Mapping[str, float]
    label: LabelLevels
    local: LocalRecodingOutcome | None
    frontier: tuple[FrontierPoint, ...]


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """What the search finds for a release.

    Attributes:
        release: The release.
        objective: The metric that is minimized.
        weights: The weights of its fields.
        require: What was required, by name.
        chosen: The optimum under what the policy requires by itself.
        satisfied: Whether it meets that.
        nodes: How many combinations of levels there are.
        evaluated: How many of them were looked at.
        seconds: Time that it took.
        method: How it was searched, in words.
        proved: Whether it is proved to be the best, or to be none.
        changes: What would make the label hold, where no levels do.
        blocked: Why no levels satisfy; None where some do.
        found: What else is told of the levels; None where none satisfy.
        read: Records read.
        rejected: Records of the release with a value that could not be treated.
    """

    release: str
    objective: str
    weights: Mapping[str, float]
    require: Mapping[str, float | None]
    chosen: ChosenLevels
    satisfied: bool
    nodes: int
    evaluated: int
    seconds: float
    method: str
    proved: bool
    changes: tuple[Change, ...]
    blocked: Blocked | None
    found: FoundLevels | None
    read: int
    rejected: int

    def to_document(self) -> dict[str, Any]:
        """Write it as the command prints it: ``losses`` and ``objectives`` only where levels satisfy."""
        found = self.found
        label = found.label if found else None
        losses = {} if found is None else {"losses": found.losses, "objectives": found.objectives}
        document = {
            **{name: getattr(self, name) for name in _FIRST},
            **attributes(self.chosen),
            **{name: getattr(self, name) for name in _COUNTED},
            "label_levels": label.chosen.levels if label and label.satisfied else None,
            "changes": self.changes,
            **losses,
            "blocked": self.blocked,
            "label": label,
            "local": found.local if found else None,
            "frontier": found.frontier if found else (),
            "records": {"read": self.read, "rejected": self.rejected},
        }
        return {name: plain(value) for name, value in document.items()}
