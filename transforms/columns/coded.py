"""Columns of keys of which there are few, as numbers of the distinct ones: a fraction of the memory."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, narrow


@dataclass(frozen=True)
class Coded:
    """A column of keys.

    Attributes:
        numbers: The number of each row's key, shape (n,), in the smallest type that holds them.
        distinct: The keys, shape (d,).
    """

    numbers: npt.NDArray[np.integer]
    distinct: Fingerprints

    @classmethod
    def of(cls, keys: Fingerprints) -> "Coded":
        """Number the keys of a column, shape (n,)."""
        numbers, distinct = codes(keys)
        return cls(narrow(numbers, len(distinct)), distinct)

    @classmethod
    def joined(cls, parts: Sequence["Coded"]) -> "Coded":
        """Put parts of a column one behind the other; one at least."""
        distinct = np.unique(np.concatenate([part.distinct for part in parts]))
        own = [narrow(np.searchsorted(distinct, part.distinct), len(distinct)) for part in parts]
        numbers = [places[part.numbers] for places, part in zip(own, parts, strict=True)]
        return cls(np.concatenate(numbers), distinct)

    @property
    def keys(self) -> Fingerprints:
        """The key of each row, shape (n,)."""
        return np.asarray(self.distinct[self.numbers])
