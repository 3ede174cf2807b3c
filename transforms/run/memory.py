"""How much memory this process may use: often less than the machine has."""

import os
from pathlib import Path

LIMIT = Path("/sys/fs/cgroup/memory.max")
"""Where a container of Linux says how many bytes it may use, or ``max``.

See "Memory Interface Files" of the kernel's documentation of control groups, version 2.
"""


def memory(limit: Path = LIMIT) -> int | None:
    """The bytes of memory of the machine, and no more than its container is given; None where no system says.

    Args:
        limit: The file that says what the container is given. A machine without one gives all.
    """
    known = [amount for amount in (_of_machine(), _given(limit)) if amount is not None]
    return min(known, default=None)


def _of_machine() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # a system without sysconf, or without these names
        return None


def _given(limit: Path) -> int | None:
    """What a container is given; None where nothing is said."""
    try:
        return int(limit.read_text("ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return None
