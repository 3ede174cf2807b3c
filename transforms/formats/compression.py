"""Compressed text files, by suffix: gzip and zstd."""

import pyarrow as pa

from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import Unpacking
from beam_deid.transforms.storage.paths import is_local, name_of, shown

_BLOCK = 8 << 20
_CODECS = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}


def without_compression(path: str) -> str:
    """The path without a suffix that names a compression, nor the options of a URI."""
    path = shown(path)
    return next((path[: -len(suffix)] for suffix in _CODECS if path.endswith(suffix)), path)


def open_plain(path: str) -> pa.NativeFile | Unpacking:
    """Open a file, decompressed as its suffix says. What is broken shows as `OSError` when it is read.

    Raises:
        InputError: The file is gone or may not be read; later, when it is read: it unpacks to far too much.
    """
    stream = open_arrow(path)
    if not is_local(path):
        stream = pa.BufferedInputStream(stream, _BLOCK)  # every read is a request there
    codec = next((codec for suffix, codec in _CODECS.items() if name_of(path).endswith(suffix)), None)
    return Unpacking(stream, codec, shown(path)) if codec else stream
