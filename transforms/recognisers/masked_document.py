"""ID card and bank card numbers that somebody masked: 1****************2, 330106********1234, 6222 **** **** 1234."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign
from beam_deid.transforms.terms import Recoverability, Role

_SHORTEST = 15


def _is_long(text: str) -> bool:
    return sum(character not in " -" for character in text) >= _SHORTEST


def _are_long(texts: pa.Array) -> Bools:
    length = pc.binary_length(pc.replace_substring_regex(texts, "[ -]", ""))
    return np.asarray(pc.greater_equal(length, _SHORTEST).to_numpy(zero_copy_only=False))


MASKED_DOCUMENT = Recogniser(
    "masked_document",
    r"[1-9](?:[0-9]{0,5}\*{8,17}[0-9]{0,4}[0-9Xx])|[3-6][0-9]{3}(?:[ -]?\*{4}){2,3}[ -]?[0-9]{3,4}",
    {Sign.STAR: 8, Sign.DIGIT: 2},
    before="0-9*",
    after="0-9*A-Za-z",
    check=_is_long,
    columnar=_are_long,
    role=Role.QUASI,
    recoverability=Recoverability.PARTIAL,
    kind="id_card",
)
