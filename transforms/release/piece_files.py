"""Files of placed rows that wait in staging: written batch by batch, and read at random by a batch's number."""

import contextlib
from collections.abc import Iterator

import pyarrow as pa

from beam_deid.transforms.errors import InputError, OutputError
from beam_deid.transforms.storage.files import open_arrow, open_write, unwritable
from beam_deid.transforms.storage.paths import shown


class PieceWriter:
    """Writes batches to an Arrow IPC file.

    Args:
        path: The file.
        schema: Schema of the batches.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(self, path: str, schema: pa.Schema) -> None:
        self._path = path
        self._batches = 0
        with self._naming():
            self._stream = open_write(path)
            self._writer = pa.ipc.new_file(self._stream, schema)

    def write(self, batch: pa.RecordBatch) -> int:
        """Append a batch; its number in the file, from 0."""
        with self._naming():
            self._writer.write_batch(batch)
        self._batches += 1
        return self._batches - 1

    def close(self) -> None:
        """Finish the file, once."""
        if self._stream.closed:
            return
        with self._naming():
            try:
                self._writer.close()
            finally:
                self._stream.close()

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(error, "a piece of a part", self._path) from None


class PieceReader:
    """Reads batches of an Arrow IPC file, each by itself.

    Args:
        path: The file.

    Raises:
        OutputError: It is not what was written; so do all methods.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        with self._naming():
            self._stream = open_arrow(path)
            try:
                self._file = pa.ipc.open_file(self._stream)
            except BaseException:
                self._stream.close()
                raise

    @property
    def batches(self) -> int:
        """How many batches are in the file."""
        return int(self._file.num_record_batches)

    def batch(self, number: int) -> pa.RecordBatch:
        """The batch of a number, from 0."""
        with self._naming():
            return self._file.get_batch(number)

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except InputError as error:
            raise OutputError(
                f"a piece of a part cannot be read: {error.what}", shown(self._path), "Run again"
            ) from None
        except (OSError, pa.ArrowException):
            raise OutputError(
                "a piece of a part is not what was written: the storage lost or changed it",
                shown(self._path),
                "Run again",
            ) from None
