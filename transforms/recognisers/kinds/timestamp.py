"""Times to the microsecond, without a zone."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

TIMESTAMP = Kind(
    "timestamp",
    pa.timestamp("us"),
    category=None,
    shared=True,
)
