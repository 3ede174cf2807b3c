"""Decimals of eighteen digits, two of them after the point, such as amounts of money."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

DECIMAL = Kind(
    "decimal",
    pa.decimal128(18, 2),
    category=None,
)
