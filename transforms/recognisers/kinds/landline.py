"""Landline numbers of mainland China, with their area code."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers import landline
from beam_deid.transforms.recognisers.kinds.kind import Kind


def _from_here(texts: pa.Array) -> pa.Array:
    """Texts (n,) without China's code, as the number is called from inside the country: 0 and the area code."""
    return pc.replace_substring_regex(texts, r"\A(?:\+|00)860?([1-9][0-9]{8,})\z", r"0\1")


LANDLINE = Kind(
    "landline",
    identifies=True,
    grouped=True,
    respelled=_from_here,
    recogniser=landline.LANDLINE,
    mask="landline",
)
