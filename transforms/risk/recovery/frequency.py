"""Tokens matched to a known distribution by how often they occur: frequency analysis.

Equal values have equal tokens, so that a token keeps its value's frequency. The commonest token is taken for the commonest
value, the next for the next, and so on: Naveed, Kamara, Wright: Inference attacks on property-preserving encrypted databases
(2015), section 4.1. No assignment is likelier than this one: Lacharité, Paterson: A note on the optimality of frequency
analysis vs. ℓp-optimization (2015). Where frequencies tie, every order is as good; figures are then the mean over all of them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts

Numbers = npt.NDArray[np.float64]

_SURE = float(np.log(20.0))
"""A guess is taken for sure where exchanging it with a neighbour's would make the data 20 times less likely."""


@dataclass(frozen=True)
class Known:
    """How often values occur in the population, as the attacker knows it.

    Attributes:
        values: Fingerprint of each value, shape (v,), ascending, distinct.
        shares: Share of each, shape (v,), above 0.
    """

    values: Fingerprints
    shares: Numbers

    @classmethod
    def of(cls, values: Fingerprints, weights: Numbers) -> "Known":
        """From values with counts or shares, each (n,), none below 0: equal values are added up, and what never occurs left out."""
        numbers, distinct = codes(values)
        sums = np.bincount(numbers, weights=weights, minlength=len(distinct))
        order = np.argsort(distinct)
        order = order[sums[order] > 0]
        return cls(distinct[order], sums[order] / sums.sum() if len(order) else np.empty(0))


@dataclass(frozen=True)
class Matched:
    """The result of matching.

    Attributes:
        records: Records that have a token.
        tokens: Distinct tokens.
        known: Values of the known distribution.
        found_records: Of the records, those whose token was taken for its value rightly; where the truth is not known,
            those whose token's match is sure. A mean where frequencies tie.
        found_tokens: The same of the distinct tokens.
        rightly: Whether the truth was known.
    """

    records: int
    tokens: int
    known: int
    found_records: float
    found_tokens: float
    rightly: bool


def match(tokens: Fingerprints, counts: Counts, known: Known, origins: Fingerprints | None = None) -> Matched:
    """Match tokens to values by rank.

    Args:
        tokens: Token of each row, shape (n,).
        counts: Records of each row, shape (n,).
        known: What the attacker knows.
        origins: Fingerprint of the value that each row's token was made from, shape (n,); None where it is not known. A
            token of several values, as surrogates may be, is found as far as its records are of the value it is taken for.
    """
    numbers, distinct = codes(tokens)
    records = np.asarray(np.bincount(numbers, weights=counts, minlength=len(distinct)), np.float64)
    total = int(records.sum())
    many = len(distinct)
    if origins is None:
        sure = _sure(records, known.shares)
        return Matched(total, many, len(known.values), float(records[sure].sum()), float(sure.sum()), False)
    place = np.searchsorted(known.values, origins)
    there = np.flatnonzero(place < len(known.values))
    there = there[known.values[place[there]] == origins[there]]
    token = numbers[there]
    value = place[there]
    chance = _chance(_places(records), _places(known.shares), token, value)
    pairs, first = np.unique(token * max(len(known.values), 1) + value, return_index=True)
    found = float((chance * counts[there]).sum())
    return Matched(total, many, len(known.values), found, float(chance[first].sum()) if len(pairs) else 0.0, True)


def _places(weights: Numbers) -> tuple[Counts, Counts]:
    """The first place that each weight may take in descending order, and the one behind the last, each of shape (n,)."""
    ascending = np.sort(weights)
    above = len(weights) - np.searchsorted(ascending, weights, side="right")
    return above, len(weights) - np.searchsorted(ascending, weights, side="left")


def _chance(tokens: tuple[Counts, Counts], values: tuple[Counts, Counts], token: Counts, value: Counts) -> Numbers:
    """The chance that a token and a value take the same place, each any of its own with equal chance; shape (pairs,)."""
    (low, high) = (tokens[0][token], tokens[1][token])
    (first, last) = (values[0][value], values[1][value])
    common = np.maximum(np.minimum(high, last) - np.maximum(low, first), 0)
    return np.asarray(common / ((high - low) * (last - first)))


def _sure(records: Numbers, shares: Numbers) -> npt.NDArray[np.bool_]:
    """Which tokens (n,) have a match that is far likelier than exchanging it with either neighbour's."""
    sure = np.zeros(len(records), bool)
    order = np.argsort(-records, kind="stable")
    matched = min(len(records), len(shares))
    if matched == 0:
        return sure
    counts = records[order]
    logs = np.log(-np.sort(-shares))
    # Exchanging two neighbours' values multiplies the likelihood by e to minus this.
    gaps = (counts[: matched - 1] - counts[1:matched]) * (logs[: matched - 1] - logs[1:matched])
    if len(shares) > matched:  # the last token may have the next value, which nobody else has
        last = counts[matched - 1] * (logs[matched - 1] - logs[matched])
    else:  # or a token that has no value may have the last one
        last = np.inf if len(records) == matched or counts[matched - 1] > counts[matched] else 0.0
    apart = np.concatenate([[np.inf], gaps, [last]])
    sure[order[:matched]] = np.minimum(apart[:-1], apart[1:]) >= _SURE
    return sure
