"""Compressed text files, by suffix: gzip and zstd."""

import pyarrow as pa

from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.paths import name_of

_CODECS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


def without_compression(path: str) -> str:
    """The path without a suffix that names a compression."""
    return next((path[: -len(suffix)] for suffix in _CODECS if path.endswith(suffix)), path)


def open_plain(path: str) -> pa.NativeFile:
    """Open a file, decompressed as its suffix says. What is broken shows as `OSError` when it is read.

    Raises:
        InputError: The file is gone or may not be read.
    """
    stream = open_arrow(path)
    codec = next((codec for suffix, codec in _CODECS.items() if name_of(path).endswith(suffix)), None)
    return pa.CompressedInputStream(stream, codec) if codec else stream
