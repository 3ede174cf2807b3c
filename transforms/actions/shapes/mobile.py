"""Mobile numbers of mainland China that stay mobile numbers."""

import numpy as np
from pydantic import BaseModel, Field

from beam_deid.transforms.actions.shapes.preset import ShapePreset
from beam_deid.transforms.actions.shapes.shape import ZERO, Changed, Shape, digits_of, number_of, numerals_of
from beam_deid.transforms.columns.characters import Codes
from beam_deid.transforms.crypto.ff1 import Ff1

_LENGTH = 11
_PREFIX = 3
_HEADS = ("+86", "+86 ", "+86-", "86", "86 ", "86-", "0086", "0086 ", "0086-")
_BELOW = 7 * 10**9  # 13000000000 to 19999999999


class MobileOptions(BaseModel):
    """The options of the preset ``mobile``."""

    keep_prefix: bool | None = Field(
        None, description="Whether a mobile keeps its first three digits; true if not given"
    )


class Mobile(Shape):
    """Eleven digits from 13000000000 on, alone or after +86, 86 or 0086, which stay as they are.

    With the prefix kept, the first three digits stay and are the tweak, and the other eight are encrypted; else all
    seven thousand million numbers are permuted.

    Args:
        key: The key.
        keep_prefix: Whether the first three digits stay.
    """

    def __init__(self, key: bytes, keep_prefix: bool = True) -> None:
        self._keep = keep_prefix
        self._cipher = Ff1(key, 10 if keep_prefix else 2)

    def change(self, codes: Codes, *, backward: bool) -> Changed:
        """See `Shape.change`."""
        head = codes.shape[1] - _LENGTH
        if head < 0:
            return Changed(codes, np.zeros(len(codes), bool))
        numerals, sound = digits_of(codes[:, head:])
        sound &= (numerals[:, 0] == 1) & (numerals[:, 1] >= 3) & _is_head(codes[:, :head])
        if self._keep:
            tweaks = np.ascontiguousarray(codes[:, head : head + _PREFIX], np.uint8)
            crypt = self._cipher.decrypt if backward else self._cipher.encrypt
            crypted = crypt(numerals[:, _PREFIX:], tweaks)
        else:
            numbers = np.where(sound, number_of(numerals[:, 1:]) - np.uint64(3 * 10**9), np.uint64(0))
            permuted = self._cipher.permute(numbers, _BELOW, backward=backward)
            crypted = numerals_of(permuted + np.uint64(3 * 10**9), _LENGTH - 1)
        changed = codes.copy()
        changed[:, codes.shape[1] - crypted.shape[1] :] = crypted + ZERO
        return Changed(changed, sound)


def _is_head(codes: Codes) -> np.ndarray:
    length = codes.shape[1]
    known = [[ord(letter) for letter in head] for head in _HEADS if len(head) == length]
    found = np.full(len(codes), length == 0)
    for head in known:
        found |= (codes == np.array(head, np.uint32)).all(axis=1)
    return found


MOBILE = ShapePreset("mobile", Mobile, "another mobile number", dialled=True, adds=MobileOptions)
