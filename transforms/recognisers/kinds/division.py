"""Administrative divisions of China: provinces, cities, districts."""

from beam_deid.transforms.recognisers.kinds.kind import Kind

DIVISION = Kind(
    "division",
    category="location",
    shared=True,
    surrogate="city",
)
