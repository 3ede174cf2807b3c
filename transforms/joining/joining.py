"""Rows joined with the rows of another table that they refer to, in buckets of keys: no step holds more than one bucket of them.

Both sides are set aside by their keys. In each bucket the referring rows get what the other ones lend them, and are set aside
again, now by their place in their own table, beside which a run reads them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.partition import MOST_BUCKETS, bucket_of
from beam_deid.transforms.errors import InputError, InternalFault
from beam_deid.transforms.joining.keys import KeyPrinter
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.tables import Join
from beam_deid.transforms.run.beside import ROW, Beside
from beam_deid.transforms.run.shards import Prepared
from beam_deid.transforms.run.spill_batches import BatchWriter, SpilledBatches
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.treat.typed import TypedBatch, read_typed

ROWS = 1 << 19
"""Rows of the other table in a bucket."""

_FIRST = "first"
_SECOND = "second"
_PLACE = "place"


class Referred(NamedTuple):
    """How the rows of a table refer to another one.

    Attributes:
        rows: The rows.
        nulls: How many of them refer to nothing.
        dangling: How many refer to a row that is not there.
    """

    rows: int
    nulls: int
    dangling: int


@dataclass(frozen=True)
class Found:
    """What a join found.

    Attributes:
        beside: By number of a shard what lies beside it.
        referred: How its rows refer to the other table.
    """

    beside: Mapping[int, Beside]
    referred: Referred


@dataclass(frozen=True)
class _Places:
    """The places of a table's rows: batch after batch of each shard.

    Attributes:
        of: By number of a shard its places.
        rows: All rows.
        nulls: How many of them have no key.
    """

    of: Mapping[int, range]
    rows: int
    nulls: int


def join(child: Prepared, parent: Prepared, by: Join, folder: SpillFolder, name: str) -> Found:
    """Find what rows of another table lend the rows of a table.

    Args:
        child: The table.
        parent: The other one, with whatever lies beside it.
        by: How the table refers to it.
        folder: Where rows wait. What is found stays there.
        name: A name for its files, which no other join has.

    Raises:
        InputError: A key stands in several rows of the other table; or a file cannot be read.
        OutputError: Rows cannot be set aside.
    """
    buckets = max(1, min(MOST_BUCKETS, -(-parent.most_rows // ROWS)))
    printer = KeyPrinter()
    schema = pa.schema([(here, child.job.type_of(here)) for here in by.lent])
    lending = _set_lending_aside(parent, by, printer, buckets, schema, folder.file(f"{name}-lending"))
    asking, places = _set_asking_aside(child, by, printer, buckets, folder.file(f"{name}-asking"))
    met = _meet(lending, asking, buckets, schema, by, folder.file(f"{name}-met"))
    for file in (lending, asking):
        file.remove()
    own = {shard.index: places.of.get(shard.index, range(0)) for shard in child.shards}
    beside = {shard: Beside(schema, met.rows.only(some), some) for shard, some in own.items()}
    return Found(beside, Referred(places.rows, places.nulls, places.rows - places.nulls - met.matched))


def _set_lending_aside(
    parent: Prepared, by: Join, printer: KeyPrinter, buckets: int, schema: pa.Schema, path: str
) -> SpilledBatches:
    """Set the rows of the other table aside by their keys, with what they lend. A row without a key is nobody's to refer to."""
    wanted = tuple(dict.fromkeys([by.key, *by.lent.values()]))
    with BatchWriter(path) as writer:
        for _, batch in _batches(parent, wanted):
            columns = batch.records.columns
            keys = printer.prints(columns[by.key])
            lent = {here: columns[there].cast(schema.field(here).type) for here, there in by.lent.items()}
            rows = pa.RecordBatch.from_pydict({_FIRST: keys.first, _SECOND: keys.second, **lent})
            bucket = bucket_of(keys.first[keys.there], buckets).astype(np.int64)
            writer.add(bucket, rows.filter(pa.array(keys.there)))
        return writer.finish()


