"""Resident identity numbers (居民身份证): 18 characters with a check character, or 15 digits.

GB 11643-1999; the check character is ISO 7064 MOD 11-2. The seventh to fourteenth characters are the birth date, so that a
number tells whether its holder is under fourteen (PIPL 28: sensitive). Also those of residents from Hong Kong, Macao and
Taiwan (81, 82, 83) and, since 2023, of permanent residents (9). No library: python-stdnum's ``cn.ric`` also wants a county
that existed in the birth year, by an incomplete list, and would pass over real numbers.
"""

import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.sizes import Bytes, by_size
from beam_deid.transforms.recognisers.recogniser import Recogniser
from beam_deid.transforms.recognisers.screen import Sign

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
_CHECKS = np.frombuffer(CHECKS.encode(), np.uint8)
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def is_id_card(text: str) -> bool:
    """Whether 15 or 18 characters are an identity number: a real birth date and, of 18, the right check character."""
    born = text[6:14] if len(text) == 18 else "19" + text[6:12]
    try:
        datetime.date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    if len(text) == 15:
        return True
    total = sum(int(digit) * weight for digit, weight in zip(text, WEIGHTS, strict=False))
    return CHECKS[total % 11] == text[17].upper()


def are_id_cards(texts: pa.Array) -> Bools:
    """The same for a column, shape (n,), none null, of texts that `ID_CARD`'s pattern matches."""
    mask = np.zeros(len(texts), bool)
    for group in by_size(texts):
        year, month, day = _born(group.bytes)
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        most = np.where((month == 2) & ~leap, 28, _DAYS[np.clip(month, 0, 12)])
        sound = (month >= 1) & (month <= 12) & (day >= 1) & (day <= most)
        if group.size == 18:
            total = (group.bytes[:, :17].astype(np.int64) - ord("0")) @ np.array(WEIGHTS)
            sound &= _CHECKS[total % 11] == np.where(group.bytes[:, 17] == ord("x"), ord("X"), group.bytes[:, 17])
        mask[group.rows] = sound
    return mask


def birth_dates(texts: pa.Array) -> pa.Array:
    """The birth dates in identity numbers, shape (n,), as date32; null where a text is no identity number."""
    good = ID_CARD.valid(texts)
    # Fifteen digits have two for the year, all of the last century.
    long = pc.replace_substring_regex(texts.filter(good), "^([0-9]{6})([0-9]{6})[0-9]{3}$", r"\119\2")
    long = pc.replace_substring_regex(long, "^[0-9]{6}([0-9]{4})([0-9]{2})([0-9]{2}).*$", r"\1-\2-\3")
    return pc.replace_with_mask(pa.nulls(len(texts), pa.date32()), good, pc.cast(long, pa.date32()))


def under_14(texts: pa.Array, on: datetime.date) -> pa.Array:
    """Whether the holders of identity numbers, shape (n,), are under fourteen on a day; null where there is no number."""
    last = datetime.date(on.year - 14, on.month, min(on.day, 28) if on.month == 2 else on.day)
    return pc.greater(birth_dates(texts), pa.scalar(last, pa.date32()))


def _born(numbers: Bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    digits = numbers.astype(np.int64) - ord("0")
    at = 8 if numbers.shape[1] == 18 else 6
    year = digits[:, at] * 10 + digits[:, at + 1] + (digits[:, 6:8] @ np.array([1000, 100]) if at == 8 else 1900)
    return year, digits[:, at + 2] * 10 + digits[:, at + 3], digits[:, at + 4] * 10 + digits[:, at + 5]


ID_CARD = Recogniser(
    "id_card",
    # Two digits of the province, or of where else a resident is from.
    "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9])[0-9]{4}(?:(?:18|19|20)[0-9]{9}[0-9Xx]|[0-9]{9})",
    {Sign.DIGIT: 15},
    before="0-9",
    after="0-9",
    check=is_id_card,
    columnar=are_id_cards,
    source="GB 11643-1999, ISO 7064 MOD 11-2",
    links=True,
)
