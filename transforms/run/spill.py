"""Rows outside memory: columns of 64-bit numbers, written bucket by bucket, of which one bucket is read again at a time.

A writer collects rows until its buffer is full and then writes them bucket by bucket, each a record batch of an Arrow IPC file,
encrypted. What a file holds is said by a small index, `Spilled`, which goes to whoever reads it, in any process of this machine,
with the key; it must not be written down.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.partition import Buckets, partition
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_cipher import SpillCipher, Words, new_key
from beam_deid.transforms.run.spill_folder import spill_error

BUFFER = 64 << 20
"""Bytes of the rows that a writer collects before it writes them."""

_WIDTH = 8
_TOGETHER = 1 << 16
"""Bytes up to which pieces are written to the file together."""
_UNREADABLE = "Keep others from cleaning that folder, and run again"


@dataclass(frozen=True, eq=False)
class Spilled:
    """What a file holds.

    Attributes:
        path: The file.
        unsigned: Its columns of uint64.
        signed: Its columns of int64, which come after them.
        buckets: How many buckets there are.
        bucket: Bucket of each record batch, in the order of the file, shape (batches,).
        batch_rows: Rows of each record batch, shape (batches,), uint32: there may be very many of few rows.
        key: The key that it is encrypted with.
    """

    path: str
    unsigned: tuple[Column, ...]
    signed: tuple[Column, ...]
    buckets: int
    bucket: Buckets
    batch_rows: npt.NDArray[np.uint32]
    key: bytes = field(repr=False)

    @property
    def begins(self) -> npt.NDArray[np.int64]:
        """The number of the first row of each record batch in the file, shape (batches,)."""
        return np.cumsum(self.batch_rows, dtype=np.int64) - self.batch_rows

    @property
    def rows(self) -> int:
        """All its rows."""
        return int(self.batch_rows.sum())

    def rows_in(self, bucket: int) -> int:
        """The rows of one bucket."""
        return int(self.batch_rows[self.bucket == bucket].sum())

    def batches(self, bucket: int) -> list[int]:
        """The numbers of a bucket's record batches, ascending."""
        return np.flatnonzero(self.bucket == bucket).tolist()

    def place(self, column: Column) -> int:
        """The number of a column."""
        return (self.unsigned + self.signed).index(column)


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
        self._written: list[tuple[int, int]] = []
        self._schema = pa.schema([(str(at), pa.from_numpy_dtype(kind)) for at, kind in enumerate(kinds)])
        with self._told():
            self._file = pa.BufferedOutputStream(pa.OSFile(path, "wb"), _TOGETHER)
            self._writer = pa.ipc.new_file(self._file, self._schema)

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
            try:
                self._writer.close()
            finally:
                self._file.close()
        bucket = np.array([one for one, _ in self._written], np.uint16)
        rows = np.array([many for _, many in self._written], np.uint32)
        return Spilled(self._path, self._unsigned, self._signed, self._buckets, bucket, rows, self._key)

    def _collect(self, bucket: Buckets, columns: Sequence[Words]) -> None:
        rows = slice(self._held, self._held + len(bucket))
        self._bucket[rows] = bucket
        for held, column in zip(self._columns, columns, strict=True):
            held[rows] = column
        self._held = rows.stop

    def _flush(self) -> None:
        """Write the collected rows, one record batch for each bucket that has any."""
        parted = partition(self._bucket[: self._held], self._buckets)
        for at in range(len(self._columns)):
            self._order(at, parted.order)
            ordered = self._columns[at][: self._held]
            self._cipher.crypt(at, self._done, ordered, ordered)
        arrays = [pa.array(column[: self._held]) for column in self._columns]
        whole = pa.RecordBatch.from_arrays(arrays, schema=self._schema)
        begins = parted.begins.tolist()
        with self._told():
            for bucket in np.flatnonzero(np.diff(parted.begins)).tolist():
                rows = begins[bucket + 1] - begins[bucket]
                self._writer.write_batch(whole.slice(begins[bucket], rows))
                self._written.append((bucket, rows))
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
        except (OSError, pa.ArrowException) as error:
            raise spill_error("rows cannot be set aside on disk", self._path, error) from None


def read_bucket(files: Sequence[Spilled], bucket: int, columns: Sequence[Column]) -> tuple[Words, ...]:
    """Read some columns of one bucket. No more than one file is open at a time.

    Args:
        files: What was written, one file at least, all with these columns.
        bucket: The bucket.
        columns: The columns that are wanted; no others are read.

    Returns:
        The columns, each of shape (n,), in the order of ``columns``; rows in the order of the files and of their batches.

    Raises:
        OutputError: A file is gone, or is not what was written.
    """
    rows = sum(file.rows_in(bucket) for file in files)
    signed = files[0].signed
    whole = tuple(np.empty(rows, np.int64) if one in signed else np.empty(rows, np.uint64) for one in columns)
    done = 0
    for file in files:
        cipher = SpillCipher(file.key)
        places = [file.place(column) for column in columns]
        for begin, batch in _batches(file, file.batches(bucket), places):
            end = done + len(batch[0]) if batch else done
            for place, words, all_rows in zip(places, batch, whole, strict=True):
                cipher.crypt(place, begin, words, all_rows[done:end])
            done = end
    return whole


def _batches(file: Spilled, batches: Sequence[int], places: Sequence[int]) -> Iterator[tuple[int, tuple[Words, ...]]]:
    """Of some batches the number of the first row, and columns as views of the file, which stays mapped as long as one is there."""
    if not batches:
        return
    begins = file.begins
    options = pa.ipc.IpcReadOptions(included_fields=sorted(set(places)))
    try:
        with pa.memory_map(file.path) as source, pa.ipc.open_file(source, options=options) as reader:
            for number in batches:
                batch = reader.get_batch(number)
                yield int(begins[number]), tuple(batch.column(str(place)).to_numpy() for place in places)
    except (OSError, pa.ArrowException) as error:
        raise spill_error("rows that were set aside on disk cannot be read", file.path, error, _UNREADABLE) from None
