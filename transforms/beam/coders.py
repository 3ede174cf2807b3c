"""How our elements cross a stage boundary.

Record batches do as one-batch Arrow IPC streams: Beam would pickle a batch, and a slice's pickle carries the whole parent.
Facts do as pickles, but are never encoded just to be measured, which Beam does on every edge of the graph.
"""

import pickle
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_deid.transforms.beam.told import Evidence, Rejected, RejectedRow, ReleaseLabel, WrittenRelease
from beam_deid.transforms.columns.ipc import from_ipc, table_from_ipc, to_ipc
from beam_deid.transforms.dataset.counted import Counted
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.first_read import FirstRead
from beam_deid.transforms.run.job import Given
from beam_deid.transforms.run.schema import Schemas


class RecordBatchCoder(beam.coders.Coder):
    """`pyarrow.RecordBatch` as an Arrow IPC stream. Deterministic for equal batches."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        """The batch with its schema."""
        return to_ipc(value)

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """The batch, without a copy of its buffers."""
        return from_ipc(encoded)

    def estimate_size(self, value: pa.RecordBatch) -> int:
        """Bytes of the batch; Beam samples sizes, and this spares it an encoding."""
        return int(value.nbytes)

    def is_deterministic(self) -> bool:
        """Equal batches have equal bytes."""
        return True

    def to_type_hint(self) -> Any:
        """The type that this codes."""
        return pa.RecordBatch

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class TableCoder(RecordBatchCoder):
    """`pyarrow.Table` as an Arrow IPC stream of all its batches."""

    def encode(self, value: pa.Table) -> bytes:
        """The table with its schema."""
        return to_ipc(value)

    def decode(self, encoded: bytes) -> pa.Table:
        """The table, without a copy of its buffers."""
        return table_from_ipc(encoded)

    def to_type_hint(self) -> Any:
        """The type that this codes."""
        return pa.Table


class FactsCoder(beam.coders.Coder):
    """Our own dataclasses as pickles. They hold numpy arrays, which pickle as one block each."""

    def encode(self, value: Any) -> bytes:
        """The pickle."""
        return pickle.dumps(value, protocol=5)

    def decode(self, encoded: bytes) -> Any:
        """The value."""
        return pickle.loads(encoded)  # noqa: S301 - written by a worker of the same run

    def estimate_size(self, value: Any) -> int:
        """One: the true size would cost an encoding, and nothing depends on it."""
        return 1

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


def register_coders() -> None:
    """Tell Beam how our elements are coded. Whoever puts them on a pipeline calls it; workers find the coders in the graph."""
    beam.coders.registry.register_coder(pa.RecordBatch, RecordBatchCoder)
    beam.coders.registry.register_coder(pa.Table, TableCoder)
    for row in (Evidence, Rejected, RejectedRow, ReleaseLabel, WrittenRelease):
        beam.coders.registry.register_coder(row, beam.coders.RowCoder)
    for kind in (Counted, Decision, FirstRead, Given, RunFacts, Schemas, Shard):
        beam.coders.registry.register_coder(kind, FactsCoder)
