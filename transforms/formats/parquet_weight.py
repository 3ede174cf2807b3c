"""What a Parquet file unpacks to: refused by its footer, or read in batches that weigh no more than they may.

A dictionary says a value once and repeats it at a few bits a row, so a small file may hold a batch of any weight. Where
the longest value of a dictionary leaves that possible, the column is read as its dictionary, weighed exactly, and only then
written out. Footers are taken at their word, and dictionaries stand where writers put them: before all values.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.parquet_dictionary import SHORT, all_short
from beam_deid.transforms.storage.limits import (
    LARGEST_VALUE,
    UNPACKED_BYTES,
    UNPACKED_TIMES,
    mebibytes,
    rows_of,
    unpacks_too_much,
)

_PROBED_ROWS = 1024
_PROBED_BYTES = 1 << 16


def check_footer(facts: pq.FileMetaData, size: int, path: str) -> None:
    """Refuse a file whose values are too large on average, or that unpacks to far more than it is.

    Args:
        facts: The file's footer.
        size: Bytes of the file.
        path: For messages.

    Raises:
        InputError: It does.
    """
    for group in range(facts.num_row_groups):
        row_group = facts.row_group(group)
        sizes = []
        for index in range(facts.num_columns):
            column = row_group.column(index)
            sizes.append(column.total_uncompressed_size)
            if column.total_uncompressed_size > LARGEST_VALUE * max(column.num_values, 1):
                raise InputError(
                    f"values are larger than {mebibytes(LARGEST_VALUE)} on average",
                    _place(path, group, column.path_in_schema),
                    "Leave the column out when the file is written",
                )
        if unpacks_too_much(size, sum(sizes)):
            largest = facts.schema.column(int(np.argmax(sizes))).path
            raise unpacks(path, group, largest)


def batch_rows(facts: pq.FileMetaData, columns: Sequence[str], rows: int) -> int:
    """How many rows to read at once, ``rows`` or fewer, by the number of columns and the fixed length of values in some."""
    wanted = frozenset(columns)
    schema = [facts.schema.column(index) for index in range(facts.num_columns)]
    fixed = sum(
        column.length for column in schema if column.path in wanted and column.physical_type == "FIXED_LEN_BYTE_ARRAY"
    )
    return min(rows_of(len(columns), rows), max(1, UNPACKED_BYTES // max(int(fixed), 1)))


def heavy_columns(
    stream: pa.NativeFile, facts: pq.FileMetaData, groups: Sequence[int], columns: Sequence[str], rows: int
) -> list[str]:
    """The columns of which ``rows`` values may weigh too much, for a long value stands in their dictionary.

    Args:
        stream: The file.
        facts: Its footer.
        groups: The row groups that will be read.
        columns: The columns that will be read.
        rows: Most rows of a batch.
    """
    found = []
    wanted = frozenset(columns)
    for index in range(facts.num_columns):
        name = facts.schema.column(index).path
        if name in wanted:
            doubtful = [group for group in groups if _may_weigh(stream, facts.row_group(group).column(index), rows)]
            if doubtful and _longest(stream, facts, doubtful, index) * rows > UNPACKED_BYTES:
                found.append(name)
    return found


class Weighing:
    """Cuts the batches of a shard so that none weighs too much, and stops where all weigh far more than the file.

    Args:
        schema: The columns of the batches with the types that they are to be given in.
        heavy: The columns to weigh, read as dictionaries.
        size: Bytes of the file.
        path: For messages.
    """

    def __init__(self, schema: pa.Schema, heavy: Sequence[str], size: int, path: str) -> None:
        self._schema = schema
        self._size = size
        self._path = path
        self._totals = dict.fromkeys(heavy, 0)

    def cut(self, batches: Iterable[pa.RecordBatch], groups: Sequence[tuple[int, int]]) -> Iterator[pa.RecordBatch]:
        """The batches, those that weigh too much in several.

        Args:
            batches: All rows of some row groups.
            groups: The number of each of these row groups, and how many rows are in it.

        Raises:
            InputError: Together they weigh far more than the file.
        """
        first = 0
        ends = np.cumsum([rows for _, rows in groups])
        for batch in batches:
            weights = self._weighed(batch)
            if unpacks_too_much(self._size, sum(self._totals.values())):
                group, _ = groups[int(np.searchsorted(ends, first, side="right"))]
                raise unpacks(self._path, group, max(self._totals, key=lambda name: self._totals[name]))
            first += batch.num_rows
            for start, stop in _cuts(weights):
                yield self._written_out(batch.slice(start, stop - start))

    def _weighed(self, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        """What the heavy columns of each row weigh, shape (n,); noted in the totals."""
        weights = np.zeros(batch.num_rows, np.int64)
        for name in self._totals:
            column = batch.column(name)
            lengths = np.append(_lengths(column.dictionary), 0)
            null = len(lengths) - 1
            each = lengths[column.indices.cast(pa.int64()).fill_null(null).to_numpy(zero_copy_only=False)]
            self._totals[name] += int(each.sum())
            weights += each
        return weights

    def _written_out(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        arrays = [
            column.dictionary_decode().cast(field.type)
            if field.name in self._totals and not pa.types.is_dictionary(field.type)
            else column
            for column, field in zip(batch.columns, self._schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, names=self._schema.names)


def _may_weigh(stream: pa.NativeFile, column: pq.ColumnChunkMetaData, rows: int) -> bool:
    """Whether this many values of a column can weigh too much, by what the footer and a glance at its dictionary say."""
    return (
        column.physical_type == "BYTE_ARRAY"
        and (column.has_dictionary_page or any("DICTIONARY" in encoding for encoding in column.encodings))
        and min(rows, column.num_values) * column.total_uncompressed_size > UNPACKED_BYTES
        and not (rows * SHORT <= UNPACKED_BYTES and all_short(stream, column))
    )


def _longest(stream: pa.NativeFile, facts: pq.FileMetaData, groups: Sequence[int], index: int) -> int:
    """Bytes of the longest value in a column's dictionaries; 0 where its type is none of texts or bytes."""
    name = facts.schema.column(index).path
    # With a buffer of its own the reader fetches the first pages and not the whole column.
    file = pq.ParquetFile(stream, metadata=facts, read_dictionary=[name], pre_buffer=False, buffer_size=_PROBED_BYTES)
    longest = 0
    for group in groups:
        for batch in file.iter_batches(_PROBED_ROWS, [group], [name], use_threads=False):
            column = batch.column(0)
            while pa.types.is_struct(column.type):
                (column,) = column.flatten()
            if not pa.types.is_dictionary(column.type):
                return longest
            if len(column.dictionary):
                longest = max(longest, int(_lengths(column.dictionary).max()))
                break
    return longest


def _lengths(values: pa.Array) -> npt.NDArray[np.int64]:
    """Bytes of each value, 0 for null, shape (n,)."""
    lengths = pc.binary_length(values).fill_null(0).cast(pa.int64())
    found: npt.NDArray[np.int64] = lengths.to_numpy(zero_copy_only=False)
    return found


def _cuts(weights: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Where to cut rows so that no piece weighs too much, if it has more than one row."""
    ends = np.cumsum(weights)
    start = 0
    before = 0
    while start < len(weights):
        stop = max(int(np.searchsorted(ends, before + UNPACKED_BYTES, side="right")), start + 1)
        yield start, stop
        start = stop
        before = int(ends[stop - 1])


def unpacks(path: str, group: int, column: str) -> InputError:
    """The error of a row group that unpacks to far more than the file is, most of it in this column."""
    return InputError(
        f"this row group unpacks to more than {UNPACKED_TIMES} times the file's size, and this column to the most of it",
        _place(path, group, column),
        "If that is meant, write the column plain and less compressed, or leave it out",
    )


def _place(path: str, group: int, column: str) -> str:
    return f"{path}: row group {group}, column {column}"
