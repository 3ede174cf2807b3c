"""``pyarrow.RecordBatchReader``."""

from typing import Any

import pyarrow as pa

from beam_deid.transforms.frames.kinds.kind import FrameKind


class ArrowReader(FrameKind):
    """Streams of batches. All of a stream is held in memory, for records are read twice."""

    package = "pyarrow"

    def holds(self, data: Any) -> bool:
        """See `FrameKind`."""
        return isinstance(data, pa.RecordBatchReader)

    def to_arrow(self, data: Any) -> pa.Table:
        """See `FrameKind`."""
        return data.read_all()

    def from_arrow(self, table: pa.Table, like: Any) -> pa.RecordBatchReader:
        """See `FrameKind`."""
        return table.to_reader()
