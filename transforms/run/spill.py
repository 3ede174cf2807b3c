"""Rows outside memory: columns of 64-bit numbers, written bucket by bucket, of which one bucket is read again at a time.

A writer collects rows until its buffer is full and then writes them, column by column, the rows of each in the order of their
buckets, encrypted. What a file holds is said by a small index, `Spilled`, which goes to whoever reads it, in any process of this
machine, with the key; it must not be written down.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.partition import Buckets, partition
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_cipher import SpillCipher, Words, new_key
from beam_deid.transforms.run.spill_folder import spill_error

BUFFER = 64 << 20
"""Bytes of the rows that a writer collects before it writes them."""

_WIDTH = 8
_UNREADABLE = "Keep others from cleaning that folder, and run again"


@dataclass(frozen=True, eq=False)
class Spilled:
    """What a file holds.

    Attributes:
        path: The file.
        unsigned: Its columns of uint64.
        signed: Its columns of int64, which come after them.
        begins: Of each time that rows were written the first row of each bucket, as a number in the file, and the end of the last
            bucket, shape (writes, buckets + 1), int64.
        key: The key that it is encrypted with.
    """

    path: str
    unsigned: tuple[Column, ...]
    signed: tuple[Column, ...]
    begins: npt.NDArray[np.int64]
    key: bytes = field(repr=False)

    @property
    def buckets(self) -> int:
        """How many buckets there are."""
        return int(self.begins.shape[1]) - 1

    @property
    def rows(self) -> int:
        """All its rows."""
        return int(self.begins[-1, -1]) if len(self.begins) else 0

    def rows_in(self, bucket: int) -> int:
        """The rows of one bucket."""
        return int(self._rows[bucket])

    def place(self, column: Column) -> int:
        """The number of a column."""
        return (self.unsigned + self.signed).index(column)

    def written(self, bucket: int) -> list[tuple[int, int, int, int]]:
        """Where the rows of a bucket are: of each time that some were written the first and the last row of all, and their own."""
        own = self.begins[:, bucket : bucket + 2]
        there = np.flatnonzero(own[:, 0] < own[:, 1])
        columns = [self.begins[there, 0], self.begins[there, -1], own[there, 0], own[there, 1]]
        return list(zip(*(each.tolist() for each in columns), strict=True))

    @cached_property
    def _rows(self) -> npt.NDArray[np.int64]:
        """The rows of each bucket, shape (buckets,)."""
        return np.asarray(np.diff(self.begins, axis=1).sum(axis=0))


class SpillWriter:
    """A file that rows are added to. It holds `BUFFER` bytes of them in memory, and one column more while it writes.

    Args:
        path: The file, which must not be there.
        unsigned: Columns of uint64.
        signed: Columns of int64.
        buckets: How many buckets there are.
        buffer: Bytes of the rows that are collected.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(
        self, path: str, unsigned: Sequence[Column], signed: Sequence[Column], buckets: int, buffer: int = BUFFER
    ) -> None:
        self._path = path
        self._unsigned = tuple(unsigned)
        self._signed = tuple(signed)
        self._buckets = buckets
        kinds = [np.uint64] * len(self._unsigned) + [np.int64] * len(self._signed)
        self._room = max(1, buffer // (_WIDTH * (len(kinds) + 1)))
        self._held = 0
        self._done = 0
        self._key = new_key()
        self._cipher = SpillCipher(self._key)
        self._bucket = np.empty(self._room, np.uint16)
        self._columns = [np.empty(self._room, kind) for kind in kinds]
        self._spare = np.empty(self._room, np.uint64)
        self._begins: list[npt.NDArray[np.int64]] = []
        with self._told():
            self._file = open(path, "xb")  # noqa: SIM115 - it is closed by `close`

    def add(self, bucket: Buckets, columns: Sequence[Words]) -> None:
        """Add rows.

        Args:
            bucket: Bucket of each row, shape (n,), uint16.
            columns: The columns, the unsigned ones first, each of shape (n,).
        """
        done = 0
        while done < len(bucket):
            rows = slice(done, done + self._room - self._held)
            self._collect(bucket[rows], [column[rows] for column in columns])
            done = rows.stop
            if self._held == self._room:
                self._flush()

    def close(self) -> Spilled:
        """Write what is still in memory, and finish the file."""
        self._flush()
        with self._told():
            self._file.close()
        begins = np.array(self._begins, np.int64).reshape(-1, self._buckets + 1)
        return Spilled(self._path, self._unsigned, self._signed, begins, self._key)

    def _collect(self, bucket: Buckets, columns: Sequence[Words]) -> None:
        rows = slice(self._held, self._held + len(bucket))
        self._bucket[rows] = bucket
        for held, column in zip(self._columns, columns, strict=True):
            held[rows] = column
        self._held = rows.stop

    def _flush(self) -> None:
        """Write the collected rows in the order of their buckets."""
        if not self._held:
            return
        parted = partition(self._bucket[: self._held], self._buckets)
        for at in range(len(self._columns)):
            self._order(at, parted.order)
            ordered = self._columns[at][: self._held]
            self._cipher.crypt(at, self._done, ordered, ordered)
            with self._told():
                self._file.write(ordered.data.cast("B"))
        self._begins.append(parted.begins + self._done)
        self._done += self._held
        self._held = 0

    def _order(self, at: int, order: npt.NDArray[np.intp]) -> None:
        """Bring a column into the order of the buckets, into the spare one's place, which it leaves its own to."""
        column = self._columns[at]
        ordered = self._spare.view(column.dtype)
        np.take(
            column, order, out=ordered[: len(order)], mode="clip"
        )  # all are within bounds; else it makes a copy first
        self._columns[at] = ordered
        self._spare = column.view(np.uint64)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise spill_error("rows cannot be set aside on disk", self._path, error) from None


def read_bucket(files: Sequence[Spilled], bucket: int, columns: Sequence[Column]) -> tuple[Words, ...]:
    """Read some columns of one bucket. No more than one file is open at a time.

    Args:
        files: What was written, one file at least, all with these columns.
        bucket: The bucket.
        columns: The columns that are wanted; no others are read.

    Returns:
        The columns, each of shape (n,), in the order of ``columns``; rows in the order of the files and in that in which they
        were added.

    Raises:
        OutputError: A file is gone, or is not what was written.
    """
    rows = [file.rows_in(bucket) for file in files]
    signed = files[0].signed
    whole = tuple(np.empty(sum(rows), np.int64) if one in signed else np.empty(sum(rows), np.uint64) for one in columns)
    done = 0
    for file, own in zip(files, rows, strict=True):
        to: list[Words] = [each[done : done + own] for each in whole]
        _read(file, bucket, [file.place(column) for column in columns], to)
        done += own
    return whole


def _read(file: Spilled, bucket: int, places: Sequence[int], to: Sequence[Words]) -> None:
    """Read some columns of a bucket of one file, each of shape (n,)."""
    written = file.written(bucket)
    if not written:
        return
    many = len(file.unsigned) + len(file.signed)
    cipher = SpillCipher(file.key)
    try:
        with open(file.path, "rb", buffering=0) as stream:
            _is_whole(os.fstat(stream.fileno()).st_size == _WIDTH * many * file.rows)
            done = 0
            for first, last, begin, end in written:
                for place, column in zip(places, to, strict=True):
                    words = column[done : done + end - begin]
                    stream.seek(_WIDTH * (first * many + place * (last - first) + begin - first))
                    _is_whole(stream.readinto(words.data.cast("B")) == words.nbytes)
                    cipher.crypt(place, begin, words, words)
                done += end - begin
    except OSError as error:
        raise spill_error("rows that were set aside on disk cannot be read", file.path, error, _UNREADABLE) from None


def _is_whole(whole: bool) -> None:
    if not whole:
        raise OSError
