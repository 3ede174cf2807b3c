"""Files by their paths, whatever store they are in: the functions that the rest of the program calls."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO, TypeVar

import pyarrow as pa

from beam_deid.transforms.errors import InputError, OutputError, UsageError, on_one_line, step_of
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.storage import matching
from beam_deid.transforms.storage.connecting import authority_of
from beam_deid.transforms.storage.local import LocalStore
from beam_deid.transforms.storage.object_store import ObjectStore
from beam_deid.transforms.storage.partitions import Partitions, partitions_of
from beam_deid.transforms.storage.paths import (
    absolute,
    is_local,
    named_by_output,
    options_of,
    scheme_of,
    shown,
    with_options,
)
from beam_deid.transforms.storage.s3 import S3Store
from beam_deid.transforms.storage.store import Store

Answer = TypeVar("Answer")

_NAMED = 3
_AWS = re.compile(r"AWS Error ([A-Z_a-z]+)")
_ADVICE = {
    "ACCESS_DENIED": "Check the rights of the credentials",
    "NETWORK_CONNECTION": "Check the endpoint and the network",
    "NO_SUCH_BUCKET": "Check the bucket's name",
    "INVALID_ACCESS_KEY_ID": "Check the credentials",
    "SIGNATURE_DOES_NOT_MATCH": "Check the credentials",
    "UNKNOWN": "Check bucket, region and credentials",
}


@dataclass(frozen=True)
class InputFile:
    """An input file that a pattern matched.

    Attributes:
        path: Its path, absolute.
        size: Bytes.
        modified: When it was last changed, seconds since 1970; 0.0 where the store does not tell.
        told: Its path as the user wrote it, for reports; it says nothing of folders that the user did not name.
        partitions: Columns that folders of ``told`` name, each with the value that all records of the file have in it.
    """

    path: str
    size: int
    modified: float
    told: str = ""
    partitions: Partitions = ()


@dataclass(frozen=True)
class Found:
    """What patterns match.

    Attributes:
        files: All files, sorted by path, each once.
        passed_over: A line on what was passed over for each reason, for a person.
    """

    files: tuple[InputFile, ...]
    passed_over: tuple[str, ...]


_LOCAL = LocalStore()


def store_of(path: str) -> Store:
    """The store that an absolute path is in.

    Raises:
        UsageError: No such store can be reached.
    """
    if is_local(path):
        return _LOCAL
    root = f"{shown(path).partition('://')[0]}://{authority_of(path)}/"
    return _remote(with_options(root, options_of(path)))


@lru_cache(maxsize=64)
def _remote(root: str) -> Store:
    return S3Store(root) if scheme_of(root) == "s3" else ObjectStore(root)


def match(patterns: Sequence[str]) -> list[InputFile]:
    """The files that the patterns match; see `find`."""
    return list(find(patterns).files)


def find(patterns: Sequence[str]) -> Found:
    """All files that the patterns match. A folder stands for all files below it.

    Hidden files, those of runs that are under way, marks of engines and empty files are passed over where they are not named.

    Raises:
        UsageError: A pattern matches nothing, or a folder holds what is no input.
        InputError: The store does not answer.
    """
    found: dict[str, InputFile] = {}
    empty: set[str] = set()
    hidden: set[str] = set()
    for pattern in patterns:
        whole = absolute(pattern)
        matched = _asked(whole, matching.matched)
        if not matched.files:
            raise UsageError("no file matches this input", shown(pattern), _asked(whole, matching.why_nothing))
        for entry in matched.files:
            told = matching.as_written(pattern, whole, entry.path)
            file = InputFile(entry.path, entry.size, entry.modified, on_one_line(told), partitions_of(told))
            found.setdefault(entry.path, file)
        empty.update(on_one_line(matching.as_written(pattern, whole, path)) for path in matched.empty)
        hidden.update(on_one_line(matching.as_written(pattern, whole, path)) for path in matched.hidden)
    NAMES.add_paths(name for file in found.values() for name in (file.told, file.path))
    NAMES.add_paths((*empty, *hidden))
    passed = [_passed_over("empty", empty), _passed_over("hidden, or an engine's mark", hidden)]
    return Found(tuple(found[path] for path in sorted(found)), tuple(filter(None, passed)))


def _passed_over(why: str, paths: set[str]) -> str:
    named = ", ".join(sorted(paths)[:_NAMED])
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return f"passed over as {why}: {named}{more}" if paths else ""


def open_arrow(path: str) -> pa.NativeFile:
    """Open a file for reading as it is, without decompression; seekable, read without the interpreter's lock.

    Raises:
        InputError: It is gone, may not be read, or the store does not answer.
    """
    return _asked(absolute(path), lambda store, place: store.open_input(place))


def read_all(path: str, limit: int | None = None) -> bytes:
    """The bytes of a small file.

    Args:
        path: The file.
        limit: Most bytes that are read.

    Raises:
        InputError: See `open_arrow`.
    """
    with open_arrow(path) as stream:
        try:
            return bytes(stream.read(limit))
        except OSError as error:
            raise InputError(f"the file cannot be read ({reason(error)})", shown(path)) from None


def open_write(path: str) -> BinaryIO:
    """Open a new file, for its owner alone, that is there when it is closed.

    Raises:
        OSError: It cannot be written.
    """
    whole = absolute(path)
    return store_of(whole).create(whole)


@contextlib.contextmanager
def open_for_readers(path: str) -> Iterator[BinaryIO]:
    """Open a new file as `open_write` does, readable by others as the user's umask allows.

    Raises:
        OSError: It cannot be written.
    """
    whole = absolute(path)
    with open_write(whole) as stream:
        yield stream
    store_of(whole).settle(whole)


def write_all(path: str, data: bytes) -> None:
    """Write a small file whole.

    Raises:
        OSError: It cannot be written.
    """
    with open_write(path) as stream:
        stream.write(data)


def exists(path: str) -> bool:
    """Whether something is at a path.

    Raises:
        InputError: The store does not answer.
    """
    return _asked(absolute(path), lambda store, place: store.entry(place)) is not None


def is_file(path: str) -> bool:
    """Whether a file is at a path.

    Raises:
        InputError: The store does not answer.
    """
    found = _asked(absolute(path), lambda store, place: store.entry(place))
    return found is not None and not found.is_folder


def reason(error: OSError) -> str:
    """Why a store failed, in a few words that quote nothing of what it holds."""
    aws = _AWS.search(str(error))
    return aws[1] if aws else error.strerror or type(error).__name__


def unwritable(error: OSError, what: str, where: str) -> OutputError:
    """The error for something that cannot be written: what it is, why, and what to do about that.

    Args:
        error: What the system or the store says.
        what: What cannot be written.
        where: Its path.
    """
    said = reason(error)
    step = advice(said, step_of(error, "Check space, rights and network"))
    return OutputError(f"{what} cannot be written ({said})", named_by_output(where), step)


def advice(said: str, otherwise: str) -> str:
    """What to do about a store that fails, by what `reason` said."""
    return _ADVICE.get(said, otherwise)


def _asked(path: str, question: Callable[[Store, str], Answer]) -> Answer:
    try:
        return question(store_of(path), path)
    except FileNotFoundError:
        raise InputError("there is no such file", shown(path), "Check the path") from None
    except OSError as error:
        said = reason(error)
        raise InputError(
            f"the file cannot be opened ({said})", shown(path), advice(said, "Check its permissions")
        ) from None
    except (ValueError, pa.ArrowException):  # no path of this store, or what reaches it is not installed
        raise InputError(
            "the path cannot be opened", shown(path), "Check the path, and see transforms/storage/README.md"
        ) from None
