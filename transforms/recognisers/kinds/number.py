"""Numbers with or without a fraction, as floating point of 64 bits."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

NUMBER = Kind(
    "number",
    pa.float64(),
    category=None,
)
