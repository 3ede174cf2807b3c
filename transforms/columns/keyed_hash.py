"""The contract of a keyed hash over a column."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Digests = npt.NDArray[np.uint8]


class KeyedHash(ABC):
    """A keyed hash under one key. It holds the key's state, so it is made on the worker and cannot be pickled.

    Equal values have equal digests: whoever has the key can compute the digest of any guess, and whoever sees the
    digests sees which values are equal and how often. Without the key neither value nor guess can be tested.

    Attributes:
        size: Bytes of a digest.
        per_value: Whether it is faster on every value than finding the distinct values first.
    """

    size: ClassVar[int]
    per_value: ClassVar[bool]

    @abstractmethod
    def digests(self, texts: pa.Array) -> Digests:
        """The digests of texts, as their UTF-8 bytes.

        Args:
            texts: Plain ``string`` or ``binary`` array without nulls, shape (n,).

        Returns:
            uint8 array, shape (n, size).
        """

    def numbers(self, texts: pa.Array, below: int) -> npt.NDArray[np.int64]:
        """A number from 0 to ``below`` − 1 for each text, from the first eight bytes of its digest.

        Args:
            texts: As for `digests`.
            below: At most 2³², so that no number is favoured by more than 2⁻³².

        Returns:
            int64 array, shape (n,).
        """
        words = np.ascontiguousarray(self.digests(texts)[:, :8]).view(">u8")[:, 0]
        return (words % np.uint64(below)).astype(np.int64)
