"""What a part of a release must know of the whole: who has each sensitive value, over all records that are left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.inference import Holders

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """How the pairs of a person and a value spread over the groups around a sensitive field, by one identity.

    Attributes:
        pairs: Pairs of a group and a person of it who has each value, shape (v,), int64.
        least: Distinct values of the poorest group that has a person, nulls left out; None where no group has one.
    """

    pairs: Counts
    least: int | None

    @classmethod
    def merge(cls, parts: Sequence["Spread"]) -> "Spread":
        """Merge parts that have no group in common, over the same values. Merging is associative."""
        told = [part.least for part in parts if part.least is not None]
        return cls(np.sum([part.pairs for part in parts], axis=0), min(told, default=None))


@dataclass(frozen=True)
class ValueReference:
    """Who has each value of a sensitive field. Arrays are of shape (v,).

    Attributes:
        keys: The key of each value, ascending, null among them if a record has it.
        holders: By each identity, persons who have each value.
        spreads: By each identity of which figures are told, how persons with a value spread over groups.
    """

    keys: Fingerprints
    holders: tuple[Holders, ...]
    spreads: tuple[Spread, ...]

    def holders_of(self, keys: Fingerprints) -> tuple[Holders, ...]:
        """The same of some values, shape (m,); nobody has those that are not among them."""
        return tuple(
            Holders(one.everybody, self._of(one.held, keys), one.nobody, self._of(one.nobody_held, keys))
            for one in self.holders
        )

    def overall(self, identity: int, keys: Fingerprints) -> Shares:
        """The share of all pairs of a group's person and a value that each of some values has, shape (m,)."""
        pairs = self.spreads[identity].pairs
        return np.asarray(self._of(pairs, keys) / max(int(pairs.sum()), 1))

    def held_by(self, identity: int, keys: Fingerprints) -> Shares:
        """The share of all persons who have each of some values, shape (m,)."""
        one = self.holders[identity]
        return np.asarray(self._of(one.held, keys) / max(one.everybody, 1))

    def base_rate(self, null: np.uint64) -> float:
        """The greatest share of all persons who have one value, by any identity, with those of nobody known and without them.

        Args:
            null: The key of null, which is no value.
        """
        values = self.keys != null
        rates = [0.0]
        for one in self.holders:
            held = one.held[values]
            if one.everybody:
                rates.append(float(held.max(initial=0) / one.everybody))
            if one.nobody:
                more = held + one.nobody_held[values]
                rates.append(float(more.max(initial=0) / (one.everybody + one.nobody)))
        return max(rates)

    def _of(self, counts: Counts, keys: Fingerprints) -> Counts:
        """Counts (v,) of the values as counts of some values, shape (m,)."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64)
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, counts[place], 0)

    def rarest(self) -> float | None:
        """The least share of all persons who have a value that anybody has, by any identity of which figures are told.

        None where nobody is known. It is one for all identities, since a part of the groups may have nobody by some of them.
        """
        told = [(one.held[one.held > 0], one.everybody) for one in self.holders[: len(self.spreads)]]
        shares = [float(held.min() / everybody) for held, everybody in told if len(held)]
        return min(shares, default=None)


@dataclass(frozen=True)
class References:
    """What parts of a release must know of the whole.

    Attributes:
        counted: Whether persons can be counted: every identity names somebody.
        values: Of each sensitive field, with values that differ in spelling only as one.
        written: Of each sensitive field, with values as they are written.
    """

    counted: bool
    values: Mapping[str, ValueReference]
    written: Mapping[str, ValueReference]
