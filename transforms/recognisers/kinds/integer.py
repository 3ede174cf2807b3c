"""Whole numbers of 64 bits."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

INTEGER = Kind(
    "integer",
    pa.int64(),
    category=None,
)
