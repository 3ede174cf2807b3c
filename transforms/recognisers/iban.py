"""International bank account numbers: the country, two check digits, and as many characters as the country's accounts have.

ISO 13616-1; the check digits are ISO 7064 MOD 97-10. The country's length is part of the pattern, so that of a thousand codes
which begin with a country's letters few have the form, and of these one in 97 passes. No library: python-stdnum's ``iban`` does
the same for one value at a time (LGPL).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import Bytes, by_size
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

COUNTRIES = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""The countries that have such numbers, by their length in characters; after the registry that SWIFT keeps."""

_DIGIT = np.int64(ord("0"))
_LETTER = np.int64(ord("A") - 10)
_HEAD = 4
_LETTERS = {letter: str(value) for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 10)}


def is_iban(text: str) -> bool:
    """Whether the characters of a text, without blanks, leave 1 when they are divided by 97, the first four put last."""
    plain = text.replace(" ", "").upper()
    turned = plain[_HEAD:] + plain[:_HEAD]
    return int("".join(_LETTERS.get(character, character) for character in turned)) % 97 == 1


def are_ibans(texts: pa.Array) -> Bools:
    """The same for a column, shape (n,), none null, of texts that `IBAN`'s pattern matches."""
    mask = np.zeros(len(texts), bool)
    for group in by_size(pc.ascii_upper(pc.replace_substring(texts, " ", ""))):
        mask[group.rows] = _remainders(group.bytes) == 1
    return mask


def _remainders(characters: Bytes) -> npt.NDArray[np.int64]:
    """What numbers of m rows, shape (m, size), leave when they are divided by 97, character by character."""
    turned = np.concatenate([characters[:, _HEAD:], characters[:, :_HEAD]], axis=1).astype(np.int64)
    values = np.where(turned >= ord("A"), turned - _LETTER, turned - _DIGIT)
    left = np.zeros(len(values), np.int64)
    for column in values.T:
        left = (left * np.where(column > 9, 100, 10) + column) % 97
    return left


def _of_length(length: int, countries: str) -> str:
    """The pattern of the numbers of some countries, written in one piece or in groups of four."""
    groups, rest = divmod(length - _HEAD, 4)
    last = f" ?[0-9A-Z]{{{rest}}}" if rest else ""
    return f"(?:{countries.replace(' ', '|')})[0-9]{{2}}(?: ?[0-9A-Z]{{4}}){{{groups}}}{last}"


IBAN = Recogniser(
    "iban",
    f"(?i:{'|'.join(_of_length(length, countries) for length, countries in COUNTRIES.items())})",
    {Sign.DIGIT: 6, Sign.WORD: 15},
    before="0-9A-Za-z",
    after="0-9A-Za-z",
    check=is_iban,
    columnar=are_ibans,
    source="ISO 13616-1; ISO 7064 MOD 97-10",
    links=True,
)
