"""Bank card numbers: 16 to 19 digits, an issuer's first digits, and Luhn's check digit.

ISO/IEC 7812-1. One in ten other numbers of that length passes Luhn's check, so only the first digits of issuers that
are in use count: UnionPay (62), Visa (4), Mastercard (51–55) and JCB (35); order numbers mostly begin otherwise.
No library: python-stdnum's ``luhn`` is the same sum for one value at a time, and knows no issuers of China.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import by_size
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_DOUBLED = np.array(DOUBLED, np.uint8)


def is_luhn(text: str) -> bool:
    """Whether the digits of a text pass Luhn's check."""
    digits = [int(character) for character in text if character.isdigit()]
    total = sum(DOUBLED[digit] if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def are_luhn(texts: pa.Array) -> Bools:
    """The same for a column of digits, spaces and dashes, shape (n,), none null."""
    mask = np.zeros(len(texts), bool)
    for group in by_size(pc.replace_substring_regex(texts, "[ -]", "")):
        digits = group.bytes[:, ::-1] - np.uint8(ord("0"))
        total = digits[:, ::2].sum(axis=1, dtype=np.int64) + _DOUBLED[digits[:, 1::2]].sum(axis=1, dtype=np.int64)
        mask[group.rows] = total % 10 == 0
    return mask


BANK_CARD = Recogniser(
    "bank_card",
    r"62[0-9]{14,17}|(?:4[0-9]{3}|5[1-5][0-9]{2}|35[2-8][0-9])[0-9]{12}|"
    r"(?:62[0-9]{2}|4[0-9]{3}|5[1-5][0-9]{2}|35[2-8][0-9])(?:[ -][0-9]{4}){3}(?:[ -]?[0-9]{1,3})?",
    {Sign.DIGIT: 16},
    before="0-9.",
    after="0-9.",
    check=is_luhn,
    columnar=are_luhn,
    source="ISO/IEC 7812-1",
    links=True,
)
