"""Local files with restricted access: each is opened once, and all checks are made on the open descriptor.

A path may lead elsewhere a moment after it was looked at; a descriptor cannot. So every check here is of an open file.
Where the system has neither modes, owners nor links of POSIX, such as Windows, files are opened and all checks pass.
"""

import errno
import os
import stat
from typing import BinaryIO, cast

_OTHERS_USE = 0o007
_OTHERS_WRITE = 0o022
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# Not to wait for the other end of a pipe, nor to take a terminal; both do nothing to a regular file.
_ALWAYS = sum(getattr(os, name, 0) for name in ("O_BINARY", "O_NOCTTY", "O_NONBLOCK"))


class Unfit(OSError):
    """What is at a path is a link where none is followed, no regular file, or another user's.

    Its ``strerror`` says which, as that of any other error of the system says what it is.
    """


def open_read(path: str) -> BinaryIO:
    """Open a file for reading. Links are followed, for secrets are mounted as links.

    Raises:
        OSError: It is not there, may not be read, or is no regular file.
    """
    return _opened(path, os.O_RDONLY, "rb")


def open_change(path: str) -> BinaryIO:
    """Open a file that is there for reading and writing in place. A link is not followed.

    Raises:
        OSError: It is not there, may not be written, or is a link or no regular file.
    """
    return _opened(path, os.O_RDWR | _NO_LINK, "r+b")


def open_kept(path: str, *, append: bool = False) -> BinaryIO:
    """Open a file for reading and writing with what it holds; made for its owner alone if it is not there.

    A link is not followed: whoever may put one into the folder would choose what is written to.

    Args:
        path: The file.
        append: Whether all that is written goes to its end.

    Raises:
        OSError: It cannot be made or written, or is a link or no regular file.
    """
    return _opened(path, os.O_RDWR | os.O_CREAT | _NO_LINK | (os.O_APPEND if append else 0), "r+b")


def make(path: str) -> BinaryIO:
    """Make a file for its owner alone and open it for reading and writing. Nothing may be there, not even a link.

    Raises:
        OSError: Something is there (`FileExistsError`), or it cannot be made.
    """
    return _opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NO_LINK, "w+b")


def shred(path: str) -> None:
    """Overwrite a file with zeros, and remove it. A link is not followed.

    Raises:
        OSError: It cannot be removed.
    """
    with open_change(path) as stream:
        stream.write(bytes(os.fstat(stream.fileno()).st_size))
        stream.flush()
        os.fsync(stream.fileno())
    os.remove(path)


def sync(path: str) -> None:
    """See a file, or the names in a folder, onto the disk.

    Raises:
        OSError: It is not there, or the disk fails.
    """
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def others_may_use(stream: BinaryIO) -> bool:
    """Whether users that are neither the owner nor in the group may do anything with an open file."""
    return os.name == "posix" and bool(os.fstat(stream.fileno()).st_mode & _OTHERS_USE)


def others_may_write(stream: BinaryIO) -> bool:
    """Whether anybody but this user, or root, can have written an open file."""
    return not is_ours(stream) or (os.name == "posix" and bool(os.fstat(stream.fileno()).st_mode & _OTHERS_WRITE))


def is_ours(stream: BinaryIO) -> bool:
    """Whether an open file belongs to this user, or to root."""
    return os.name != "posix" or os.fstat(stream.fileno()).st_uid in (0, os.geteuid())


def is_at(stream: BinaryIO, path: str) -> bool:
    """Whether an open file is the one that a path names, itself and not by a link."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.lstat(path))
    except FileNotFoundError:
        return False


def _opened(path: str, flags: int, mode: str) -> BinaryIO:
    try:
        descriptor = os.open(path, flags | _ALWAYS, 0o600)
    except FileExistsError:
        raise
    except IsADirectoryError as error:
        raise Unfit(error.errno, error.strerror, path) from None
    except OSError as error:
        if flags & _NO_LINK and os.path.islink(path):  # systems differ in the number that they give it
            raise Unfit(error.errno, "a link, which is not followed", path) from None
        raise
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise Unfit(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(kind):
            raise Unfit(errno.EINVAL, "no regular file", path)
        return cast(BinaryIO, os.fdopen(descriptor, mode))
    except BaseException:
        os.close(descriptor)
        raise
