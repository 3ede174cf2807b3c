"""Lock files, which keep two processes from doing the same at once."""

import errno
from typing import BinaryIO

from beam_deid.transforms.storage.private import Unfit, is_ours, open_kept


def open_lock(path: str) -> BinaryIO:
    """Open a lock file, made for its owner alone if it is not there. What it holds is left as it is.

    Raises:
        OSError: It cannot be opened, or is a link, no regular file or another user's than this one or root (`Unfit`).
    """
    stream = open_kept(path)
    if not is_ours(stream):
        stream.close()
        raise Unfit(errno.EPERM, "another user's file", path)
    return stream


def lock(descriptor: int) -> None:
    """Wait until no other process holds this file's lock, and hold it until the file is closed.

    Where the system has no such locks nothing happens, and the last writer wins.
    """
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)
