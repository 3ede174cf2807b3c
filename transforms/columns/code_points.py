"""Text columns as one run of code points, so that characters of all values are changed or taken out at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools

Codes = npt.NDArray[np.uint32]
Edges = npt.NDArray[np.int64]

GONE = np.uint32(0xFFFFFFFF)
"""What a table has for a character that is taken out."""
LAST = 0x110000
BETWEEN = 0xFFFF
"""No character; it stands between values."""


class CodePoints(NamedTuple):
    """The characters of a column.

    Attributes:
        codes: uint32 array, shape (c,): the code points of all values, one value behind the other.
        edges: int64 array, shape (n + 1,), from 0: value i is ``codes[edges[i]:edges[i + 1]]``.
    """

    codes: Codes
    edges: Edges

    @classmethod
    def of(cls, texts: pa.Array) -> "CodePoints":
        """The characters of a plain ``string`` array, shape (n,), without nulls."""
        edges = np.zeros(len(texts) + 1, np.int64)
        if len(texts) == 0 or texts.buffers()[2] is None:
            return cls(np.empty(0, np.uint32), edges)
        np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False), out=edges[1:])
        offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
        data = bytes(memoryview(texts.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        return cls(np.frombuffer(data.decode().encode("utf-32-le"), "<u4"), edges)

    def column(self) -> pa.Array:
        """The values as a plain ``string`` array, shape (n,)."""
        codes = np.ascontiguousarray(self.codes, "<u4")
        ends = np.zeros(len(codes) + 1, np.int64)
        np.cumsum(1 + (codes >= 0x80).astype(np.int8) + (codes >= 0x800) + (codes >= 0x10000), out=ends[1:])
        data = codes.tobytes().decode("utf-32-le").encode()
        buffers = [None, pa.py_buffer(ends[self.edges]), pa.py_buffer(data)]
        return pa.Array.from_buffers(pa.large_string(), len(self.edges) - 1, buffers).cast(pa.string())

    def kept(self, keep: Bools) -> "CodePoints":
        """The characters that a mask (c,) keeps, in their values."""
        before = np.zeros(len(keep) + 1, np.int64)
        np.cumsum(keep, out=before[1:])
        return CodePoints(self.codes[keep], before[self.edges])

    def translated(self, table: Codes) -> "CodePoints":
        """Each character replaced by what a table, shape (0x110000,), has for it, or taken out (`GONE`)."""
        codes = table[self.codes]
        keep = codes != GONE
        return CodePoints(codes, self.edges) if keep.all() else CodePoints(codes, self.edges).kept(keep)

    def mapped(self, function: Callable[[str], str]) -> "CodePoints":
        """All values through a function of text in one call.

        Args:
            function: What it gives for a text must not depend on what stands beyond U+FFFF, which it keeps; no value has it.
        """
        text = np.insert(self.codes, self.edges[1:], BETWEEN).astype("<u4").tobytes().decode("utf-32-le")
        codes = np.frombuffer(function(text).encode("utf-32-le"), "<u4")
        ends = np.flatnonzero(codes == BETWEEN)
        return CodePoints(np.delete(codes, ends), np.concatenate([[0], ends - np.arange(len(ends))]))


def identical() -> Codes:
    """A new table that maps every character to itself, shape (0x110000,), for the caller to change."""
    return np.arange(LAST, dtype=np.uint32)
