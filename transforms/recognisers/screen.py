"""A first look at texts, by their bytes: what a text without digits, stars or separators cannot hold is not looked for in it."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import plain

Counts = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.int64]

WIDE = {ord(wide): narrow for wide, narrow in zip("０１２３４５６７８９＠＊－．", "0123456789@*-.", strict=True)}
"""Full-width characters that are read as ASCII ones."""

_BLOCK = 1 << 12  # texts whose signs stay in the processor's cache
_MOST = 255


class Sign(IntEnum):
    """Classes of bytes; how many of each a text has tells which identifiers it can hold at all."""

    DIGIT = 0
    WORD = 1  # ASCII letters, digits, _ and -
    STAR = 2
    MARK = 3  # ~ $ # and the byte 1
    AT = 4
    HIGH = 5  # bytes of characters beyond ASCII
    UPPER = 6
    CUE = 7  # v V w W q Q x X


def _table() -> npt.NDArray[np.uint64]:
    classes = {
        Sign.DIGIT: b"0123456789",
        Sign.WORD: b"0123456789_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        Sign.STAR: b"*",
        Sign.MARK: b"~$#\x01",
        Sign.AT: b"@",
        Sign.HIGH: bytes(range(128, 256)),
        Sign.UPPER: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        Sign.CUE: b"vVwWqQxX",
    }
    table = np.zeros((256, len(Sign)), np.uint8)
    for sign, characters in classes.items():
        table[list(characters), sign] = 1
    return table.view(np.uint64)[:, 0]


_TABLE = _table()
_NARROW = np.zeros(256, np.uint8)  # by the third byte of a full-width character: EF BC xx
for _wide, _narrow in WIDE.items():
    _NARROW[chr(_wide).encode()[2]] = ord(_narrow)


@dataclass(frozen=True)
class Screen:
    """Texts, and how often each sign stands in each of them.

    Attributes:
        texts: Plain ``string`` array, shape (n,), full-width digits read as ASCII ones.
    """

    texts: pa.Array

    @classmethod
    def of(cls, texts: "pa.Array | Screen") -> "Screen":
        """Look at texts, shape (n,), plain or dictionary-encoded; a screen stays as it is."""
        return texts if isinstance(texts, Screen) else cls(narrowed(plain(texts)))

    def __len__(self) -> int:
        return len(self.texts)

    @cached_property
    def counts(self) -> Counts:
        """Counts by `Sign`, shape (n, 8). Of a text above 255 bytes every count is 255, so that all is looked for in it."""
        data, offsets = buffers_of(self.texts)
        counts = np.empty(len(self.texts), np.uint64)
        for begin in range(0, len(counts), _BLOCK):
            edges = offsets[begin : begin + _BLOCK + 1]
            counts[begin : begin + _BLOCK] = _sums(data[edges[0] : edges[-1]], edges - edges[0])
        return counts.view(np.uint8).reshape(-1, len(Sign))

    def having(self, needs: dict[Sign, int]) -> Rows:
        """The rows of the texts that have at least so many of each sign, shape (m,)."""
        rows: Rows | None = None
        for sign, least in needs.items():
            column = self.counts[:, sign] if rows is None else self.counts[rows, sign]
            found = np.flatnonzero(column >= least)
            rows = found if rows is None else rows[found]
            if not len(rows):
                break
        return np.arange(len(self)) if rows is None else rows

    def of_rows(self, rows: Rows) -> "Screen":
        """The same for some rows, whose signs are not counted again."""
        part = Screen(self.some(rows))
        part.__dict__["counts"] = self.counts[rows]
        return part

    def some(self, rows: Rows) -> pa.Array:
        """Give the texts that stand in some rows, shape (m,), in their order."""
        return self.texts if len(rows) == len(self.texts) else self.texts.take(pa.array(rows))


def matches(pattern: str, texts: pa.Array) -> pa.Array:
    """Which texts (n,) a pattern in RE2 matches as a whole: a boolean mask (n,), never null. Full-width digits are digits."""
    return pc.match_substring_regex(Screen.of(texts).texts, rf"\A(?:{pattern})\z").fill_null(False)


def narrowed(texts: pa.Array) -> pa.Array:
    """Texts with full-width digits, ``＠＊－．`` read as ASCII; the number of characters stays."""
    if len(texts) == 0:
        return texts
    data, offsets = buffers_of(texts)
    lead = np.flatnonzero(data[:-2] == 0xEF) if len(data) > 2 else np.empty(0, np.int64)
    lead = lead[(data[lead + 1] == 0xBC) & (_NARROW[data[lead + 2]] > 0)]
    if not len(lead):
        return texts
    changed = data.copy()
    changed[lead] = _NARROW[data[lead + 2]]
    keep = np.ones(len(data), bool)
    keep[lead + 1] = keep[lead + 2] = False
    # Two bytes less for every full-width character before an edge.
    shifted = offsets - 2 * np.searchsorted(lead, offsets).astype(np.int64)
    valid = None if texts.null_count == 0 else pa.array(texts.is_valid()).buffers()[1]
    buffers = [valid, pa.py_buffer(shifted.astype(np.int32)), pa.py_buffer(changed[keep])]
    return pa.Array.from_buffers(pa.string(), len(texts), buffers)


def buffers_of(texts: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes of a string array and where each value begins and ends in them, shape (n + 1,), from 0."""
    if len(texts) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, edges, data = texts.buffers()
    offsets = np.frombuffer(edges, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    if data is None:
        return np.empty(0, np.uint8), offsets - offsets[0]
    return np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]], offsets - offsets[0]


def _sums(data: npt.NDArray[np.uint8], edges: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    sizes = np.diff(edges)
    signs = np.zeros(len(data) + 1, np.uint64)
    np.take(_TABLE, data, out=signs[:-1])
    sums: npt.NDArray[np.uint64] = np.add.reduceat(signs, edges[:-1])
    sums[sizes == 0] = 0
    sums[sizes > _MOST] = np.iinfo(np.uint64).max
    return sums
