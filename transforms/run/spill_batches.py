"""Columns of any type outside memory: record batches, written bucket by bucket, of which one bucket is read again at a time.

As `run/spill`, for what is no column of numbers: values that a later pass needs as they are. Each piece is encrypted by itself
(AES-GCM, NIST SP 800-38D) under a key of the file's own, which stands in no file: it goes with `SpilledBatches` to whoever reads
it, in any process of this machine, and must not be written down.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from beam_deid.transforms.run.spill_cipher import new_key
from beam_deid.transforms.run.spill_folder import spill_error

BUFFER = 32 << 20
"""Bytes of the rows that a writer collects before it writes them."""

_NONCE = 12
_UNREADABLE = "Keep others from cleaning that folder, and run again"


@dataclass(frozen=True)
class SpilledBatches:
    """What a file holds.

    Attributes:
        path: The file.
        pieces: By bucket its pieces in the order in which they were written: number, first byte and the byte after the last.
        key: The key that it is encrypted with, 16 bytes.
    """

    path: str
    pieces: dict[int, list[tuple[int, int, int]]]
    key: bytes = field(repr=False)

    def only(self, buckets: range) -> "SpilledBatches":
        """The same file, of which some buckets alone are known."""
        return SpilledBatches(self.path, {one: self.pieces[one] for one in buckets if one in self.pieces}, self.key)

    def read(self, bucket: int) -> Iterator[pa.RecordBatch]:
        """The rows of a bucket, a piece at a time, in the order in which they were added.

        Raises:
            OutputError: The file is gone, or is not what was written.
        """
        for number, begin, end in self.pieces.get(bucket, ()):
            yield self._piece(number, begin, end)

    def remove(self) -> None:
        """Remove the file, which nobody reads any more."""
        with contextlib.suppress(OSError):  # its folder goes with the run
            os.remove(self.path)

    def _piece(self, number: int, begin: int, end: int) -> pa.RecordBatch:
        try:
            with open(self.path, "rb", buffering=0) as stream:
                stream.seek(begin)
                sealed = stream.read(end - begin)
            plain = AESGCM(self.key).decrypt(_nonce(number), sealed, None)
            with pa.ipc.open_stream(plain) as reader:
                return reader.read_next_batch()
        except (OSError, InvalidTag, pa.ArrowInvalid) as error:
            what = "rows that were set aside on disk cannot be read"
            raise spill_error(what, self.path, error, _UNREADABLE) from None


class BatchWriter:
    """A file that rows are added to, a context manager.

    It holds ``buffer`` bytes of them in memory, and as many again while it writes.

    Args:
        path: The file, which must not be there.
        buffer: Bytes of the rows that are collected.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(self, path: str, buffer: int = BUFFER) -> None:
        self._path = path
        self._buffer = buffer
        self._key = new_key()
        self._cipher = AESGCM(self._key)
        self._held: list[pa.RecordBatch] = []
        self._buckets: list[npt.NDArray[np.int64]] = []
        self._bytes = 0
        self._numbers = 0
        self._end = 0
        self._pieces: dict[int, list[tuple[int, int, int]]] = {}
        try:
            self._file = open(path, "xb", opener=_private)  # noqa: SIM115 - it is closed by `close`
        except OSError as error:
            raise self._unwritten(error) from None

    def __enter__(self) -> "BatchWriter":
        return self

    def __exit__(self, *rest: object) -> None:
        self._file.close()

    def add(self, bucket: npt.NDArray[np.int64], rows: pa.RecordBatch) -> None:
        """Add rows.

        Args:
            bucket: Bucket of each row, shape (n,), int64, not negative.
            rows: The rows; all batches of a file have one schema.
        """
        self._held.append(rows)
        self._buckets.append(bucket)
        self._bytes += rows.nbytes + bucket.nbytes
        if self._bytes >= self._buffer:
            self._flush()

    def finish(self) -> SpilledBatches:
        """Write what is still in memory, and finish the file."""
        self._flush()
        try:
            self._file.close()
        except OSError as error:
            raise self._unwritten(error) from None
        return SpilledBatches(self._path, self._pieces, self._key)

    def _flush(self) -> None:
        """Write the collected rows bucket by bucket."""
        if not self._held:
            return
        buckets = np.concatenate(self._buckets)
        order = np.argsort(buckets, kind="stable")
        rows = pa.Table.from_batches(self._held).take(pa.array(order)).combine_chunks()
        there, begins = np.unique(buckets[order], return_index=True)
        self._held = []
        self._buckets = []
        self._bytes = 0
        ends = [*begins[1:].tolist(), len(order)]
        for bucket, begin, end in zip(there.tolist(), begins.tolist(), ends, strict=True):
            self._write(bucket, rows.slice(begin, end - begin))

    def _write(self, bucket: int, rows: pa.Table) -> None:
        """Write the rows of one bucket as a piece."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema) as writer:
            writer.write_table(rows)
        sealed = self._cipher.encrypt(_nonce(self._numbers), sink.getvalue().to_pybytes(), None)
        try:
            self._file.write(sealed)
        except OSError as error:
            raise self._unwritten(error) from None
        self._pieces.setdefault(bucket, []).append((self._numbers, self._end, self._end + len(sealed)))
        self._numbers += 1
        self._end += len(sealed)

    def _unwritten(self, error: OSError) -> Exception:
        return spill_error("rows cannot be set aside on disk", self._path, error)


def _nonce(number: int) -> bytes:
    """The nonce of a piece: no two pieces of a file have the same, and no two files a key in common."""
    return number.to_bytes(_NONCE, "big")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
