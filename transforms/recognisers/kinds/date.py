"""Dates."""

import pyarrow as pa

from beam_deid.transforms.recognisers.kinds.kind import Kind

DATE = Kind(
    "date",
    pa.date32(),
    category=None,
    shared=True,
)
