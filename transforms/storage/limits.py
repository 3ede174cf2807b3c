"""Limits of the resources that one file may take, and supervision of decompression.

A file is somebody else's. What it asks for must be bounded by its own size, however it is written, and whoever meets a
bound must be told where. Sizes are of UTF-8, after decoding.
"""

from typing import Protocol

import pyarrow as pa

from beam_deid.transforms.errors import InputError

LARGEST_VALUE = 16 << 20
"""Bytes of a line of JSON, of a value of a JSON document, and of a Parquet column's values on average."""

LONGEST_ROW = 4 << 20
"""Bytes of a row of delimited text."""

LONGEST_HEADER = 1 << 20
"""Bytes in which the header of delimited text must end."""

UNPACKED_BYTES = 256 << 20
"""What may be unpacked from anything, and what the values of one batch may weigh that a file says once and repeats."""

UNPACKED_TIMES = 200
"""How many times its own size a file may unpack to, once that is more than `UNPACKED_BYTES`."""

MOST_COLUMNS = 10_000
"""Columns of a file, and keys of a record: each takes time and memory for every row, whatever stands in it."""

MOST_CELLS = 16_000_000
"""Rows of a batch times its columns: a null takes bytes, too, and may take none in the file."""

LARGEST_WORKBOOK = 512 << 20
"""Bytes of a workbook, which is read whole."""

READER_MEMORY = 4 << 30
"""Memory of a process in which a file is read that is not read piece by piece: a sheet of a workbook, a stripe of ORC."""

MOST_MALFORMED = 1_000_000
"""Rows of delimited text that cannot be read: each is noted, and of so many the file is none of that kind."""


def mebibytes(size: int) -> str:
    """A size for a message, in whole MiB."""
    return f"{size >> 20} MiB"


def unpacks_too_much(packed: int, unpacked: int) -> bool:
    """Whether a decompressed size is implausibly large for the compressed one."""
    return unpacked > UNPACKED_BYTES and unpacked > UNPACKED_TIMES * packed


def check_columns(count: int, path: str) -> None:
    """Refuse a file with too many columns.

    Args:
        count: How many columns there are, or are known to be.
        path: For the message.

    Raises:
        InputError: They are more than `MOST_COLUMNS`.
    """
    if count > MOST_COLUMNS:
        raise InputError(
            f"{count:,} columns are too many, {MOST_COLUMNS:,} may be in one file",
            path,
            "Leave out columns that nobody needs, or cut the file up",
        )


def rows_of(columns: int, rows: int) -> int:
    """How many rows of so many columns to hold at once, ``rows`` or fewer."""
    return max(1, min(rows, MOST_CELLS // max(columns, 1)))


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


class Unpacking:
    """A compressed stream, read as what it holds, and stopped where that is far more than honest text packs into.

    Args:
        packed: The compressed stream. How far it has been read says what went in, so that it needs no wrapper that
            every compressed byte would pass through.
        plain: What unpacks it: a stream that reads from it.
        path: For messages.
    """

    def __init__(self, packed: pa.NativeFile, plain: Readable, path: str) -> None:
        self._packed = packed
        self._path = path
        self._plain = plain
        self._unpacked = 0

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end.

        Raises:
            InputError: What came out by now is too much for what went in.
            OSError: The stream is damaged or cut off.
        """
        data = bytes(self._plain.read(size))
        self._unpacked += len(data)
        if self._unpacked > UNPACKED_BYTES and unpacks_too_much(self._packed.tell(), self._unpacked):
            raise InputError(
                f"the file unpacks to more than {UNPACKED_TIMES} times its size, after {mebibytes(self._unpacked)}",
                self._path,
                "If that is meant, unpack it first",
            )
        return data

    def close(self) -> None:
        """Close both streams."""
        self._plain.close()
        self._packed.close()
