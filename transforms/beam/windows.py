"""Values in their windows, and windows that can each be one release."""

from typing import Any

from apache_beam.transforms.trigger import AfterWatermark, DefaultTrigger
from apache_beam.transforms.window import BoundedWindow, GlobalWindows, SlidingWindows
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.condition import of_windows


def at_end(value: Any, window: BoundedWindow) -> WindowedValue:
    """A value at the end of its window: the times of records are told by nothing that leaves."""
    return WindowedValue(value, window.max_timestamp(), (window,))


def condition_of(windowing: Any, is_bounded: bool, where: str, registered: bool = False) -> str:
    """The further condition of a label that holds for one window; empty where there is but the global one.

    Args:
        windowing: How the collection is windowed.
        is_bounded: Whether the collection ends.
        where: The transform that asks.
        registered: Whether each window's release is tested with those of the windows before, which a register knows.

    Raises:
        UsageError: Its windows cannot each be one release.
    """
    if not _fires_once(windowing.triggerfn):
        raise UsageError(
            "the collection's windows may fire more than once, and a release is whole or not at all",
            where,
            "Use beam.WindowInto without a trigger before it",
        )
    windows = windowing.windowfn
    if isinstance(windows, GlobalWindows):
        if not is_bounded:
            raise UsageError(
                "the collection is unbounded and has one window, which never ends, so that nothing would ever be released",
                where,
                "Use beam.WindowInto before it, as beam.WindowInto(FixedWindows(3600)): each window is a release",
            )
        return ""
    if windows.is_merging():
        raise UsageError(
            "the collection's windows are sessions, whose bounds are known only once they are grouped",
            where,
            "Use fixed, sliding or global windows before it",
        )
    overlap = isinstance(windows, SlidingWindows) and windows.size > windows.period
    return of_windows(registered, overlap)


def _fires_once(trigger: Any) -> bool:
    """Whether each window fires once. Records that come late would make the usual trigger fire again: see `WholeWindows`."""
    if isinstance(trigger, DefaultTrigger):
        return True
    return isinstance(trigger, AfterWatermark) and trigger.early is None and trigger.late is None
