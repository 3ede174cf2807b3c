"""What is known of the releases that were given out before."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RegisterFacts:
    """What the register of a dataset knew when a release was decided; releases are called as the register calls them.

    Attributes:
        kept: Whether a register is kept.
        missing: Why none is kept; empty where one is.
        new: Whether it began with this run, so that nothing that was given out before is in it.
        record: The field by which a record is known again; None for all columns together, or without a register.
        tested: Earlier releases that this one was tested together with.
        in_common: How many records of the run each of them has, where any of its own are known again.
        untested: Earlier releases of which nobody can say whether they have some of the same records.
        disjoint: How many registered releases have none of the same records.
    """

    kept: bool
    missing: str
    new: bool
    record: str | None
    tested: tuple[str, ...]
    in_common: Mapping[str, int]
    untested: tuple[str, ...]
    disjoint: int
