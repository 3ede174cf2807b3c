"""Object stores and remote filesystems, by pyarrow: S3, GCS, ABFS, HDFS."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable
from typing import Any, BinaryIO, ClassVar, cast

import pyarrow as pa
from pyarrow import fs

from beam_deid.transforms.storage.connecting import filesystem, key_of
from beam_deid.transforms.storage.paths import join, name_of, options_of, parent, shown, unfinished, with_options
from beam_deid.transforms.storage.store import Entry, Store

_BLOCK = 8 << 20

LARGEST_COPY = 5 << 30
"""Bytes of the largest object that S3 copies in one request."""
_FLAT = ("s3", "gcs")


class ObjectStore(Store):
    """A bucket, a container or a remote filesystem. Folders are nothing but what names have in common.

    Args:
        path: Any URI in it.

    Raises:
        UsageError: It cannot be connected to.
    """

    renames_folders: ClassVar[bool] = False

    def __init__(self, path: str) -> None:
        self._files, self._root = filesystem(path)
        self._options = options_of(path)
        self._uri = shown(path).removesuffix(key_of(path)).rstrip("/")

    def entry(self, path: str) -> Entry | None:
        """What is at a path. A folder is there as long as something is in it."""
        found = self._files.get_file_info(self._inner(path))
        return None if found.type is fs.FileType.NotFound else self._entry(found)

    def entries(self, folder: str, *, recursive: bool = False, starting: str = "") -> list[Entry]:
        """What is in a folder."""
        inner = self._inner(folder)
        asked = fs.FileSelector(inner, recursive=recursive, allow_not_found=True)
        found = [one for one in self._files.get_file_info(asked) if one.path.startswith(f"{inner}/{starting}")]
        return sorted(map(self._entry, found), key=lambda entry: entry.path)

    def open_input(self, path: str) -> pa.NativeFile:
        """Open a file for reading."""
        return self._files.open_input_file(self._inner(path))

    def create(self, path: str) -> BinaryIO:
        """Open a new object, which is there once it is closed."""
        inner = self._inner(path)
        self._make_folder(inner)
        return cast(BinaryIO, self._files.open_output_stream(inner))

    def create_once(self, path: str, data: bytes) -> None:
        """Check that nothing is there and then write; Arrow has no atomic operation for both."""
        if self.entry(path) is not None:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), shown(path))
        if self._files.type_name in _FLAT:  # there once it is whole
            with self.create(path) as made:
                made.write(data)
            return
        waiting = join(parent(path), unfinished(name_of(path)))
        try:
            with self.create(waiting) as made:
                made.write(data)
            self._files.move(self._inner(waiting), self._inner(path))
        except BaseException:
            with contextlib.suppress(OSError):
                self.delete([waiting])
            raise

    def copy(self, source: str, target: str) -> None:
        """Copy within the store, by the store itself where it can."""
        self._make_folder(self._inner(target))
        found = self.entry(source)
        if found is None:
            raise FileNotFoundError(source)
        try:
            if found.size <= LARGEST_COPY:
                self._files.copy_file(self._inner(source), self._inner(target))
                return
        except NotImplementedError:
            pass  # HDFS has no such call
        with self.open_input(source) as given, self.create(target) as made:
            shutil.copyfileobj(given, made, _BLOCK)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove files."""
        for path in paths:
            try:
                self._files.delete_file(self._inner(path))
            except FileNotFoundError:
                continue

    def delete_folder(self, path: str) -> None:
        """Remove all that has a prefix."""
        try:
            self._files.delete_dir(self._inner(path))
        except FileNotFoundError:
            return

    def purge(self, path: str) -> None:
        """Remove a folder, as `delete_folder` does: Arrow has no access to a store's versions."""
        self.delete_folder(path)

    def _make_folder(self, inner: str) -> None:
        """What a filesystem with true folders needs before a file can be in one; an object store has none."""
        if self._files.type_name not in _FLAT:
            self._files.create_dir(inner.rpartition("/")[0], recursive=True)

    def _inner(self, path: str) -> str:
        return f"{self._root}/{key_of(path)}".rstrip("/")

    def _entry(self, found: Any) -> Entry:
        below = found.path.removeprefix(self._root).strip("/")
        path = with_options(f"{self._uri}/{below}", self._options)
        is_folder = found.type is fs.FileType.Directory
        return Entry(path, is_folder, 0 if is_folder else found.size, (found.mtime_ns or 0) / 1e9)
