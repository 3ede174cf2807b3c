"""Local files, opened by the operating system."""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterable
from typing import Any, BinaryIO, ClassVar

import pyarrow as pa

from beam_deid.transforms.storage.owners import is_owner, owner_part
from beam_deid.transforms.storage.paths import MARK, unfinished
from beam_deid.transforms.storage.private import make, sync
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.store import Entry, Store

_PRIVATE_FILE = 0o600
_PRIVATE_FOLDER = 0o700
_NO_LINKS = (errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)
"""What a filesystem says that has no second names for a file, such as that of a memory card."""
_OVER = "the run's folder is gone"


class LocalStore(Store):
    """Files of this machine, or of what is mounted on it."""

    renames_folders: ClassVar[bool] = True

    def entry(self, path: str) -> Entry | None:
        """What is at a path, links followed."""
        try:
            facts = os.stat(path)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no path of this system
            return None
        return Entry(path, os.path.isdir(path), 0 if os.path.isdir(path) else facts.st_size, facts.st_mtime)

    def entries(self, folder: str, *, recursive: bool = False, starting: str = "") -> list[Entry]:
        """What is in a folder. Links to folders are not followed further down, so that none leads round and round."""
        found: list[Entry] = []
        waiting = [os.path.join(folder, name) for name in _names(folder) if name.startswith(starting)]
        while waiting:
            path = waiting.pop()
            entry = self.entry(path)
            if entry is None:
                continue  # a link that leads nowhere, or gone meanwhile
            found.append(entry)
            if recursive and entry.is_folder and not os.path.islink(path):
                waiting += [os.path.join(path, name) for name in _names(path)]
        return sorted(found, key=lambda entry: entry.path)

    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading."""
        facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for
            raise OSError(errno.EINVAL, os.strerror(errno.EISDIR) if stat.S_ISDIR(facts.st_mode) else "no regular file")
        return pa.OSFile(path, "rb")

    def create(self, path: str) -> BinaryIO:
        """Open a new file, readable by its owner alone, that takes its place when it is closed."""
        _make_folder(os.path.dirname(path))
        return _Replacing(path)  # type: ignore[return-value]

    def create_once(self, path: str, data: bytes) -> None:
        """Write a file under a name of its own, see it onto the disk, and give it its place if that is free."""
        folder = os.path.dirname(path)
        _make_folder(folder)
        waiting = _own_name(path)
        stopping = STOPPING.add(lambda: os.remove(waiting))
        try:
            with make(waiting) as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            _link(waiting, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.remove(waiting)
            STOPPING.forget(stopping)
        sync(folder)

    def copy(self, source: str, target: str) -> None:
        """Copy a file; whoever reads the target sees the old one or the new."""
        with open(source, "rb") as given, self.create(target) as made:
            shutil.copyfileobj(given, made, 1 << 20)
            made.flush()
            os.fsync(made.fileno())

    def delete(self, paths: Iterable[str]) -> None:
        """Remove files."""
        for path in paths:
            with contextlib.suppress(FileNotFoundError):
                os.remove(path)

    def delete_folder(self, path: str) -> None:
        """Remove a folder. What a late worker writes into it meanwhile is removed as well, as far as it comes in time."""
        if os.path.islink(path):  # never what it leads to
            os.remove(path)
        for _ in range(3):
            if not os.path.lexists(path):
                return
            shutil.rmtree(path, ignore_errors=True)
        if os.path.lexists(path):
            shutil.rmtree(path)

    def purge(self, path: str) -> None:
        """Remove a folder, as `delete_folder` does: a disk has no versions."""
        self.delete_folder(path)

    def rename(self, source: str, target: str) -> None:
        """Give a file or a folder another place in one step."""
        _make_folder(os.path.dirname(target))
        os.rename(source, target)

    def make_private(self, folder: str) -> None:
        """Make a folder for its owner alone, or take away what others may do in one of this user's."""
        _make_above(folder)
        with contextlib.suppress(FileExistsError):
            os.mkdir(folder, _PRIVATE_FOLDER)
        facts = os.stat(folder)
        is_ours = os.name == "posix" and facts.st_uid == os.geteuid()
        own = facts.st_mode & _PRIVATE_FOLDER
        if is_ours and stat.S_IMODE(facts.st_mode) != own:
            with contextlib.suppress(OSError):  # what is mounted from elsewhere may know no rights
                os.chmod(folder, own)

    def drop_empty(self, folder: str) -> None:
        """Remove a folder that nothing is in."""
        with contextlib.suppress(OSError):  # something is in it, or it is not there
            os.rmdir(folder)

    def persist(self, path: str) -> None:
        """See a file or a folder, and its name, onto the disk."""
        sync(path)
        sync(os.path.dirname(path))

    def settle(self, path: str) -> None:
        """See a file, or a folder with all that is in it, onto the disk, with the rights that the user's mask leaves to others."""
        mask = os.umask(0)
        os.umask(mask)
        here = self.entry(path)
        for entry in [*self.entries(path, recursive=True), *([here] if here else [])]:
            os.chmod(entry.path, (0o777 if entry.is_folder else 0o666) & ~mask)
            sync(entry.path)
        sync(os.path.dirname(path))

    def like(self, folder: str, model: str) -> None:
        """Give a folder the rights and, as far as this user may, the owners of another."""
        facts = os.stat(model)
        with contextlib.suppress(OSError):
            os.chown(folder, facts.st_uid, facts.st_gid)
        os.chmod(folder, stat.S_IMODE(facts.st_mode))


def _make_folder(path: str) -> None:
    """Make a folder for its owner alone; so are those above it within a hidden folder, others are like any of this user.

    The hidden folder of an owner is made by `LocalStore.make_private` alone. A worker may live longer than its run, whose folder is
    gone then: what it wrote into a new one nobody would look for.
    """
    if os.path.isdir(path):
        return
    if MARK in os.path.dirname(path):
        _make_folder(os.path.dirname(path))
    elif is_owner(owner_part(path)):
        raise FileNotFoundError(errno.ENOENT, _OVER, path)
    else:
        _make_above(path)
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, _PRIVATE_FOLDER)


def _make_above(path: str) -> None:
    """Make the folders above one, like any of this user."""
    above = os.path.dirname(path)
    try:
        os.makedirs(above, exist_ok=True)
    except FileExistsError:  # what the system calls a file that is in a folder's place
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), above) from None


def _own_name(path: str) -> str:
    """Where an attempt writes what will be at a path; see `beam_deid.transforms.storage.paths.is_unfinished`."""
    return os.path.join(os.path.dirname(path), unfinished(os.path.basename(path)))


def _link(waiting: str, path: str) -> None:
    """Give a file a place if that is free."""
    try:
        os.link(waiting, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
        os.rename(waiting, path)


class _Replacing:
    """A file that is written under a name of its own and takes its place when it is closed."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._own = _own_name(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with STOPPING.whole(short=True):  # what could not be made is nothing to take back, and nothing is made unknown
            self._stream = os.fdopen(os.open(self._own, flags, _PRIVATE_FILE), "wb")
            self._stopping = STOPPING.add(self._remove)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __enter__(self) -> "_Replacing":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def close(self) -> None:
        """Move the file to its place."""
        if self._stream.closed:
            return
        try:
            self._stream.close()
            os.replace(self._own, self._path)
            STOPPING.forget(self._stopping)
        except OSError:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Remove the unfinished file."""
        with contextlib.suppress(OSError):
            self._stream.close()
        self._remove()
        STOPPING.forget(self._stopping)

    def _remove(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(self._own)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
