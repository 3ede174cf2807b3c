"""The time as manifests and records write it."""

import datetime


def now() -> str:
    """The time, in UTC, to the second, ISO 8601."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")


def is_past(day: str | None, at: str) -> bool:
    """Whether a day is over.

    Args:
        day: The day, ``2027-01-01``; None never is.
        at: The time, as manifests write it, in UTC; a day is over everywhere by any time that is not known.
    """
    return day is not None and (not at or day < at[:10])
