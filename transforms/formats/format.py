"""The contract of a file format, and what passes between files and records."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import BinaryIO, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.storage.partitions import Partitions
from beam_deid.transforms.terms import Reason

_AS_IT_IS = InputOptions()
_ROWS = 1 << 16


@dataclass(frozen=True)
class Shard:
    """A piece of an input file, a few bytes to describe: the unit of work and of one output part.

    Attributes:
        path: The file, absolute.
        format: Name of the format.
        size: Size of the file in bytes when it was listed.
        row_groups: The Parquet row groups to read; empty for the whole file.
        first_row: Number of the first row in its file, from 0.
        rows: Rows in the shard, or None where that is not known without reading.
        index: Number of the shard in the run, from 0.
        modified: When the file was last changed, seconds since 1970, where the filesystem tells.
        told: The file as the user wrote it, for reports.
        lacks: Wanted columns that the file does not have, which are null in it.
        partitions: Columns that the file's folders name, and the value of each.
        start: Offset of the first byte to read, in a file that is cut by bytes; 0 for its beginning.
        end: Offset behind the last byte to read; None for the end of the file.
        written: How the file is written, as its format found when it listed it, so that shards need not find it again. It holds
            no value of a row.
        beside: What lies beside the shard for each of its rows, for whoever reads it typed; no format looks at it.
    """

    path: str
    format: str
    size: int
    row_groups: tuple[int, ...] = ()
    first_row: int = 0
    rows: int | None = None
    index: int = 0
    modified: float = 0.0
    told: str = ""
    lacks: tuple[str, ...] = ()
    partitions: Partitions = ()
    start: int = 0
    end: int | None = None
    written: object = None
    beside: tuple[object, ...] = ()


class Fault(NamedTuple):
    """Rows at fault: where, and why; never the value.

    Attributes:
        rows: int64 array of row numbers in the file, from 0, the header not counted.
        field: The field, or "" where the whole row is at fault.
        reason: The reason code.
    """

    rows: npt.NDArray[np.int64]
    field: str
    reason: Reason


@dataclass
class Chunk:
    """Some rows of a file.

    Attributes:
        batch: The wanted columns, in the wanted order, with the types that the format has (text formats: string).
        rows: int64 array, row number in the file of each row of ``batch``.
        faults: Rows that are not in ``batch`` because they could not be read.
        above: How many rows of the file stand above its row 0, as its header, for whoever opens it. Reports count from 1 and
            with these: see `reported`.
    """

    batch: pa.RecordBatch
    rows: npt.NDArray[np.int64]
    faults: list[Fault] = field(default_factory=list)
    above: int = 0


def reported(row: int, above: int) -> int:
    """What reports call a row: its number for whoever opens the file, where the first row of all, mostly the header, is row 1.

    Args:
        row: Its number in the file, from 0, the header not counted.
        above: How many rows stand above row 0.
    """
    return row + above + 1


class Description(NamedTuple):
    """What a file says of itself.

    Attributes:
        rows: The number of rows.
        schema: The columns with their types and, where a release was written, its metadata.
    """

    rows: int
    schema: pa.Schema


class PartWriter(Protocol):
    """Writes the record batches of one part of a release, in the order in which they come, to a stream that is open."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch of the part's schema."""
        ...

    def close(self) -> None:
        """Finish the file. The stream stays open."""
        ...


