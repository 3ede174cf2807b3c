"""Tokens matched to a known distribution by how often they occur: frequency analysis.

Equal values have equal tokens, so that a token keeps its value's frequency. The commonest token is taken for the commonest
value, the next for the next, and so on: Naveed, Kamara, Wright: Inference attacks on property-preserving encrypted databases
(2015), section 4.1. No assignment is likelier than this one: Lacharité, Paterson: A note on the optimality of frequency
analysis vs. ℓp-optimization (2015). Where frequencies tie, every order is as good; figures are then the mean over all of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.histogram import Counts, tally

Numbers = npt.NDArray[np.float64]

UNKNOWN = np.uint64(2**64 - 1)
"""The place of a value that is not known."""
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

    @cached_property
    def ties(self) -> "HowOften":
        """How many values have which share."""
        return HowOften.of(self.shares)

    def places(self, values: Fingerprints) -> Fingerprints:
        """The place of each of some values among these, or `UNKNOWN`, shape (n,)."""
        if not len(self.values):
            return np.full(len(values), UNKNOWN)
        place = np.minimum(np.searchsorted(self.values, values), len(self.values) - 1)
        return np.where(self.values[place] == values, place.view(np.uint64), UNKNOWN)


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
    records = tally(numbers, counts, len(distinct))
    if origins is None:
        sure = _sure(records.astype(np.float64), known.shares)
        total = int(records.sum())
        return Matched(total, len(distinct), len(known.values), float(records[sure].sum()), float(sure.sum()), False)
    pairs = Belongings.of(numbers.view(np.uint64), known.places(origins), counts)
    often = HowOften.of(records)
    hits = Hits.of(records[pairs.values.view(np.int64)], pairs.holders, pairs.records, often, known)
    return hits.matched(often, known)


class HowOften(NamedTuple):
    """How many tokens, or values, have each weight, and the places that they share if the heaviest has the first, from 0.

    Attributes:
        weights: The distinct weights, ascending, shape (d,).
        many: How many have each, shape (d,).
    """

    weights: npt.NDArray[Any]
    many: Counts

    @classmethod
    def of(cls, weights: npt.NDArray[Any]) -> "HowOften":
        """From the weight of each, shape (n,)."""
        return cls(*np.unique(weights, return_counts=True))

    @classmethod
    def merge(cls, parts: Sequence["HowOften"]) -> "HowOften":
        """Add up what was counted of parts."""
        weights, each = np.unique(np.concatenate([part.weights for part in parts]), return_inverse=True)
        return cls(weights, tally(each, np.concatenate([part.many for part in parts]), len(weights)))

    @property
    def behind(self) -> Counts:
        """The place behind the last that each weight may have, shape (d,)."""
        return np.cumsum(self.many[::-1])[::-1]

    def of_each(self, weights: npt.NDArray[Any]) -> Counts:
        """Which of the weights each of others is, shape (n,); all of them are among these."""
        return np.searchsorted(self.weights, weights)


class Hits(NamedTuple):
    """Tokens that may be taken for their value, by the weights of both; all of shape (h,). Parts of the tokens are merged.

    Attributes:
        token: The weight of tokens, as the number that it has in `HowOften`.
        value: That of values.
        records: How many records have such a token, made from such a value.
        tokens: How many pairs of a token and its value there are.
    """

    token: Counts
    value: Counts
    records: Counts
    tokens: Counts

    @classmethod
    def of(cls, often: Counts, values: Fingerprints, records: Counts, tokens: HowOften, known: Known) -> "Hits":
        """Count pairs of a token and its value, each pair once.

        Args:
            often: How often each pair's token occurs, shape (pairs,).
            values: The place of its value among those that are known, or `UNKNOWN`, shape (pairs,).
            records: The records of each pair, shape (pairs,).
            tokens: How many tokens occur how often.
            known: What the attacker knows.
        """
        there = values != UNKNOWN
        ties = known.ties
        token = tokens.of_each(often[there])
        value = ties.of_each(known.shares[values[there].view(np.int64)])
        chance = _chance(tokens, ties, token, value) > 0
        ones = np.ones(int(chance.sum()), np.int64)
        return cls.merge([cls(token[chance], value[chance], records[there][chance], ones)])

    @classmethod
    def merge(cls, parts: Sequence["Hits"]) -> "Hits":
        """Add up parts that have no pair in common."""
        token, value, records, tokens = (np.concatenate(each) for each in zip(*parts, strict=True))
        pairs, each = np.unique(np.stack([token, value]), axis=1, return_inverse=True)
        each = each.reshape(-1)
        many = pairs.shape[1]
        return cls(pairs[0], pairs[1], tally(each, records, many), tally(each, tokens, many))

    def matched(self, tokens: HowOften, known: Known) -> Matched:
        """The result, where these are the hits of all tokens."""
        chance = _chance(tokens, known.ties, self.token, self.value)
        return Matched(
            records=int((tokens.weights * tokens.many).sum()),
            tokens=int(tokens.many.sum()),
            known=len(known.values),
            found_records=float((chance * self.records).sum()),
            found_tokens=float((chance * self.tokens).sum()),
            rightly=True,
        )


def _chance(tokens: HowOften, values: HowOften, token: Counts, value: Counts) -> Numbers:
    """The chance that a token and a value take the same place, each any of its own with equal chance; shape (pairs,).

    Args:
        tokens: How many tokens occur how often.
        values: How many values have which share.
        token: Number of the weight of each pair's token, shape (pairs,).
        value: Number of that of its value, shape (pairs,).
    """
    last = tokens.behind[token]
    their_last = values.behind[value]
    first = last - tokens.many[token]
    their_first = their_last - values.many[value]
    common = np.maximum(np.minimum(last, their_last) - np.maximum(first, their_first), 0)
    return np.asarray(common / (tokens.many[token] * values.many[value]))


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
