"""Who answers for a release, and for how long what is said of it holds."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field

from beam_deid.transforms.clock import is_past
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.options import Section
from beam_deid.transforms.policy.periods import Date, end_of

if TYPE_CHECKING:
    from beam_deid.transforms.policy.model import Policy, Release

REVIEW = "1 year"
"""After how long a release is to be looked at again, where the policy does not say."""

RECORD_KEPT = "3 years"
"""How long the record of a processing is kept at least: 个人信息保护法 (PIPL) Art. 56, 网络数据安全管理条例 Art. 12."""


class Approver(Section):
    """Who approved a release."""

    name: str = Field(min_length=1, description="The person or body that approved the release")
    at: Date | None = Field(None, description="When: a date")
    reference: str | None = Field(None, min_length=1, description="Where that is written: a ticket, minutes, a file")


def _as_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


ApprovedBy = Annotated[Approver, BeforeValidator(_as_name, json_schema_input_type=str | Approver)]


@dataclass(frozen=True)
class Dates:
    """From when and until when what is said of a release holds.

    Attributes:
        review_by: The day by which it is to be looked at again.
        retain_until: The last day on which it may be kept; None where the policy does not say.
    """

    review_by: str
    retain_until: str | None

    @classmethod
    def of(cls, release: "Release", assessed_at: str) -> "Dates":
        """The dates of a release.

        Args:
            release: The release.
            assessed_at: When it was measured, as a manifest writes it.
        """
        begin = datetime.date.fromisoformat(assessed_at[:10])
        review = end_of(release.review or REVIEW, begin)
        retain = None if release.retain is None else end_of(release.retain, begin)
        return cls(review.isoformat(), None if retain is None else retain.isoformat())


def declared(release: "Release") -> dict[str, Any]:
    """What the policy says of who answers for a release, for ``run.json`` and the register, and for no label."""
    environment = release.environment
    stated = {"stated_by": environment.stated_by, "valid_until": environment.valid_until}
    approver = release.approver
    return {
        "approver": None if approver is None else approver.model_dump(mode="json"),
        "environment": stated if any(stated.values()) else None,
    }


def record_kept_until(ended_at: str) -> str:
    """The day until which the record of a processing is kept at least.

    Args:
        ended_at: When the processing ended, as a manifest writes it.
    """
    return end_of(RECORD_KEPT, datetime.date.fromisoformat(ended_at[:10])).isoformat()


def check_not_over(policy: "Policy", releases: tuple[str, ...], at: str) -> None:
    """See that what is to be published may still be kept.

    Args:
        policy: The policy.
        releases: The releases that are made.
        at: The time.

    Raises:
        UsageError: A release may be kept no longer.
    """
    for name in releases:
        until = Dates.of(policy.releases[name], at).retain_until
        if is_past(until, at):
            what = f"{name} may be kept until {until} only (retain:), and that is past"
            raise UsageError(what, f"release {name}", "Say a later retain:, or do not make this release")


def lapsed_statements(policy: "Policy", releases: tuple[str, ...], at: str) -> Iterator[str]:
    """What is said of recipients and no longer counts, a sentence each."""
    for name in releases:
        until = policy.releases[name].environment.valid_until
        if is_past(until, at):
            yield (
                f"{name}: what environment: says was stated until {until}, so the worst counts in overall_risk (E is 1); "
                "have it stated anew, with a later valid_until"
            )
