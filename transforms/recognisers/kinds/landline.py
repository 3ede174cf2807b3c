"""Landline numbers of mainland China, with their area code."""

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers import landline
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.normal import Normal, spelt_as_number
from beam_deid.transforms.recognisers.screen import narrowed


def _from_here(texts: pa.Array) -> pa.Array:
    """Texts (n,) without China's code, as the number is called from inside the country: 0 and the area code."""
    return pc.replace_substring_regex(texts, r"\A(?:\+|00)860?([1-9][0-9]{8,})\z", r"0\1")


def _spelt(texts: pa.Array) -> pa.Array:
    """Texts (n,) as digits with the area code first, where they are a landline of mainland China and nothing else."""
    plain = spelt_as_number(pc.replace_substring(narrowed(texts), "＋", "+"))
    here = pc.replace_substring_regex(plain, r"\A\(?(0[1-9][0-9]{1,2})\)?[ -]?([0-9]{7,8})\z", r"\1\2")
    abroad = r"\A(?:\+|00)86[ -]?\(?0?([1-9][0-9]{1,2})\)?[ -]?([0-9]{7,8})\z"
    respelt = pc.replace_substring_regex(here, abroad, r"0\1\2")
    return pc.if_else(pc.equal(respelt, plain), spelt_as_number(texts), respelt)


LANDLINE = Kind(
    "landline",
    category="basic",
    identifies=True,
    grouped=True,
    respelled=_from_here,
    normal=Normal("without separators, called from inside the country, in ASCII digits", _spelt),
    recogniser=landline.LANDLINE,
    mask="landline",
)
