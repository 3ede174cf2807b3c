"""Opening files of fingerprints, and the error where one cannot be used."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.register.document import Table
from beam_deid.transforms.storage.files import open_arrow, reason
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import is_local, shown

DAMAGED = "it is damaged"
"""Why a file cannot be used, where nothing better is known."""

_ADVICE = (
    "Put the register's folder back from a copy of it; a release that was never given out can be forgotten instead"
)


def opened(path: str) -> pa.NativeFile:
    """Open a file for reading.

    Raises:
        UsageError: It is missing, or cannot be opened.
    """
    try:
        return open_arrow(path)
    except InputError as error:
        raise unusable(path, error.what) from None


def check_file(path: str, table: Table) -> None:
    """Check that a file is what was written, byte by byte.

    That comes before anything is read from it: pages have checksums, but a footer has none, and Arrow ends the process over some
    that are damaged.

    Args:
        path: The file.
        table: What the register says of it.

    Raises:
        UsageError: It is missing, or is not.
    """
    with opened(path) as stream, reading(path):
        size = stream.size()
    if size != table.size:
        raise unusable(path, "its size is not what the register says")
    with reading(path):
        try:
            digest = sha256_of(path)
        except InputError as error:
            raise unusable(path, error.what) from None
    if digest != table.sha256:
        raise unusable(path, "its hash is not what the register says")


def parquet(stream: pa.NativeFile, path: str) -> pq.ParquetFile:
    """Open a stream as a Parquet file. To be called, and read from, within `reading`."""
    # From far away every read is a request, and a few large ones are better than many small ones.
    return pq.ParquetFile(stream, pre_buffer=not is_local(path), page_checksum_verification=True)


@contextlib.contextmanager
def reading(path: str) -> Iterator[None]:
    """Turn the errors of reading a damaged file, or from a failing store, into a `UsageError`.

    Raises:
        UsageError: It is damaged, or the store fails.
    """
    try:
        yield
    except OSError as error:
        said = reason(error)
        raise unusable(
            path, DAMAGED if said == type(error).__name__ else said
        ) from None  # Arrow's own, of bytes, has no reason
    except (pa.ArrowException, LookupError, TypeError, ValueError):
        raise unusable(path, DAMAGED) from None


def unusable(where: str, why: str) -> UsageError:
    """The error for a file that cannot be used."""
    return UsageError(f"a table of the register cannot be used: {why}", shown(where), _ADVICE)


def keys_of(column: pa.ChunkedArray) -> Fingerprints:
    """A column of fingerprints without nulls, shape (n,)."""
    keys: Fingerprints = column.to_numpy()
    return keys


def joined(parts: list[Fingerprints]) -> Fingerprints:
    """Concatenate fingerprints into a new array."""
    return np.concatenate([np.empty(0, np.uint64), *parts])
