"""How many processors this process may use: often fewer than the machine has."""

import math
import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Where a container of Linux says how much it may use: microseconds, or ``max``, of each period of so many microseconds.

See "CPU Interface Files" of the kernel's documentation of control groups, version 2.
"""


def cores(quota: Path = QUOTA) -> int:
    """The processors that this process may run on, and no more than its container is given.

    Args:
        quota: The file that says what the container is given. A machine without one gives all.

    Returns:
        1 at least.
    """
    return max(1, min(_allowed(), _given(quota)))


def _allowed() -> int:
    """The processors that the process is bound to; those of the machine where no system says."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _given(quota: Path) -> int:
    """Whole processors for what a container is given, rounded up; very many where nothing is said."""
    try:
        most, period = quota.read_text("ascii").split()
        return math.ceil(int(most) / int(period))
    except (OSError, ValueError, ZeroDivisionError):  # no such file, "max", or another kernel's words
        return 1 << 16
