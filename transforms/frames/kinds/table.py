"""``pyarrow.Table``."""

from typing import Any

import pyarrow as pa

from beam_deid.transforms.frames.kinds.kind import FrameKind


class ArrowTable(FrameKind):
    """Tables of Arrow. What comes back has the label in the metadata of its schema, as a part in a file has."""

    package = "pyarrow"

    def holds(self, data: Any) -> bool:
        """See `FrameKind`."""
        return isinstance(data, pa.Table)

    def to_arrow(self, data: Any) -> pa.Table:
        """See `FrameKind`."""
        return data

    def from_arrow(self, table: pa.Table, like: Any) -> pa.Table:
        """See `FrameKind`."""
        return table
