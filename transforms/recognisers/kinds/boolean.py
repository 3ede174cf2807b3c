"""True or false."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

BOOLEAN = Kind(
    "boolean",
    pa.bool_(),
    category=None,
    shared=True,
)
