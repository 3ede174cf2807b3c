"""Compressed text files, told by their bytes: gzip, zstd, bzip2, and zip archives of one file."""

import contextlib
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.containers import HEAD, ZIP_ERRORS, container_of, is_cut_off, is_text
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import Unpacking
from beam_deid.transforms.storage.paths import is_local, name_of, shown

_BLOCK = 8 << 20
_CODECS = frozenset({"gzip", "zstd", "bz2"})
_SUFFIXES = (".gz", ".zst", ".zstd", ".bz2", ".zip")
_WORKBOOKS = ("xl/", "content.xml")
_CANNOT = {
    "ole": ("the file is an old workbook of Excel, and no text", "Call it .xls, or set input.format: xlsx"),
    "parquet": ("the file is Parquet, and no text", "Call it .parquet, or set input.format: parquet"),
    "orc": ("the file is ORC, and no text", "Call it .orc, or set input.format: orc"),
    "avro": ("the file is Avro, and no text", "Call it .avro, or set input.format: avro"),
}
_WORKBOOK = ("the file is a workbook, and no text", "Call it .xlsx, or set input.format: xlsx")
_DAMAGED = ("the file is truncated or damaged", "Fetch it again or leave it out")


def without_compression(path: str) -> str:
    """The path without a suffix that names a compression, nor the options of a URI."""
    path = shown(path)
    lower = path.lower()
    return next((path[: -len(suffix)] for suffix in _SUFFIXES if lower.endswith(suffix)), path)


def name_inside(path: str) -> str:
    """The name that tells the format of a file: without the compression, and in an archive that of the file in it.

    Raises:
        InputError: An archive cannot be read, or holds no file, or several.
    """
    name = name_of(path)
    if name.lower().endswith(".zip"):
        with _telling(path), open_arrow(path) as stream:
            if container_of(bytes(stream.read(HEAD))) == "zip":
                return name_of(_member(zipfile.ZipFile(_seekable(stream)), path).filename)
    return without_compression(name)


def open_plain(path: str) -> pa.NativeFile | Unpacking:
    """Open a text file, decompressed as its bytes say. What is broken shows as `OSError` when it is read.

    Raises:
        InputError: The file is gone or may not be read, or is no text; later, when it is read: it unpacks to far too much.
    """
    stream = open_arrow(path)
    with _telling(path):
        head = bytes(stream.read(HEAD))
        stream.seek(0)
        kind = container_of(head)
        if kind == "zip":
            return Unpacking(stream, _unzipped(stream, path), shown(path))
        if kind in _CANNOT:
            raise InputError(_CANNOT[kind][0], path, _CANNOT[kind][1])
        named = without_compression(path) != shown(path)
        if kind is None and named and (is_cut_off(head) or not is_text(head)):
            raise InputError("the file is not packed as its name says", path, _DAMAGED[1])
    if not is_local(path):
        stream = pa.BufferedInputStream(stream, _BLOCK)  # every read is a request there
    return Unpacking(stream, pa.CompressedInputStream(stream, kind), shown(path)) if kind in _CODECS else stream


@contextlib.contextmanager
def _telling(path: str) -> Iterator[None]:
    try:
        yield
    except ZIP_ERRORS:
        raise InputError(_DAMAGED[0], path, _DAMAGED[1]) from None


def _seekable(stream: pa.NativeFile) -> BinaryIO:
    return cast(BinaryIO, stream)


def _member(archive: zipfile.ZipFile, path: str) -> zipfile.ZipInfo:
    """The only file in an archive; what systems put beside files does not count.

    Raises:
        InputError: It holds none, several or a workbook, or the file is encrypted.
    """
    listed = [one for one in archive.infolist() if not one.is_dir()]
    if any(one.filename.startswith(_WORKBOOKS) for one in listed):
        raise InputError(*_WORKBOOK[:1], path, _WORKBOOK[1])
    files = [one for one in listed if not _is_beside(one.filename)]
    if not files:
        raise InputError("the archive is empty", path, "Leave it out")
    if len(files) > 1:
        names = ", ".join(one.filename for one in files[:10]) + (", ..." if len(files) > 10 else "")
        raise InputError(
            f"the archive holds {len(files)} files: {names}", path, "Unpack it, and name the files to read"
        )
    if files[0].flag_bits & 1:
        raise InputError("the archive is protected by a password", path, "Unpack it first")
    return files[0]


def _is_beside(name: str) -> bool:
    return name.startswith("__MACOSX/") or name_of(name).startswith(".")


class _Unzipped:
    """The file in an archive as a stream, whose damages are those of the system."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        try:
            return bytes(self._stream.read(size))
        except ZIP_ERRORS:
            raise OSError("the archive is damaged") from None

    def close(self) -> None:
        self._stream.close()


def _unzipped(stream: pa.NativeFile, path: str) -> _Unzipped:
    archive = zipfile.ZipFile(_seekable(stream))
    return _Unzipped(archive.open(_member(archive, path)))
