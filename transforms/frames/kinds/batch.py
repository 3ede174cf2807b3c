"""``pyarrow.RecordBatch``."""

from typing import Any

import pyarrow as pa

from beam_deid.transforms.frames.kinds.kind import FrameKind


class ArrowBatch(FrameKind):
    """Single batches of Arrow."""

    package = "pyarrow"

    def holds(self, data: Any) -> bool:
        """See `FrameKind`."""
        return isinstance(data, pa.RecordBatch)

    def to_arrow(self, data: Any) -> pa.Table:
        """See `FrameKind`."""
        return pa.Table.from_batches([data])

    def from_arrow(self, table: pa.Table, like: Any) -> pa.RecordBatch:
        """See `FrameKind`."""
        if not table.num_rows:
            return pa.RecordBatch.from_pylist([], schema=table.schema)
        return pa.concat_batches(table.to_batches())
