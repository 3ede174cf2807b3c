"""Counter-based random numbers: a draw is a function of the seed, a stream's name and an index, and of nothing else.

There is no state, so any row can be drawn alone, in any order, on any machine. The mixing is the library's
own (splitmix64, see `beam_deid.transforms.columns.combining`); it is no cryptography.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints

Index = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_TO_SHARE = 2.0**-53


class Chance:
    """Seeded draws. Every method takes an index array of shape (n,), dtype int64, and returns n draws."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def bits(self, stream: str, index: Index) -> Fingerprints:
        """64 random bits each, dtype uint64."""
        return mix(index.view(np.uint64) * _GAMMA + _origin(self._seed, stream))

    def share(self, stream: str, index: Index) -> Shares:
        """Evenly from 0 inclusive to 1 exclusive, dtype float64."""
        return (self.bits(stream, index) >> np.uint64(11)).astype(np.float64) * _TO_SHARE

    def below(self, stream: str, index: Index, limit: int) -> Index:
        """Evenly from the whole numbers 0 to ``limit`` − 1; ``limit`` is at most 2³²."""
        return scaled(self.bits(stream, index) >> np.uint64(32), limit)

    def happens(self, stream: str, index: Index, share: float) -> npt.NDArray[np.bool_]:
        """True with probability ``share``."""
        return self.share(stream, index) < share


def scaled(draws: Fingerprints, limit: int) -> Index:
    """Bring 32-bit draws, shape (n,), to the whole numbers 0 to ``limit`` − 1."""
    return ((draws * np.uint64(limit)) >> np.uint64(32)).view(np.int64)


@lru_cache(maxsize=256)
def _origin(seed: int, stream: str) -> np.uint64:
    digest = hashlib.blake2b(f"{seed}/{stream}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


class Wheel:
    """A discrete distribution with given weights.

    Args:
        weights: Positive weight of each slot.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        totals = np.cumsum(np.asarray(weights, dtype=np.float64))
        self._ends = totals / totals[-1]

    def spin(self, shares: Shares) -> Index:
        """The slot of each share (n,) in [0, 1): int64 numbers, shape (n,)."""
        return np.searchsorted(self._ends, shares, side="right").astype(np.int64)
