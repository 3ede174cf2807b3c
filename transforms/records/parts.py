"""Parts: one file of a release, hashed on its way to the disk."""

import hashlib
from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms import files
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import format_named


class Part:
    """One part being written, hashed on its way to the file.

    Args:
        staging: The staging folder.
        release: The release.
        number: The part's number.
        kind: Name of the format.
        schema: Schema of the batches.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(self, staging: str, release: str, number: int, kind: str, schema: pa.Schema) -> None:
        name = f"part-{number:05d}.{kind}"
        self._path, self._name, self._rows = f"{staging}/{release}/{name}", name, 0
        try:
            self._raw = HashingStream(files.open_write(self._path))
            self._writer = format_named(kind).writer(self._raw, schema)  # type: ignore[arg-type]
        except OSError as error:
            raise self._fault(error) from None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        self._rows += batch.num_rows
        try:
            self._writer.write(batch)
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Finish the file."""
        try:
            try:
                self._writer.close()
            finally:
                self._raw.close()
        except OSError as error:
            raise self._fault(error) from None

    @property
    def facts(self) -> dict[str, object]:
        """``{path, rows, sha256}``, once it is closed."""
        return {"path": self._name, "rows": self._rows, "sha256": self._raw.sha256.hexdigest()}

    def _fault(self, error: OSError) -> OutputError:
        where = self._path
        return OutputError(f"a part cannot be written ({error.strerror})", where, "Free space there and run again")


class HashingStream:
    """A binary stream that hashes what passes through it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._position, self.sha256 = stream, 0, hashlib.sha256()
        self.closed = False

    def write(self, data: bytes) -> int:
        """Pass bytes on."""
        self.sha256.update(data)
        self._stream.write(data)
        self._position += memoryview(data).nbytes
        return memoryview(data).nbytes

    def tell(self) -> int:
        """Bytes so far."""
        return self._position

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()

    def close(self) -> None:
        """Close the stream below, once."""
        if not self.closed:
            self.closed = True
            self._stream.close()

    def readable(self) -> bool:
        """It is not."""
        return False

    def writable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is not."""
        return False
