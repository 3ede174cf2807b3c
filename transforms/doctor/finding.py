"""What was looked at, and what was found there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.errors import ERRORS, DeidError, fault_of

HERE = ""
"""Where a `Finding` is from that no worker made: this process."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: What was looked at, in a word.
        told: What was found where all is well, without a full stop.
        error: What is missing: the error that a run would have ended with; None where all is well.
        at: The worker that found it; empty for this process.
    """

    check: str
    told: str = ""
    error: DeidError | None = None
    at: str = HERE

    @property
    def passed(self) -> bool:
        """Whether all is well."""
        return self.error is None

    def to_document(self) -> dict[str, Any]:
        """The finding as plain values."""
        found: dict[str, Any] = {"check": self.check, "at": self.at or "here", "passed": self.passed}
        if self.error is None:
            return {**found, "what": self.told}
        error = self.error
        return {
            **found,
            "what": error.what,
            "where": error.where,
            "next_step": error.next_step,
            "error": type(error).__name__,
            "exit_code": error.exit_code,
        }

    @classmethod
    def from_document(cls, found: Mapping[str, Any], at: str) -> "Finding":
        """The finding that a worker wrote as plain values.

        Args:
            found: What it wrote.
            at: What the worker is called.
        """
        if found["passed"]:
            return cls(found["check"], found["what"], at=at)
        error = ERRORS[found["error"]](found["what"], found["where"], found["next_step"])
        return cls(found["check"], error=error, at=at)


def looked(check: str, look: Callable[[], str]) -> Finding:
    """Look at something.

    Args:
        check: What it is, in a word.
        look: Looks, and says what it found; raises what is missing.
    """
    try:
        return Finding(check, look())
    except Exception as error:  # a check that cannot be made has not passed
        return Finding(check, error=fault_of(error, check))
