"""The contract of a shape: a format that encryption preserves."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.characters import Codes, by_length, letters_column
from beam_deid.transforms.columns.sizes import in_order

ZERO = np.uint32(ord("0"))


class Changed(NamedTuple):
    """What became of values of one length.

    Attributes:
        codes: uint32 array, shape (m, length): the new values.
        sound: Boolean array, shape (m,): which values had the format; what the others became means nothing.
    """

    codes: Codes
    sound: Bools


class Shape(ABC):
    """A format with the cipher of its values, under one key. It cannot be pickled."""

    @abstractmethod
    def change(self, codes: Codes, *, backward: bool) -> Changed:
        """Encrypt values of one length, or decrypt them.

        Args:
            codes: uint32 array, shape (m, length), length at least one.
            backward: Whether to decrypt.
        """

    def apply(self, texts: pa.Array, *, backward: bool) -> tuple[pa.Array, Bools]:
        """Encrypt or decrypt a column; null stays null, empty text empty.

        Args:
            texts: Plain ``string`` array, shape (n,).
            backward: Whether to decrypt.

        Returns:
            The values, null where they have not the format, and which rows those are, shape (n,).
        """
        wrong = np.zeros(len(texts), bool)
        parts = []
        for rows, codes in by_length(texts):
            if codes.shape[1]:
                codes, sound = self.change(codes, backward=backward)
                wrong[rows[~sound]] = True
                if not sound.all():
                    codes = np.where(sound[:, None], codes, ZERO)
            parts.append((rows, letters_column(codes)))
        valid = None
        if texts.null_count or wrong.any():
            valid = pa.array(texts.is_valid().to_numpy(zero_copy_only=False) & ~wrong)
        return in_order(parts, pa.string(), valid), wrong


def digits_of(codes: Codes) -> tuple[npt.NDArray[np.uint16], Bools]:
    """ASCII digits as numerals, shape (m, length), and which rows are digits throughout, shape (m,).

    What is no digit counts as 0.
    """
    numerals = codes - ZERO  # what is below "0" turns around and is large
    digit = numerals <= 9
    sound = np.asarray(digit.all(axis=1))
    return np.where(digit, numerals, 0).astype(np.uint16), sound


def number_of(numerals: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint64]:
    """Decimal numerals, shape (m, length), as numbers, shape (m,); at most 19 of them."""
    number = np.zeros(len(numerals), np.uint64)
    for place in range(numerals.shape[1]):
        number = number * np.uint64(10) + numerals[:, place]
    return number


def numerals_of(numbers: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.uint16]:
    """Numbers, shape (m,), as decimal numerals, shape (m, length)."""
    numerals = np.empty((len(numbers), length), np.uint16)
    for place in range(length - 1, -1, -1):
        above = numbers // np.uint64(10)
        numerals[:, place] = numbers - above * np.uint64(10)
        numbers = above
    return numerals
