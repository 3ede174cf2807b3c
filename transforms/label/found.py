"""What is found of a release beside its equivalence classes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from beam_deid.transforms.label.evidence import Attack, Hit, Recovery
from beam_deid.transforms.risk.history import History


@dataclass(frozen=True)
class Composed:
    """What two releases of the same records say together.

    Attributes:
        persons: Fewest persons of a joint group; None where it could not be computed.
        values: Of each sensitive field that both hold the fewest values that the two groups of a record have in common.
        reason: Why it could not be computed.
    """

    persons: int | None
    values: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Found:
    """What was found of a release beside its classes.

    Attributes:
        hits: Identifiers found in released values, hierarchy labels and column names.
        recoveries: Attacks on what fields still show of the values that they were made from.
        attacks: Joins with what declared attackers hold.
        untested: Attackers that could not be tested, with the reason.
        compositions: What each sibling release and this one say together, by release.
        history: What points of a person's history do; None if it was not measured.
        ordered: Whether rows, files and metadata say nothing of the source's order.
    """

    hits: tuple[Hit, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    attacks: tuple[Attack, ...] = ()
    untested: Mapping[str, str] = field(default_factory=dict)
    compositions: Mapping[str, Composed] = field(default_factory=dict)
    history: tuple[History, ...] | None = None
    ordered: bool = False
