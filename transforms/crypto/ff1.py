"""FF1 format-preserving encryption (NIST SP 800-38G rev. 1) of the values of a column.

Names follow the standard: a numeral string of n numerals is cut into halves of u and v numerals, b is the size of a
half in bytes and d that of the round function's number. Halves are held as numbers in the base radix^k, the largest
for which all arithmetic fits 64 bits, so that short values (a mobile number, an ID card) are one integer a half.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.aes import Aes, as_words
from beam_deid.transforms.columns.sizes import BLOCK, Bytes, Words

LEAST_DOMAIN = 1_000_000
"""Fewest values that a domain may have (SP 800-38G rev. 1, 5.1): below it all of them can be tried."""
MOST_RADIX = 1 << 16
ROUNDS = 10
_LARGEST_BASE = 1 << 46
_MOST_NUMBERS = 1 << 62

Numerals = npt.NDArray[np.uint16]
Number = list[npt.NDArray[np.uint64]]
"""A column of numbers as digits in the base radix^k, the lowest digit first, each of shape (m,)."""


def least_length(radix: int) -> int:
    """The fewest numerals that a value of this radix must have."""
    length = 2
    while radix**length < LEAST_DOMAIN:
        length += 1
    return length


class Ff1:
    """FF1 under one key for numerals of one radix. It cannot be pickled.

    Args:
        key: 16, 24 or 32 bytes.
        radix: How many numerals there are, 2 to 65,536.

    Raises:
        ValueError: The radix is out of bounds.
    """

    __slots__ = ("_aes", "_layout", "least_length", "radix")

    def __init__(self, key: bytes, radix: int) -> None:
        if not 2 <= radix <= MOST_RADIX:
            raise ValueError(f"the radix is {radix}; FF1 takes 2 to {MOST_RADIX}")
        self._aes = Aes(key)
        self.radix = radix
        self.least_length = least_length(radix)
        self._layout: Callable[[int, int], _Layout] = lru_cache(maxsize=256)(self._make_layout)

    def encrypt(self, numerals: Numerals, tweaks: Bytes | None = None) -> Numerals:
        """Encrypt numeral strings of one length.

        Args:
            numerals: uint16 array, shape (m, n), each below the radix; n at least `least_length`.
            tweaks: uint8 array, shape (m, t) or (1, t) for one tweak for all; none if not given.

        Raises:
            ValueError: The strings are too short for the radix, or a numeral is not below it.
        """
        return self._apply(numerals, tweaks, backward=False)

    def decrypt(self, numerals: Numerals, tweaks: Bytes | None = None) -> Numerals:
        """Undo `encrypt`."""
        return self._apply(numerals, tweaks, backward=True)

    def _apply(self, numerals: Numerals, tweaks: Bytes | None, *, backward: bool) -> Numerals:
        length = numerals.shape[1]
        if length < self.least_length:
            raise ValueError(f"values of {length} numerals of radix {self.radix} are too few to hide among")
        if self.radix < MOST_RADIX and numerals.size and int(numerals.max()) >= self.radix:
            raise ValueError(f"a numeral is not below the radix {self.radix}")
        layout = self._layout(length, 0 if tweaks is None else tweaks.shape[1])
        first = layout.number(numerals[:, : layout.u])
        second = layout.number(numerals[:, layout.u :])
        first, second = self._rounds(layout, first, second, tweaks, backward)
        result = np.empty(numerals.shape, np.uint16)
        layout.write(first, result[:, : layout.u])
        layout.write(second, result[:, layout.u :])
        return result

    def permute(
        self, numbers: Words, below: int, tweaks: Bytes | None = None, *, backward: bool = False
    ) -> npt.NDArray[np.uint64]:
        """Permute the numbers from 0 to ``below`` − 1, by walking cycles over the next power of two.

        For an instance of radix 2. Walking leaves the permutation as strong as FF1 (Black and Rogaway, Ciphers with
        arbitrary finite domains, CT-RSA 2002).

        Args:
            numbers: uint64 array, shape (m,), each less than ``below``.
            below: 10⁶ to 2⁶².
            tweaks: As for `encrypt`.
            backward: Whether to undo it.

        Raises:
            ValueError: The domain is too small or too large, or a number is not in it.
        """
        if self.radix != 2:
            raise ValueError(f"the radix is {self.radix}; numbers are permuted with radix 2")
        if not LEAST_DOMAIN <= below <= _MOST_NUMBERS:
            raise ValueError(f"{below} values are too few to hide among, or more than fit a word")
        if len(numbers) and int(numbers.max()) >= below:
            raise ValueError(f"a number is not below {below}")
        layout = self._layout((below - 1).bit_length(), 0 if tweaks is None else tweaks.shape[1])
        low = np.uint64((1 << layout.v) - 1)
        found = numbers.copy()
        walking = np.arange(len(numbers))
        while len(walking):
            here = found[walking]
            part = tweaks if tweaks is None or len(tweaks) == 1 else tweaks[walking]
            first, second = self._rounds(layout, [here >> np.uint64(layout.v)], [here & low], part, backward)
            found[walking] = (first[0] << np.uint64(layout.v)) | second[0]
            walking = walking[found[walking] >= np.uint64(below)]
        return found

    def _make_layout(self, length: int, tweak: int) -> "_Layout":
        return _Layout(self.radix, length, tweak)

    def _rounds(
        self, layout: "_Layout", first: Number, second: Number, tweaks: Bytes | None, backward: bool
    ) -> tuple[Number, Number]:
        start = self._start(layout, tweaks, len(first[0]))
        for number in range(ROUNDS - 1, -1, -1) if backward else range(ROUNDS):
            numerals = layout.u if number % 2 == 0 else layout.v
            if backward:
                drawn = layout.reduced(self._drawn(layout, start, number, first), numerals)
                first, second = layout.minus(second, drawn, numerals), first
            else:
                drawn = layout.reduced(self._drawn(layout, start, number, second), numerals)
                first, second = second, layout.plus(first, drawn, numerals)
        return first, second

    def _start(self, layout: "_Layout", tweaks: Bytes | None, rows: int) -> Words:
        """The state of the CBC-MAC before what changes with the rounds, shape (m, 2) or (1, 2)."""
        state = as_words(self._aes.block(layout.head)).reshape(1, 2)
        if tweaks is None or tweaks.shape[1] == 0:
            fixed = np.zeros((1, layout.size), np.uint8)
        else:
            fixed = np.zeros((len(tweaks), layout.size), np.uint8)
            fixed[:, : tweaks.shape[1]] = tweaks
        words = fixed.view("<u8")
        for block in range(layout.size // BLOCK - layout.moving):
            state = self._aes(state ^ words[:, 2 * block : 2 * block + 2])
        # What is fixed of the first moving block can be taken in before it moves.
        block = layout.size // BLOCK - layout.moving
        start: Words = state ^ words[:, 2 * block : 2 * block + 2]
        return start

    def _drawn(self, layout: "_Layout", start: Words, number: int, half: Number) -> Words:
        """The round function's blocks, shape (m, 2 ⌈d / 16⌉)."""
        if layout.short:
            blocks = np.empty((len(half[0]), 2), np.uint64)
            blocks[:, 0] = start[:, 0]
            moving = half[0] | np.uint64(number << (8 * layout.b))
            np.bitwise_xor(moving.byteswap(), start[:, 1], out=blocks[:, 1])
            state = self._aes(blocks)
        else:
            moving_bytes = np.zeros((len(half[0]), layout.moving * BLOCK), np.uint8)
            moving_bytes[:, -layout.b :] = layout.in_bytes(half)
            moving_bytes[:, -layout.b - 1] = number
            words = moving_bytes.view("<u8")
            state = self._aes(start ^ words[:, :2])
            for column in range(2, words.shape[1], 2):
                state = self._aes(state ^ words[:, column : column + 2])
        if layout.d <= BLOCK:
            return state
        numbers = range(1, -(-layout.d // BLOCK))
        more = [self._aes(state ^ as_words(number.to_bytes(BLOCK, "big"))) for number in numbers]
        return np.concatenate([state, *more], axis=1)


@dataclass
class _Layout:
    """Everything that follows from the radix and the lengths of value and tweak, in numerals and in bytes."""

    radix: int
    length: int
    tweak: int

    def __post_init__(self) -> None:
        self.u = self.length // 2
        self.v = self.length - self.u
        self.b = -(-((self.radix**self.v - 1).bit_length()) // 8)
        self.d = 4 * -(-self.b // 4) + 4
        self.size = -(-(self.tweak + self.b + 1) // BLOCK) * BLOCK
        self.moving = self.size // BLOCK - (self.size - self.b - 1) // BLOCK
        self.k = max(k for k in range(1, 47) if self.radix**k <= _LARGEST_BASE)
        self.short = self.v <= self.k  # a half is one integer
        self.head = (
            bytes([1, 2, 1])
            + self.radix.to_bytes(3, "big")
            + bytes([ROUNDS, self.u % 256])
            + self.length.to_bytes(4, "big")
            + self.tweak.to_bytes(4, "big")
        )

    def bases(self, numerals: int) -> list[int]:
        """The base of each digit of a number of so many numerals, the lowest first."""
        whole, rest = divmod(numerals, self.k)
        return [self.radix**self.k] * whole + ([self.radix**rest] if rest else [])

    def number(self, numerals: Numerals) -> Number:
        """NUM: numerals, the highest first, as a number."""
        digits = []
        end = numerals.shape[1]
        while end:
            begin = max(0, end - self.k)
            digit = numerals[:, begin].astype(np.uint64)
            for place in range(begin + 1, end):
                digit *= np.uint64(self.radix)
                digit += numerals[:, place]
            digits.append(digit)
            end = begin
        return digits

    def write(self, number: Number, numerals: Numerals) -> None:
        """STR: a number as numerals, into ``numerals``."""
        place = numerals.shape[1]
        radix = np.uint64(self.radix)
        for digit in number:
            rest = digit
            for _ in range(min(self.k, place)):
                place -= 1
                above = rest // radix
                numerals[:, place] = rest - above * radix
                rest = above

    def in_bytes(self, number: Number) -> Bytes:
        """A number as b bytes, the highest first, shape (m, b)."""
        limbs = [np.zeros(len(number[0]), np.uint64) for _ in range(-(-self.b // 2))]
        base = np.uint64(self.radix**self.k)
        for digit in reversed(number):
            carry = digit
            for place, limb in enumerate(limbs):
                moved = limb * base + carry
                limbs[place] = moved & np.uint64(0xFFFF)
                carry = moved >> np.uint64(16)
        written = np.stack(limbs[::-1], axis=1).astype(">u2").view(np.uint8)
        return written[:, written.shape[1] - self.b :]

    def reduced(self, drawn: Words, numerals: int) -> Number:
        """The first d bytes of the round function's blocks as a number, modulo radix^numerals."""
        bases = self.bases(numerals)
        if self.d == 8 and len(bases) == 1:
            return [_divided(drawn[:, 0].byteswap(), bases[0])[1]]
        limbs = [limb.astype(np.uint64) for limb in drawn.view(np.uint8)[:, : self.d].view(">u2").T]
        digits = []
        for base in bases:
            rest = np.zeros(len(drawn), np.uint64)
            for place, limb in enumerate(limbs):
                limbs[place], rest = _divided((rest << np.uint64(16)) | limb, base)
            digits.append(rest)
        return digits

    def plus(self, one: Number, other: Number, numerals: int) -> Number:
        """A sum modulo radix^numerals."""
        digits: Number = []
        carry: Words = np.zeros(1, np.uint64)
        for a, b, base in zip(one, other, self.bases(numerals), strict=True):
            total = a + b + carry
            over = total >= np.uint64(base)
            digits.append(total - over * np.uint64(base))
            carry = over.astype(np.uint64)
        return digits

    def minus(self, one: Number, other: Number, numerals: int) -> Number:
        """A difference modulo radix^numerals."""
        digits: Number = []
        borrow: Words = np.zeros(1, np.uint64)
        for a, b, base in zip(one, other, self.bases(numerals), strict=True):
            taken = b + borrow
            under = a < taken
            digits.append(a + under * np.uint64(base) - taken)
            borrow = under.astype(np.uint64)
        return digits


def _divided(numbers: Words, base: int) -> tuple[Words, Words]:
    # Dividing by one number is a multiplication in numpy; its remainder is not.
    quotient = numbers // np.uint64(base)
    return quotient, numbers - quotient * np.uint64(base)
