"""Blocks of an Avro file: unpacked no further than honest data packs, and of no more records than bytes.

A block says how many records it has, and a record of nothing takes no byte: some bytes would give rows without end. So what
a block says is checked before its records are read.
"""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import fastavro
import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.storage.limits import LARGEST_VALUE, UNPACKED_BYTES, UNPACKED_TIMES, mebibytes

_SYNC = 16
_CHECKSUM = 4  # bytes behind a block of Snappy
_VARINT = 10  # bytes of a number at most


class _Stream(Protocol):
    """A stream of bytes."""

    def read(self, size: int) -> bytes: ...


class _Unpacker(Protocol):
    """Unpacks what it is given, as far as it may."""

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Head(NamedTuple):
    """The head of a file.

    Attributes:
        codec: How blocks are packed.
        sync: What stands behind each block.
        schema: The schema of its records, parsed.
    """

    codec: str
    sync: bytes
    schema: Any


class AvroFile(NamedTuple):
    """A file that is read.

    Attributes:
        schema: The schema in its head, as fastavro gives it.
        records: The records, read block after block.
    """

    schema: Any
    records: Iterator[Any]


def opened(stream: pa.NativeFile, path: str) -> AvroFile:
    """Read a file.

    Raises:
        InputError: When records are read: a block unpacks to far too much, or says that it has more records than bytes; or a
            value is larger than `LARGEST_VALUE`.
        ValueError: The file is damaged; so do other errors say, of any kind, and also when records are read.
    """
    reader = fastavro.reader(stream)
    return AvroFile(reader.writer_schema, _read(stream, _head(stream, reader), path))


def _read(stream: pa.NativeFile, head: _Head, path: str) -> Iterator[Any]:
    size = stream.size()
    unpacked = 0
    while (begin := stream.tell()) < size:
        count = _number(stream)
        packed = _packed(stream, size, head.sync)
        most = max(UNPACKED_BYTES, UNPACKED_TIMES * stream.tell()) - unpacked
        plain = _unpacked(packed, head.codec, most, path)
        unpacked += len(plain)
        if count > len(plain):
            raise InputError(
                "a block says that it has more records than bytes",
                f"{path}: block at byte {begin}",
                "The file is damaged, or its records hold nothing: fetch it again or leave it out",
            )
        yield from _records(head.schema, count, plain, f"{path}: block at byte {begin}")


def _head(stream: pa.NativeFile, reader: Any) -> _Head:
    """The head of a file, of which the stream is at the end."""
    stream.seek(stream.tell() - _SYNC)
    sync = bytes(stream.read(_SYNC))
    codec = reader.metadata.get("avro.codec", "null")
    return _Head(codec, sync, fastavro.parse_schema(reader.writer_schema))


def _packed(stream: pa.NativeFile, size: int, sync: bytes) -> bytes:
    """What a block holds, from its length to its end."""
    length = _number(stream)
    if not 0 <= length <= size - stream.tell():
        raise ValueError("a block is cut off")
    packed = bytes(stream.read(length))
    if bytes(stream.read(_SYNC)) != sync:
        raise ValueError("a block does not end where it says")
    return packed


def _unpacked(packed: bytes, codec: str, most: int, path: str) -> bytes:
    if codec not in _CODECS:
        raise InputError("the file is packed in a way that is not read", path, f"Use one of {', '.join(_CODECS)}")
    try:
        plain = _CODECS[codec](packed, most + 1)
    except zlib.error:
        raise ValueError("a block is damaged") from None
    if len(plain) > most and codec != "null":
        raise InputError(
            f"the file unpacks to more than {UNPACKED_TIMES} times its size, and to more than {mebibytes(UNPACKED_BYTES)}",
            path,
            "If that is meant, write it without packing",
        )
    return plain


class _OfBoundedValues(io.BytesIO):
    """A block in which a value may be larger than any may be: such a one is refused before anything is made of it.

    Args:
        plain: The block.
        where: The file and the block's place, for messages.
    """

    def __init__(self, plain: bytes, where: str) -> None:
        super().__init__(plain)
        self._where = where

    def read(self, size: int | None = -1, /) -> bytes:
        """``size`` bytes, which are asked for value by value."""
        if size is not None and size > LARGEST_VALUE:
            raise InputError(
                f"a value is longer than {mebibytes(LARGEST_VALUE)}", self._where, "Leave it out or cut it up"
            )
        return super().read(size)


def _records(schema: Any, count: int, plain: bytes, where: str) -> Iterator[Any]:
    """The records of a block, which has nothing else."""
    # The bounded stream is slower, and in a smaller block no value can be too large.
    rest = io.BytesIO(plain) if len(plain) <= LARGEST_VALUE else _OfBoundedValues(plain, where)
    for _ in range(count):
        yield fastavro.schemaless_reader(rest, schema, None)
    if rest.tell() < len(plain):
        raise ValueError("a block holds more than its records")


def _number(stream: _Stream) -> int:
    """A number as Avro writes it, seven bits a byte, the sign in the last place."""
    found = _unsigned(stream)
    return (found >> 1) ^ -(found & 1)


def _unsigned(stream: _Stream) -> int:
    found = 0
    for place in range(_VARINT):
        byte = bytes(stream.read(1))
        if not byte:
            raise EOFError
        found |= (byte[0] & 0x7F) << (7 * place)
        if byte[0] < 0x80:
            return found
    raise ValueError("a number does not end")


def _whole(packed: bytes, _: int) -> bytes:
    return packed


def _deflated(packed: bytes, most: int) -> bytes:
    return _by(zlib.decompressobj(-zlib.MAX_WBITS), packed, most)


def _bzip2(packed: bytes, most: int) -> bytes:
    return _by(bz2.BZ2Decompressor(), packed, most)


def _xz(packed: bytes, most: int) -> bytes:
    return _by(lzma.LZMADecompressor(memlimit=UNPACKED_BYTES), packed, most)


def _by(unpacker: _Unpacker, packed: bytes, most: int) -> bytes:
    plain = unpacker.decompress(packed, most)
    if len(plain) < most and not unpacker.eof:
        raise ValueError("a block is cut off")
    return plain


def _zstandard(packed: bytes, most: int) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(packed), "zstd") as stream:
        return bytes(stream.read(most))


def _snappy(packed: bytes, most: int) -> bytes:
    """What is packed by Snappy, which says its size first; a checksum comes behind."""
    body, checksum = packed[:-_CHECKSUM], packed[-_CHECKSUM:]
    size = _unsigned(io.BytesIO(body))
    if size >= most:
        return bytes(most)  # more than is read: that it is too much says its length alone
    plain = bytes(pa.decompress(body, decompressed_size=size, codec="snappy", asbytes=True))
    if zlib.crc32(plain).to_bytes(_CHECKSUM, "big") != checksum:
        raise ValueError("a block is damaged")
    return plain


_CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "null": _whole,
    "deflate": _deflated,
    "bzip2": _bzip2,
    "xz": _xz,
    "snappy": _snappy,
    "zstandard": _zstandard,
}
"""How blocks are unpacked, by what the head calls it; each to so many bytes at most."""
