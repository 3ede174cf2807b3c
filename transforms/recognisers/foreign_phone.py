"""Telephone numbers outside mainland China: with a + and the country's code, or as North America writes them.

Such as +852 9010 6600, +44 7700 900000, (415) 550-0000. Without a + a number may be anything. ``phonenumbers`` would know every
country's plan, value by value; here the form is enough.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign


def _is_long(text: str) -> bool:
    return 9 <= sum("0" <= character <= "9" for character in text) <= 15


def _are_long(texts: pa.Array) -> Bools:
    digits = pc.binary_length(pc.replace_substring_regex(texts, "[^0-9]", ""))
    return np.asarray(pc.and_(pc.greater_equal(digits, 9), pc.less_equal(digits, 15)).to_numpy(zero_copy_only=False))


FOREIGN_PHONE = Recogniser(
    "foreign_phone",
    r"\+(?:[2-7]|9|1[ -(]|8[1-57-9])[0-9]{0,2}[ -]?(?:\([0-9]{1,4}\)[ -]?)?[0-9]{2,4}(?:[ -]?[0-9]{2,4}){1,3}"
    r"|\+85[23][ -]?[0-9]{8}|\([2-9][0-9]{2}\) ?[2-9][0-9]{2}-[0-9]{4}",
    {Sign.DIGIT: 9},
    before="0-9.",
    after="0-9.%",
    check=_is_long,
    columnar=_are_long,
    source="ITU-T E.123; E.164",
    links=True,
)
