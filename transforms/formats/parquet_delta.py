"""Columns of a Parquet file that write of each value only what differs from the one before (DELTA_BYTE_ARRAY).

A value costs a few bits there however long it is, and how long it is nobody knows before it is read. But none is longer than
the page that it stands in, so these columns are read in so few rows at once that even such values fit, weighed, and
put together again. Arrow does not read them as dictionaries.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_deid.transforms.formats.parquet_dictionary import longest_page
from beam_deid.transforms.formats.parquet_weight import unpacks
from beam_deid.transforms.storage.limits import UNPACKED_BYTES, unpacks_too_much

_ENCODING = "DELTA_BYTE_ARRAY"
_PIECE_BYTES = UNPACKED_BYTES // 4  # Arrow takes several times as much as it gives


def delta_columns(
    stream: pa.NativeFile, facts: pq.FileMetaData, groups: Sequence[int], columns: Sequence[str]
) -> dict[str, int]:
    """The columns that are written so, and the bytes that no value of each is longer than.

    Args:
        stream: The file.
        facts: The file's footer.
        groups: The row groups that will be read.
        columns: The columns that will be read.
    """
    found = {}
    wanted = frozenset(columns)
    for index in range(facts.num_columns):
        described = facts.schema.column(index)
        if described.path in wanted and described.physical_type == "BYTE_ARRAY":
            chunks = [facts.row_group(group).column(index) for group in groups]
            if any(_ENCODING in chunk.encodings for chunk in chunks):
                found[described.path] = max(longest_page(stream, chunk) for chunk in chunks)
    return found


def rows_at_once(longest: Iterable[int], rows: int) -> int:
    """How many rows to read at once, ``rows`` or fewer, where the longest value of each column has so many bytes."""
    return min(rows, max(1, _PIECE_BYTES // max(sum(longest), 1)))


class Joining:
    """Puts pieces of such columns beside the batches of the others, and stops where they weigh far more than the file.

    Args:
        pieces: These columns, few rows at once.
        groups: The number of each row group that is read, and how many rows are in it.
        size: Bytes of the file.
        path: For messages.
    """

    def __init__(
        self, pieces: Iterator[pa.RecordBatch], groups: Sequence[tuple[int, int]], size: int, path: str
    ) -> None:
        self._pieces = pieces
        self._groups = groups
        self._size = size
        self._path = path
        self._left: pa.RecordBatch | None = None
        self._totals: dict[str, int] = {}
        self._rows = 0

    def join(self, batches: Iterable[pa.RecordBatch], names: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The batches with these columns, those that would weigh too much in several.

        Args:
            batches: The other columns.
            names: All columns, in the order that they are to be given in.

        Raises:
            InputError: Together the values weigh far more than the file.
            pa.ArrowInvalid: The columns have not all the same number of rows.
        """
        for batch in batches:
            start = 0
            while start < batch.num_rows:
                found = self._gathered(batch.num_rows - start)
                others = batch.slice(start, found.num_rows)
                arrays = [(found if name in self._totals else others).column(name) for name in names]
                yield pa.RecordBatch.from_arrays(arrays, names=list(names))
                start += found.num_rows
        if self._left is not None or next(self._pieces, None) is not None:
            raise pa.ArrowInvalid("columns of different lengths")

    def _gathered(self, rows: int) -> pa.RecordBatch:
        """The next ``rows`` rows, or as many as do not weigh too much."""
        taken: list[pa.RecordBatch] = []
        count = weight = 0
        while count < rows:
            piece = self._left or self._next()
            weight += sum(map(_weight, piece.columns))
            if taken and weight > UNPACKED_BYTES:
                self._left = piece
                break
            self._left = piece.slice(rows - count) if piece.num_rows > rows - count else None
            taken.append(piece.slice(0, rows - count))
            count += taken[-1].num_rows
        (whole,) = pa.Table.from_batches(taken).combine_chunks().to_batches()
        return whole

    def _next(self) -> pa.RecordBatch:
        piece = next(self._pieces, None)
        if piece is None:
            raise pa.ArrowInvalid("columns of different lengths")
        for name, column in zip(piece.schema.names, piece.columns, strict=True):
            self._totals[name] = self._totals.get(name, 0) + _weight(column)
        if unpacks_too_much(self._size, sum(self._totals.values())):
            ends = np.cumsum([rows for _, rows in self._groups])
            group, _ = self._groups[int(np.searchsorted(ends, self._rows, side="right"))]
            raise unpacks(self._path, group, max(self._totals, key=lambda name: self._totals[name]))
        self._rows += piece.num_rows
        return piece


def _weight(column: pa.Array) -> int:
    """Bytes of the values of a column; 0 for numbers, which are short whatever the file says."""
    kind = column.type
    if pa.types.is_string_view(kind):
        column = column.cast(pa.large_string())
    elif not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    ):
        return 0
    return int(pc.sum(pc.binary_length(column)).as_py() or 0)
