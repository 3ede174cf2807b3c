"""Resident identity numbers (居民身份证) that stay valid: province, birth date, check character (GB 11643-1999)."""

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field

from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import ZERO, Changed, Shape, digits_of, number_of, numerals_of
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.characters import Codes
from beam_deid.transforms.crypto.ff1 import Ff1
from beam_deid.transforms.recognisers.id_card import CHECKS, WEIGHTS

# The provinces of GB/T 2260, with Taiwan's second code for residents of the mainland.
_PROVINCES = np.array(
    [
        11,
        12,
        13,
        14,
        15,
        21,
        22,
        23,
        31,
        32,
        33,
        34,
        35,
        36,
        37,
        41,
        42,
        43,
        44,
        45,
        46,
        50,
        51,
        52,
        53,
        54,
        61,
        62,
        63,
        64,
        65,
        71,
        81,
        82,
        83,
    ],
    np.uint64,
)
_PLACES = np.full(100, -1, np.int64)
_PLACES[_PROVINCES] = np.arange(len(_PROVINCES))
_REGIONS = 10**4
_NUMBERS = 10**3
_FIRST = np.datetime64("1900-01-01", "D").astype(np.int64)
_DAYS = {
    18: np.datetime64("2100-01-01", "D").astype(np.int64) - _FIRST,
    15: np.datetime64("2000-01-01", "D").astype(np.int64) - _FIRST,
}

Ints = npt.NDArray[np.int64]


class IdCardOptions(BaseModel):
    """The options of the preset ``id_card``."""

    keep_birth: bool | None = Field(None, description="Whether an ID card keeps its birth date; true if not given")


class IdCard(Shape):
    """Eighteen characters with their check character, or fifteen digits; born from 1900 on.

    Region and sequence number are permuted together, within the provinces that exist. The birth date stays and is the
    tweak; or it is permuted with them, to another date that exists. The check character is made anew. A small x is
    taken for X and restored as X.

    Args:
        key: The key.
        keep_birth: Whether the birth date stays.
    """

    def __init__(self, key: bytes, keep_birth: bool = True) -> None:
        self._keep = keep_birth
        self._cipher = Ff1(key, 2)

    def change(self, codes: Codes, *, backward: bool) -> Changed:
        """See `Shape.change`."""
        length = codes.shape[1]
        if length not in _DAYS:
            return Changed(codes, np.zeros(len(codes), bool))
        birth = slice(6, 14 if length == 18 else 12)
        body = 17 if length == 18 else 15
        numerals, sound = digits_of(codes[:, :body])
        places = _PLACES[number_of(numerals[:, :2])]
        days, real = _day(numerals[:, birth])
        sound &= (places >= 0) & real
        if length == 18:
            given = np.where(codes[:, 17] == ord("x"), np.uint32(ord("X")), codes[:, 17])
            sound &= given == _check(numerals)
        inner = number_of(numerals[:, 2:6]) * np.uint64(_NUMBERS) + number_of(numerals[:, birth.stop : body])
        below = len(_PROVINCES) * _REGIONS * _NUMBERS
        numbers = np.where(sound, places, 0).astype(np.uint64) * np.uint64(_REGIONS * _NUMBERS) + inner
        tweaks = None
        if self._keep:
            tweaks = np.ascontiguousarray(codes[:, birth], np.uint8)
        else:
            numbers += np.where(sound, days, 0).astype(np.uint64) * np.uint64(below)
            below *= int(_DAYS[length])
        permuted = self._cipher.permute(numbers, below, tweaks, backward=backward)
        if not self._keep:
            whole = np.uint64(len(_PROVINCES) * _REGIONS * _NUMBERS)
            numerals[:, birth] = _birth((permuted // whole).astype(np.int64), birth.stop - birth.start)
            permuted = permuted % whole
        region = _PROVINCES[permuted // np.uint64(_REGIONS * _NUMBERS)]
        numerals[:, :2] = numerals_of(region, 2)
        numerals[:, 2:6] = numerals_of(permuted // np.uint64(_NUMBERS) % np.uint64(_REGIONS), 4)
        numerals[:, birth.stop : body] = numerals_of(permuted % np.uint64(_NUMBERS), 3)
        changed = codes.copy()
        changed[:, :body] = numerals + ZERO
        if length == 18:
            changed[:, 17] = _check(numerals)
        return Changed(changed, sound)


def _check(numerals: npt.NDArray[np.uint16]) -> Codes:
    """Check characters of 17 numerals, as code points (ISO 7064 MOD 11-2)."""
    total = numerals.astype(np.int64) @ np.array(WEIGHTS)
    characters: Codes = np.array([ord(letter) for letter in CHECKS], np.uint32)[total % 11]
    return characters


def _day(numerals: npt.NDArray[np.uint16]) -> tuple[Ints, Bools]:
    """Days since 1900-01-01 of dates written in eight digits, or in six of the 20th century; and which exist."""
    year = number_of(numerals[:, :-4]).astype(np.int64) + (0 if numerals.shape[1] == 8 else 1900)
    month, day = (number_of(numerals[:, at : at + 2 or None]).astype(np.int64) for at in (-4, -2))
    real = (year >= 1900) & (year < 2100) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(real, (year - 1970) * 12 + month - 1, 0)
    begin, end = (np.asarray(m.astype("M8[M]").astype("M8[D]").astype(np.int64)) for m in (months, months + 1))
    real &= day <= end - begin
    return np.where(real, begin + day - 1 - _FIRST, 0), real


def _birth(days: Ints, width: int) -> npt.NDArray[np.uint16]:
    """Days since 1900-01-01 as dates in so many digits."""
    dates = (days + _FIRST).astype("M8[D]")
    months = dates.astype("M8[M]").astype(np.int64)
    day = (dates - dates.astype("M8[M]")).astype(np.int64) + 1
    year = months // 12 + 1970
    month = months % 12 + 1
    return numerals_of(((year * 100 + month) * 100 + day).astype(np.uint64), 8)[:, 8 - width :]


ID_CARD = ShapePreset("id_card", IdCard, "another identity number with a right check character", adds=IdCardOptions)
