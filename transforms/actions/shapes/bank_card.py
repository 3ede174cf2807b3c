"""Bank card numbers that keep their issuer and pass Luhn's check (ISO/IEC 7812-1)."""

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import ZERO, Changed, Shape, digits_of
from beam_deid.transforms.columns.characters import Codes
from beam_deid.transforms.crypto.ff1 import Ff1
from beam_deid.transforms.recognisers.bank_card import DOUBLED

_SHORTEST = 13
_LONGEST = 19


class BankCard(Shape):
    """13 to 19 digits that pass Luhn's check. The first ones stay and are the tweak; the check digit is made anew.

    Args:
        key: The key.
        keep_first: How many digits at the beginning stay: six name the issuer.
    """

    def __init__(self, key: bytes, keep_first: int = 6) -> None:
        self._first = keep_first
        self._cipher = Ff1(key, 10)

    def change(self, codes: Codes, *, backward: bool) -> Changed:
        """See `Shape.change`."""
        last = codes.shape[1] - 1
        if not _SHORTEST <= codes.shape[1] <= _LONGEST or last - self._first < self._cipher.least_length:
            return Changed(codes, np.zeros(len(codes), bool))
        numerals, sound = digits_of(codes)
        sound &= _check_digit(numerals[:, :last]) == numerals[:, last]
        tweaks = np.ascontiguousarray(codes[:, : self._first], np.uint8) if self._first else None
        crypt = self._cipher.decrypt if backward else self._cipher.encrypt
        numerals[:, self._first : last] = crypt(np.ascontiguousarray(numerals[:, self._first : last]), tweaks)
        numerals[:, last] = _check_digit(numerals[:, :last])
        return Changed(numerals + ZERO, sound)


def _check_digit(numerals: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Luhn's check digit of the digits before it, shape (m,)."""
    doubled = np.array(DOUBLED, np.uint16)[numerals[:, ::-1][:, ::2]]
    total = doubled.sum(axis=1) + numerals[:, ::-1][:, 1::2].sum(axis=1)
    return np.asarray((10 - total % 10) % 10, np.uint16)


BANK_CARD = ShapePreset("bank_card", BankCard, "another card number that passes Luhn's check", takes=("keep_first",))
