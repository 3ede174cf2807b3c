"""How record batches cross a stage boundary: one-batch Arrow IPC streams, not pickles.

Beam would pickle a batch, and a slice's pickle carries the whole parent; IPC carries the slice alone.
"""

from typing import Any

import apache_beam as beam
import pyarrow as pa


class RecordBatchCoder(beam.coders.Coder):
    """`pyarrow.RecordBatch` as an Arrow IPC stream. Deterministic for equal batches."""

    def encode(self, value: pa.RecordBatch) -> bytes:
        """The batch with its schema."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, value.schema) as writer:
            writer.write_batch(value)
        return bytes(sink.getvalue())

    def decode(self, encoded: bytes) -> pa.RecordBatch:
        """The batch, without a copy of its buffers."""
        with pa.ipc.open_stream(encoded) as reader:
            return reader.read_next_batch()

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


beam.coders.registry.register_coder(pa.RecordBatch, RecordBatchCoder)
