"""Whether the recipients of a run may be given anything today."""

import datetime
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy


def today_of(policy: Policy) -> datetime.date:
    """The day that it is by the clocks of the policy's zone (``input.timezone``), or in UTC."""
    return datetime.datetime.now(ZoneInfo(policy.input.timezone or "UTC")).date()


def check_recipients(policy: Policy, releases: Sequence[str], today: datetime.date | None = None) -> None:
    """See that today is within the period of every recipient.

    Args:
        policy: The policy.
        releases: The releases of the run.
        today: The day; that of the policy's clocks if not given.

    Raises:
        UsageError: A recipient's period has not begun, or is over.
    """
    day = today or today_of(policy)
    for release in releases:
        recipient = policy.recipient_of(release)
        problem = None if recipient is None else recipient.period_problem(day)
        if problem:
            raise UsageError(
                f"{policy.recipient_name(release)} may be given nothing: {problem}",
                f"release {release}",
                "Make the other releases alone by --release, or change the period of the recipient once its contract has changed",
            )


def given_to(policy: Policy, releases: Sequence[str]) -> dict[str, Any]:
    """What ``run.json`` says of the recipients of a run's releases, and of what was permitted; nothing where nothing is declared."""
    recipients = {name: recipient.to_document() for name in releases if (recipient := policy.recipient_of(name))}
    permitted = {
        name: permission.model_dump(mode="json")
        for name in releases
        if (permission := policy.releases[name].permitted_by)
    }
    return {
        **({"recipients": recipients} if recipients else {}),
        **({"permitted_by": permitted} if permitted else {}),
    }
