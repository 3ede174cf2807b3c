"""Paths: local ones by the operating system, all others by Beam's FileSystems.

Beam is imported only for a path with a scheme, so that a worker on local files starts fast.
"""

import glob
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

import pyarrow as pa

from beam_deid.transforms.errors import InputError, UsageError


@dataclass(frozen=True)
class InputFile:
    """A file that matched, with its size in bytes and its time of change (0.0 where unknown)."""

    path: str
    size: int
    modified: float


def is_local(path: str) -> bool:
    """Whether the operating system opens this path."""
    return "://" not in path


def match(patterns: Sequence[str]) -> list[InputFile]:
    """All files that the patterns match, sorted by path, each once. Hidden files are left out.

    A folder stands for all files in it.

    Raises:
        UsageError: A pattern matches nothing.
    """
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        files = _match_local(pattern) if is_local(pattern) else _match_remote(pattern)
        if not files:
            raise UsageError("no file matches this input", pattern, "Check the path; quote globs in a shell")
        found.update((file.path, file) for file in files)
    return [found[path] for path in sorted(found)]


def _match_local(pattern: str) -> list[InputFile]:
    paths = glob.glob(pattern, recursive=True) or ([pattern] if os.path.exists(pattern) else [])
    inside = [os.path.join(path, name) for path in paths if os.path.isdir(path) for name in os.listdir(path)]
    files = []
    for path in [*paths, *inside]:
        if os.path.isfile(path) and not os.path.basename(path).startswith("."):
            facts = os.stat(path)
            files.append(InputFile(path, facts.st_size, facts.st_mtime))
    return files


def _match_remote(pattern: str) -> list[InputFile]:
    from apache_beam.io.filesystems import FileSystems

    try:
        matched = FileSystems.match([pattern])[0].metadata_list
    except Exception as error:
        raise InputError(f"the filesystem does not answer ({type(error).__name__})", pattern) from None
    return [InputFile(file.path, file.size_in_bytes, file.last_updated_in_seconds or 0.0) for file in matched]


def open_read(path: str) -> BinaryIO:
    """Open a file for reading as it is, without decompression; seekable.

    Raises:
        InputError: It is gone or may not be read.
    """
    try:
        if is_local(path):
            return open(path, "rb")
        from apache_beam.io.filesystem import CompressionTypes
        from apache_beam.io.filesystems import FileSystems

        return cast(BinaryIO, FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED))
    except FileNotFoundError:
        raise InputError("the file is gone", path, "It was there when the run began; start again") from None
    except OSError as error:
        raise InputError(f"the file cannot be opened ({error.strerror})", path) from None


def open_arrow(path: str) -> pa.NativeFile:
    """Open a file for Arrow's readers; local ones are read without the interpreter's lock.

    Raises:
        InputError: See `open_read`.
    """
    if not is_local(path):
        return pa.PythonFile(open_read(path), mode="r")
    try:
        return pa.OSFile(path, "rb")
    except FileNotFoundError:
        raise InputError("the file is gone", path, "It was there when the run began; start again") from None
    except OSError:
        raise InputError("the file cannot be opened", path, "Check its permissions") from None


def read_all(path: str) -> bytes:
    """The bytes of a small file.

    Raises:
        InputError: See `open_read`.
    """
    with open_read(path) as stream:
        return stream.read()


def open_write(path: str) -> BinaryIO:
    """Open a new file for writing, with the folders above it.

    Raises:
        OSError: It cannot be written.
    """
    if is_local(path):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        return open(path, "wb")
    from apache_beam.io.filesystem import CompressionTypes
    from apache_beam.io.filesystems import FileSystems

    return cast(BinaryIO, FileSystems.create(path, compression_type=CompressionTypes.UNCOMPRESSED))


def exists(path: str) -> bool:
    """Whether a file is there."""
    if is_local(path):
        return os.path.exists(path)
    from apache_beam.io.filesystems import FileSystems

    return bool(FileSystems.exists(path))


def write_all(path: str, data: bytes) -> None:
    """Write a small file whole.

    Raises:
        OSError: It cannot be written.
    """
    with open_write(path) as stream:
        stream.write(data)


def move_tree(source: str, target: str, last: Sequence[str]) -> None:
    """Move all files below a remote folder, those whose name is in ``last`` after all others and in that order."""
    from apache_beam.io.filesystems import FileSystems

    paths = [file.path for file in _match_remote(f"{source}/**")]

    def rank(path: str) -> int:
        name = path.rpartition("/")[2]
        return last.index(name) + 1 if name in last else 0

    for path in sorted(paths, key=rank):
        FileSystems.rename([path], [target + path.removeprefix(source)])


def delete_tree(path: str) -> None:
    """Remove a remote folder, if it is there."""
    from apache_beam.io.filesystems import FileSystems

    paths = [file.path for file in _match_remote(f"{path}/**")]
    if paths:
        FileSystems.delete(paths)


def delete(paths: Sequence[str]) -> None:
    """Remove files that are there."""
    for path in paths:
        if is_local(path):
            os.remove(path)
        else:
            from apache_beam.io.filesystems import FileSystems

            FileSystems.delete([path])


def delete_folder(path: str) -> None:
    """Remove a folder with everything in it, if it is there."""
    if is_local(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        delete_tree(path)
