"""Record batches and tables as bytes: Arrow IPC streams, the same for equal batches."""

import pyarrow as pa


def to_ipc(data: pa.RecordBatch | pa.Table) -> bytes:
    """A batch or a table with its schema as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write(data)
    return bytes(sink.getvalue())


def from_ipc(encoded: bytes) -> pa.RecordBatch:
    """The batch of a stream that `to_ipc` made of one, without a copy of its buffers."""
    with pa.ipc.open_stream(encoded) as reader:
        return reader.read_next_batch()


def table_from_ipc(encoded: bytes) -> pa.Table:
    """The table of a stream that `to_ipc` made, without a copy of its buffers."""
    with pa.ipc.open_stream(encoded) as reader:
        return reader.read_all()
