"""Columns that lie beside a file: what rows of other tables lend each of its rows, found before the run and kept on disk."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.run.spill_batches import SpilledBatches

ROW = "row"
"""The column that says a row's number in its file."""


@dataclass(frozen=True)
class Beside:
    """Columns beside one shard.

    Attributes:
        schema: The columns: names and types.
        rows: The rows with their numbers, in buckets that follow each other in the file.
        buckets: The buckets that are of this shard.
    """

    schema: pa.Schema
    rows: SpilledBatches
    buckets: range


class BesideReader:
    """Reads what lies beside a shard, batch by batch as the shard itself is read, and holds little more than one batch needs.

    Args:
        beside: The columns.
    """

    def __init__(self, beside: Beside) -> None:
        self._beside = beside
        self._buckets = iter(beside.buckets)
        self._held: list[pa.Table] = []
        self._last = -1

    def columns(self, rows: npt.NDArray[np.int64], wanted: Sequence[str]) -> dict[str, pa.Array]:
        """The columns of some rows.

        Args:
            rows: Their numbers in the file, shape (n,), ascending, none of them below any that was asked for before.
            wanted: Names of columns.

        Returns:
            The columns, shape (n,) each.

        Raises:
            InternalFault: A row has nothing beside it, not even nulls.
            OutputError: What was set aside cannot be read.
        """
        if not len(rows):
            return {name: pa.nulls(0, self._beside.schema.field(name).type) for name in wanted}
        self._hold(int(rows[0]), int(rows[-1]))
        held = pa.concat_tables(self._held).combine_chunks()
        numbers = held.column(ROW).to_numpy()
        places = np.minimum(np.searchsorted(numbers, rows), len(numbers) - 1)
        if not np.array_equal(numbers[places], rows):
            raise InternalFault("a row has nothing beside it", "beside")
        taken = held.select(list(wanted)).take(pa.array(places))
        return {name: _whole(taken.column(name)) for name in wanted}

    def _hold(self, first: int, last: int) -> None:
        """Hold the rows between two, and let go of those before."""
        self._held = [one for one in self._held if one.column(ROW)[-1].as_py() >= first]
        while self._last < last:
            bucket = next(self._buckets, None)
            if bucket is None:
                raise InternalFault("a row has nothing beside it", "beside")
            pieces = list(self._beside.rows.read(bucket))
            if pieces:
                table = pa.Table.from_batches(pieces)
                self._held.append(table.sort_by(ROW))
                self._last = int(self._held[-1].column(ROW)[-1].as_py())


def _whole(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else pa.concat_arrays(column.chunks)


class Lent:
    """The wanted columns that lie beside a shard.

    Args:
        shard: The shard.
        wanted: The columns that are wanted of it and of what lies beside it.

    Attributes:
        names: Those of them that lie beside it.
    """

    def __init__(self, shard: Shard, wanted: Sequence[str]) -> None:
        self._wanted = tuple(wanted)
        beside = [one for one in shard.beside if isinstance(one, Beside)]
        here = [(one, [name for name in wanted if name in one.schema.names]) for one in beside]
        self._readers = [(BesideReader(one), names) for one, names in here if names]
        self.names = frozenset(name for _, names in self._readers for name in names)

    def own(self, fields: Iterable[str]) -> tuple[str, ...]:
        """The wanted columns of the shard itself; one of its ``fields`` where none is wanted, for rows are known by columns."""
        own = tuple(name for name in self._wanted if name not in self.names)
        return own or tuple(itertools.islice((name for name in fields if name not in self.names), 1))

    def columns(self, rows: npt.NDArray[np.int64]) -> dict[str, pa.Array]:
        """The columns of some rows: see `BesideReader.columns`."""
        return {name: column for reader, names in self._readers for name, column in reader.columns(rows, names).items()}
