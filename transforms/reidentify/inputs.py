"""The files that are re-identified: parts of a release, or rows taken from it, in any format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from beam_deid.transforms.columns.formulas import restored
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Chunk, Format
from beam_deid.transforms.formats.input_options import AS_THEY_LOOK, InputOptions
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.run.job import BATCH_ROWS, SHARD_ROWS
from beam_deid.transforms.storage.files import InputFile, match
from beam_deid.transforms.storage.paths import BESIDE_PARTS, name_of


@dataclass(frozen=True)
class InputSource:
    """One input file.

    Attributes:
        path: Where it is.
        size: Its size in bytes.
        format: Its format.
        schema: The Arrow schema of its columns, with the metadata that the format has.
        written: How it is written.
    """

    path: str
    size: int
    format: Format
    schema: pa.Schema
    written: InputOptions = AS_THEY_LOOK

    def chunks(self) -> Iterator[Chunk]:
        """All rows, some at a time."""
        names = self.schema.names
        for shard in self.format.shards(self.path, self.size, self.written, SHARD_ROWS):
            for chunk in self.format.read(shard, self.written, names, BATCH_ROWS, known=names):
                yield (
                    replace(chunk, batch=_as_released(chunk.batch)) if self.format.notation.is_opened_as_text else chunk
                )

    def count_rows(self) -> int:
        """The number of rows; files that do not describe themselves are read once for it."""
        described = self.format.described(self.path)
        return sum(map(rows_of, self.chunks())) if described is None else described.rows


def _as_released(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of text that spreadsheets open, as it was before formulas in it were made harmless."""
    columns = [restored(column) if pa.types.is_string(column.type) else column for column in batch.columns]
    return pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def rows_of(chunk: Chunk) -> int:
    """The number of rows of the file that a chunk stands for, those that could not be read included."""
    return len(chunk.rows) + len({int(row) for fault in chunk.faults for row in fault.rows})


def open_sources(globs: Sequence[str], written: InputOptions) -> list[InputSource]:
    """Find the input files and read their schemas.

    Args:
        globs: Globs of the files.
        written: How they are written.

    Raises:
        UsageError: No file matches, or a file is of no format that can be read.
        InputError: A file cannot be read.
    """
    # A release's label and report lie beside its parts, and `out/crm/*` means the parts.
    found = [file for file in match(globs) if name_of(file.path) not in BESIDE_PARTS]
    if not found:
        raise UsageError("no file matches this input", globs[0], "Check the path; quote globs in a shell")
    return [_opened(file, written) for file in found]


def _opened(file: InputFile, written: InputOptions) -> InputSource:
    kind = format_of(file.path, written)
    schema = kind.schema(file.path, written)
    NAMES.add(schema.names)
    return InputSource(file.path, file.size, kind, schema, written)
