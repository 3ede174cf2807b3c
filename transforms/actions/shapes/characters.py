"""Characters of a declared alphabet, with some at both ends left as they are."""

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.actions.shapes.shape import Changed, Shape
from beam_deid.transforms.columns.characters import Codes
from beam_deid.transforms.columns.sizes import Bytes
from beam_deid.transforms.crypto.ff1 import Ff1

LONGEST = 512
"""Most characters that are encrypted in one value: FF1's arithmetic takes a time that grows with their square."""

Numerals = npt.NDArray[np.int32]

_DIGITS = "0123456789"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS = {
    "digits": _DIGITS,
    "hex": _DIGITS + "abcdef",
    "lowercase": _LOWER,
    "uppercase": _LOWER.upper(),
    "letters": _LOWER.upper() + _LOWER,
    "alphanumeric": _DIGITS + _LOWER.upper() + _LOWER,
    "hanzi": "".join(map(chr, range(0x4E00, 0xA000))),
}
"""Alphabets by name; ``hanzi`` are the unified ideographs U+4E00 to U+9FFF."""


class Characters(Shape):
    """FF1 over the characters of an alphabet. What is kept at the ends is the tweak.

    Args:
        key: The key.
        alphabet: Its characters, each once.
        keep_first: How many characters at the beginning stay.
        keep_last: How many at the end stay.
        keep_others: Whether characters between them that are not of the alphabet stay where they are; else a value
            that has any has not the format.
    """

    def __init__(
        self, key: bytes, alphabet: str, keep_first: int = 0, keep_last: int = 0, keep_others: bool = False
    ) -> None:
        self._cipher = Ff1(key, len(alphabet))
        self._letters = np.array([ord(letter) for letter in alphabet], np.uint32)
        # One place more, for all code points above.
        self._numerals = np.full(int(self._letters.max()) + 2, -1, np.int32)
        self._numerals[self._letters] = np.arange(len(alphabet))
        self._first = keep_first
        self._last = keep_last
        self._others = keep_others

    def change(self, codes: Codes, *, backward: bool) -> Changed:
        """See `Shape.change`."""
        end = codes.shape[1] - self._last
        if not self._cipher.least_length <= end - self._first <= LONGEST:
            return Changed(codes, np.zeros(len(codes), bool))
        inner = codes[:, self._first : end]
        numerals = self._numerals[np.minimum(inner, len(self._numerals) - 1)]
        tweaks = self._tweaks(codes, end)
        changed = codes.copy()
        known = numerals >= 0
        if known.all():
            changed[:, self._first : end] = self._crypt(numerals, tweaks, backward)
            return Changed(changed, np.ones(len(codes), bool))
        counts = known.sum(axis=1)
        sound = np.asarray((counts >= self._cipher.least_length) if self._others else known.all(axis=1))
        for count in np.unique(counts[sound]).tolist():
            rows = np.flatnonzero(sound & (counts == count))
            # Row by row, what is of the alphabet in each; so many in all of these rows.
            crypted = self._crypt(numerals[rows][known[rows]].reshape(-1, count), _of(tweaks, rows), backward)
            part = inner[rows]
            part[known[rows]] = crypted.reshape(-1)
            changed[rows, self._first : end] = part
        return Changed(changed, sound)

    def _crypt(self, numerals: Numerals, tweaks: Bytes | None, backward: bool) -> Codes:
        crypt = self._cipher.decrypt if backward else self._cipher.encrypt
        return self._letters[crypt(numerals.astype(np.uint16), tweaks)]

    def _tweaks(self, codes: Codes, end: int) -> Bytes | None:
        """What is kept, as UTF-32 in big-endian order, shape (m, 4 (first + last))."""
        if not self._first and not self._last:
            return None
        kept = np.concatenate([codes[:, : self._first], codes[:, end:]], axis=1)
        return np.ascontiguousarray(kept, ">u4").view(np.uint8)


def _of(tweaks: Bytes | None, rows: npt.NDArray[np.intp]) -> Bytes | None:
    return None if tweaks is None else tweaks[rows]


def alphabet_problem(letters: str) -> str | None:
    """What is wrong with the characters of an alphabet, or None."""
    if not 2 <= len(letters) <= 1 << 16:
        return "an alphabet has 2 to 65536 characters"
    if len(set(letters)) != len(letters):
        return "an alphabet names each character once"
    if any(ord(letter) < 0x20 or 0xD800 <= ord(letter) < 0xE000 for letter in letters):
        return "an alphabet has no control characters"
    return None
