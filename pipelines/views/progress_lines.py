"""How far a command is, in words: a line at each step, and others now and then. Loads nothing that takes long."""

from collections.abc import Iterable
from functools import reduce

from beam_deid.pipelines.language.words import joined, said, word
from beam_deid.transforms.run.progress import Now, Unit

_FIRST = 3.0
_RAREST = 60.0
"""Seconds from one line of a step to the next: first so many, then twice as many each time, up to the last."""

_SURE = 2.0
"""Seconds after which speed and time left can be told."""
_LEAST_SHARE = 0.01
"""The share that must be done before time left can be told."""


class ProgressLines:
    """Decides when a line is due where there is no terminal: at each step, and within a step every few seconds, then rarer."""

    def __init__(self) -> None:
        self._step = ""
        self._since = 0.0
        self._wait = _FIRST

    def due(self, now: Now, at: float) -> str | None:
        """The line to print; None where none is due yet.

        Args:
            now: How far the command is.
            at: The time in seconds, on a clock that only goes forward.
        """
        if now.step != self._step:
            self._step = now.step
            self._since = at
            self._wait = _FIRST
            return step_of(now)
        if at - self._since < self._wait:
            return None
        self._since = at
        self._wait = min(2 * self._wait, _RAREST)
        return joined(step_of(now), ": ", details_of(now))


def step_of(now: Now) -> str:
    """The step in words, with its number where it has one."""
    step = word(now.step)
    return said(f"step {now.number} of {now.steps}, {step}") if now.number else step


def details_of(now: Now) -> str:
    """What is done within the step, how much of it, how fast, and how long it will take; else for how long it has been done."""
    return _joined(now, (_done(now), _speed(now), time_left(now)))


def short_details_of(now: Now) -> str:
    """The same where a line may be cut off: first what is done and how long it will take, then the figures."""
    share = "" if now.share is None else _share(now.share)
    return _joined(now, (share, time_left(now), _count(now), _speed(now)))


def _joined(now: Now, figures: Iterable[str]) -> str:
    """What is done, with the figures that are known; without any, for how long it has been done."""
    known = [one for one in figures if one] or [said(f"{_duration(now.seconds)} so far")]
    return reduce(lambda before, one: joined(before, ", ", one), [word(now.doing), *known] if now.doing else known)


def _done(now: Now) -> str:
    """How much is done; empty where nothing is yet."""
    count = _count(now)
    if not count or now.share is None:
        return count
    return f"{count} ({_share(now.share)})" if now.total else said(f"{count} (about {_share(now.share)})")


def _count(now: Now) -> str:
    rows = now.unit is Unit.ROWS
    if now.total:
        done = min(now.done, now.total)
        return said(f"{done:,} of {now.total:,} rows" if rows else f"{done:,} of {now.total:,} buckets")
    if not now.done:
        return ""
    return said(f"{now.done:,} rows" if rows else f"{now.done:,} buckets")


def _share(share: float) -> str:
    """A share in whole percent, never more than is done."""
    return f"{int(100 * share)}%"


def _speed(now: Now) -> str:
    """Rows per second; empty where that says nothing yet."""
    speed = now.done / now.seconds if now.unit is Unit.ROWS and now.seconds >= _SURE else 0.0
    return said(f"{speed:,.0f} rows/s") if speed >= 1.0 else ""


def time_left(now: Now) -> str:
    """About how long the step will take from now on; empty where that cannot be told."""
    if now.share is None or now.unit is not Unit.ROWS or now.seconds < _SURE:
        return ""
    if not _LEAST_SHARE <= now.share < 1.0:
        return ""
    left = now.seconds * (1.0 - now.share) / now.share
    return said(f"about {_duration(left)} left")


def _duration(seconds: float) -> str:
    """A duration in words, as exactly as one estimates."""
    if seconds < 60:
        return said(f"{max(round(seconds), 1)} s")
    minutes = round(seconds / 60)
    return said(f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min")