class Notation(Enum):
    """How values stand in the files of a format."""

    TYPED = "typed"
    """Each column has a type of its own."""
    DELIMITED = "delimited"
    """All of them are text, in files that spreadsheets open and write."""
    SHEET = "sheet"
    """Cells of a spreadsheet, which are texts, numbers or times."""
    JSON = "json"
    """Texts, numbers and words of JSON."""

    @property
    def of_spreadsheets(self) -> bool:
        """Whether spreadsheets write it, so that white space and escapes are taken off texts unless a policy says otherwise."""
        return self in (Notation.DELIMITED, Notation.SHEET)

    @property
    def has_numbers(self) -> bool:
        """Whether numbers are no text in it but are given as text, with a point before fractions.

        How else they may be written (``decimal``, ``thousands``) must not be said of them, for 1.125 would be 1125.
        """
        return self in (Notation.SHEET, Notation.JSON)

    @property
    def is_opened_as_text(self) -> bool:
        """Whether spreadsheets open its files as text, so that `OutputOptions` apply."""
        return self is Notation.DELIMITED


class Format(ABC):
    """A file format. Instances hold no state; paths are opened by `beam_deid.transforms.storage.files`.

    Attributes:
        name: What a policy calls it; parts that are written in it end with this after a dot.
        suffixes: How its files end, in small letters, with the dot.
        nests: Whether records may hold lists and objects, so that ``records``, ``items`` and ``fields`` of `InputOptions` apply.
        unwritten: The endings among them under which no file is written.
        notation: How values stand in its files.
        written: Whether a release can be written in it.
        heads: Whether a file names its columns even where it has no row.
        most_rows: Most rows of a file; None where there is no bound.
        describes: Whether files keep types and metadata and say so themselves; then `described` is there. `verify` compares
            what a part says with its label, and a later run can compare the part's values with its own.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    unwritten: ClassVar[tuple[str, ...]] = ()
    nests: ClassVar[bool] = False
    notation: Notation = Notation.TYPED
    written: ClassVar[bool] = True
    heads: ClassVar[bool] = True
    most_rows: ClassVar[int | None] = None
    describes: ClassVar[bool] = False

    @abstractmethod
    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """A file's columns in file order, reading no more than its head or footer. Text formats know only text.

        Raises:
            InputError: The file cannot be read, is empty, or names a column twice.
        """

    def described(self, path: str) -> Description | None:
        """What a file says of itself, without reading rows; None where the format does not describe.

        Raises:
            InputError: The file cannot be read, or is not of this format.
        """
        return None

    @abstractmethod
    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file into shards of about ``rows`` rows. The cut depends on the file alone.

        Raises:
            InputError: The file cannot be read.
        """

    @abstractmethod
    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read the wanted columns of a shard in chunks of at most ``rows`` rows, in file order.

        Args:
            shard: What to read.
            options: How the file is written.
            columns: The wanted columns.
            rows: Most rows of a chunk.
            known: All columns that may be there. A format whose rows name their own columns faults others.
            spare: Wanted columns that a record can do without: a list or an object in them is null, and no fault.

        Raises:
            InputError: The file is gone, truncated, not of this format, or lacks a column.
        """

    @abstractmethod
    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """A writer of one part. Its bytes depend on the schema, its metadata, the options and the batches' rows alone."""

    def keep_rows(self, path: str, size: int, stream: BinaryIO, kept: Bools) -> None:
        """Copy a part of a release with some of its rows, each of which has the values that it had, in their order.

        A format without types of its own copies bytes: what it reads says not how a value was written.

        Args:
            path: The part.
            size: Its size in bytes.
            stream: Where to; it stays open.
            kept: Which rows stay, shape (rows,).

        Raises:
            InputError: The part cannot be read, or has another number of rows.
        """
        schema = self.schema(path, _AS_IT_IS)
        described = self.described(path)
        writer = self.writer(stream, schema if described is None else described.schema)
        done = 0
        for shard in self.shards(path, size, _AS_IT_IS, _ROWS):
            for chunk in self.read(shard, _AS_IT_IS, schema.names, _ROWS):
                some = chunk.batch.filter(pa.array(kept[done : done + chunk.batch.num_rows]))
                done += chunk.batch.num_rows
                writer.write(_as_declared(some, schema if described is None else described.schema))
        writer.close()


def _as_declared(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the types of a schema: readers may give dictionaries."""
    columns = [column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
