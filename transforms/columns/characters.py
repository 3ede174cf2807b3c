"""Text columns as matrices of characters: values of one length side by side."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.sizes import Rows, by_size, equal, matrix_column

Codes = npt.NDArray[np.uint32]


class Letters(NamedTuple):
    """The values of one length.

    Attributes:
        rows: int64 array, shape (m,): where they stand in the column.
        codes: uint32 array, shape (m, length): their code points.
    """

    rows: Rows
    codes: Codes


def by_length(column: pa.Array) -> Iterator[Letters]:
    """Group the values of a column by their number of characters; every row is in exactly one group.

    Args:
        column: Plain ``string`` array, shape (n,). A null counts as empty.
    """
    if column.null_count:
        column = column.fill_null("")
    if pc.all(pc.string_is_ascii(column)).as_py() is not False:
        for group in by_size(column):
            yield Letters(group.rows, group.bytes.astype(np.uint32))
        return
    lengths = pc.utf8_length(column).to_numpy().astype(np.int64)
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    text = bytes(memoryview(column.buffers()[2])[int(offsets[0]) : int(offsets[-1])]).decode()
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4")
    starts = np.cumsum(lengths) - lengths
    for length, rows in equal(lengths):
        yield Letters(rows, codes[starts[rows][:, None] + np.arange(length)])


def letters_column(codes: Codes) -> pa.Array:
    """A matrix of code points, shape (m, length), as a plain ``string`` column of m values."""
    rows = len(codes)
    if codes.size == 0 or codes.max() < 0x80:
        return matrix_column(codes.astype(np.uint8), pa.string())
    data = np.ascontiguousarray(codes, "<u4").tobytes().decode("utf-32-le").encode()
    widths = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
    offsets = np.zeros(rows + 1, np.int64)
    np.cumsum(widths.sum(axis=1), out=offsets[1:])
    return pa.Array.from_buffers(pa.large_string(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(data)]).cast(
        pa.string()
    )
