"""Parts: one file of a release, hashed on its way to the disk."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.storage.files import open_write, store_of, unwritable
from beam_deid.transforms.storage.hashing import HashingStream
from beam_deid.transforms.storage.paths import join


@dataclass(frozen=True)
class WrittenPart:
    """A part that was written whole.

    Attributes:
        path: Its name in the release's folder.
        rows: Rows.
        sha256: Hash of its bytes, in hex.
        size: Bytes.
        source: Where it is, below the staging folder: each attempt to write a part has a name of its own, so that one
            which comes late, twice, or dies in the middle cannot harm the part that counts.
    """

    path: str
    rows: int
    sha256: str
    size: int
    source: str


def discard_parts(staging: str, parts: Iterable[WrittenPart]) -> None:
    """Remove parts from a staging folder; those that are gone already are no fault.

    Raises:
        OSError: The store fails.
    """
    store_of(staging).delete(join(staging, *part.source.split("/")) for part in parts)


def new_attempt() -> str:
    """Make a name that no other attempt has."""
    return secrets.token_hex(8)


class Part:
    """One part being written, hashed on its way to the file.

    Args:
        staging: The staging folder.
        release: The release.
        number: The part's number; several, where parts are numbered within parts.
        kind: Name of the format.
        schema: Schema of the batches.
        options: How it is written.

    Raises:
        OutputError: It cannot be written; so do all methods.
    """

    def __init__(
        self,
        staging: str,
        release: str,
        number: Sequence[int],
        kind: str,
        schema: pa.Schema,
        options: OutputOptions = AS_USUAL,
    ) -> None:
        digits = "-".join(f"{one:05d}" for one in number)
        self._name = f"part-{digits}.{kind}"
        self._rows = 0
        self._source = f"parts/{release}/{self._name}.{new_attempt()}"
        self._path = join(staging, *self._source.split("/"))
        try:
            self._raw = HashingStream(open_write(self._path))
            self._writer = format_named(kind).writer(self._raw, schema, options)  # type: ignore[arg-type]
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
    def facts(self) -> WrittenPart:
        """The facts of the written part. Available once it is closed."""
        return WrittenPart(self._name, self._rows, self._raw.sha256.hexdigest(), self._raw.tell(), self._source)

    def _fault(self, error: OSError) -> OutputError:
        return unwritable(error, "a part", self._path)
