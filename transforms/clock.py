"""The time as manifests and records write it."""

import datetime
import time


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


def present() -> int:
    """The time in microseconds since 1970, to the second, as documents hold it."""
    return int(time.time()) * 1_000_000


def moment_of(text: str) -> int | None:
    """A time in ISO 8601 with its offset, in microseconds since 1970; None if it is none."""
    try:
        found = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    since = found - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(microseconds=1)


def text_of(moment: int) -> str:
    """A moment in microseconds since 1970 as ISO 8601, in UTC."""
    since = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=moment)
    return since.isoformat(timespec="seconds")
