"""The time as manifests and records write it."""

import datetime


def now() -> str:
    """The time, in UTC, to the second, ISO 8601."""
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