def _set_asking_aside(
    child: Prepared, by: Join, printer: KeyPrinter, buckets: int, path: str
) -> tuple[SpilledBatches, _Places]:
    """Set the places of a table's rows aside by what they refer to."""
    begins: dict[int, list[int]] = {}
    rows = 0
    nulls = 0
    with BatchWriter(path) as writer:
        for place, (shard, batch) in enumerate(_batches(child, (by.field,))):
            keys = printer.prints(batch.records.columns[by.field])
            asking = {
                _FIRST: keys.first,
                _SECOND: keys.second,
                _PLACE: np.full(len(batch.records), place, np.int64),
                ROW: batch.records.rows,
            }
            writer.add(bucket_of(keys.first, buckets).astype(np.int64), pa.RecordBatch.from_pydict(asking))
            begins.setdefault(shard, []).append(place)
            rows += len(batch.records)
            nulls += int(np.count_nonzero(~keys.there))
        asked = writer.finish()
    of = {shard: range(own[0], own[-1] + 1) for shard, own in begins.items()}
    return asked, _Places(of, rows, nulls)


def _batches(table: Prepared, columns: tuple[str, ...]) -> Iterator[tuple[int, TypedBatch]]:
    """Some columns of a table, with the number of the shard of each batch. What cannot be read in a column is null."""
    for shard in table.shards:
        for batch in read_typed(shard, table.job, columns, spare=columns):
            if len(batch.records):
                yield shard.index, batch


@dataclass(frozen=True)
class _Met:
    """Rows with what they are lent, by their places, and how many of them are lent something."""

    rows: SpilledBatches
    matched: int


def _meet(
    lending: SpilledBatches, asking: SpilledBatches, buckets: int, schema: pa.Schema, by: Join, path: str
) -> _Met:
    """Bring both sides together, bucket by bucket; of the rows that ask, however many have one key, a piece at a time."""
    matched = 0
    repeated = 0
    with BatchWriter(path) as writer:
        for bucket in range(buckets):
            lenders = _Lenders(list(lending.read(bucket)), schema)
            repeated += lenders.repeated
            for piece in asking.read(bucket):
                found, rows = lenders.lend(piece)
                matched += found
                writer.add(piece.column(_PLACE).to_numpy(), rows)
        if repeated:
            raise _not_unique(by, repeated)
        return _Met(writer.finish(), matched)


class _Lenders:
    """The rows of one bucket of the other table, each key once.

    Args:
        pieces: Their pieces.
        schema: What they lend.

    Attributes:
        repeated: How many rows have the key of another one.
    """

    def __init__(self, pieces: list[pa.RecordBatch], schema: pa.Schema) -> None:
        keys = pa.schema([(_FIRST, pa.uint64()), (_SECOND, pa.uint64())])
        held = pa.Table.from_batches(pieces, pa.schema([*keys, *schema])).combine_chunks()
        first = held.column(_FIRST).to_numpy()
        order = np.argsort(first, kind="stable")
        self._first = first[order]
        self._second = held.column(_SECOND).to_numpy()[order]
        self._lent = held.select(schema.names).take(pa.array(order)).combine_chunks()
        alike = self._first[1:] == self._first[:-1]
        if np.any(alike & (self._second[1:] != self._second[:-1])):
            raise InternalFault("two keys have one fingerprint by chance", "joining", "Run again")
        self.repeated = int(np.count_nonzero(alike))

    def lend(self, asking: pa.RecordBatch) -> tuple[int, pa.RecordBatch]:
        """What some rows are lent: how many of them anything, and the rows by their numbers, with nulls for the others."""
        places, found = self._places(asking.column(_FIRST).to_numpy(), asking.column(_SECOND).to_numpy())
        taken = self._lent.take(pa.array(places, mask=~found)) if len(self._first) else None
        lent = {
            field.name: pa.nulls(len(found), field.type) if taken is None else taken.column(field.name).combine_chunks()
            for field in self._lent.schema
        }
        return int(np.count_nonzero(found)), pa.RecordBatch.from_pydict({ROW: asking.column(ROW), **lent})

    def _places(self, first: Fingerprints, second: Fingerprints) -> tuple[npt.NDArray[np.intp], Bools]:
        """The place of the row with each key (n,), and whether there is one."""
        if not len(self._first):
            return np.zeros(len(first), np.intp), np.zeros(len(first), bool)
        places = np.minimum(np.searchsorted(self._first, first), len(self._first) - 1)
        return places, (self._first[places] == first) & (self._second[places] == second)


def _not_unique(by: Join, repeated: int) -> InputError:
    rows = "1 row has" if repeated == 1 else f"{repeated:,} rows have"
    return InputError(
        f"{rows} the {bare(by.key)} of another row, and {bare(by.field)} of another table refers to one row",
        f"table {by.parent}",
        "Leave one row for each key in its files, or name another key under tables",
    )
