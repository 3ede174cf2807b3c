"""The heap of a process that counts columns: what it frees it keeps, for the next column takes it again.

The C library of Linux gives large arrays back to the system at once and asks for them anew. Each page is then zeroed and mapped
again, which takes as long as counting does: a decision over columns spent 45 % of its time so. See `mallopt(3)`.
What is kept lies between what is needed, in ever smaller pieces, and the next step needs others: so it is given back between steps.
"""

import contextlib
import ctypes
import gc
import platform
from functools import cache

import pyarrow as pa

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_MOST_MAPPED = 32 << 20
"""Bytes from which on an array is a mapping of its own; the library allows no more."""
_MOST_FREE = 512 << 20
"""Bytes at the end of the heap that may be free before they are given back."""


def keep_freed() -> None:
    """Let this process keep what it frees. Does nothing where the C library is another one than that of GNU."""
    library = _library()
    if library is not None:
        library.mallopt(_M_MMAP_THRESHOLD, _MOST_MAPPED)
        library.mallopt(_M_TRIM_THRESHOLD, _MOST_FREE)


def give_back() -> None:
    """Give back to the system what this process has freed, wherever in its heap that is, and what Arrow holds in reserve."""
    library = _library()
    if library is not None:
        library.malloc_trim(0)
    pa.default_memory_pool().release_unused()


def free_circles() -> None:
    """Free what nothing but itself refers to, and give it back.

    A few objects in a circle may hold columns, and Python looks for circles by how many objects there are, not by how large
    they are. It takes long where many modules are loaded that nobody has frozen: see `gc.freeze`.
    """
    gc.collect()
    give_back()


@cache
def _library() -> ctypes.CDLL | None:
    """The C library, where it is that of GNU."""
    with contextlib.suppress(OSError):
        return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
    return None
