"""What masks and pseudonyms still show of the values that they were made from, attacked and said in words.

The arithmetic of an attack has two ways, over rows at hand and in buckets; what is attacked, and what is said of it, has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.attack import KeylessAttack
from beam_deid.transforms.attack.frequencies import As, read_frequencies
from beam_deid.transforms.attack.recovery import frequency_recovery, match_tokens, recovery
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints
from beam_deid.transforms.columns.numbers import NULL
from beam_deid.transforms.label.evidence import Recovery
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import recoverability
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.recovery.frequency import Known, Matched
from beam_deid.transforms.risk.recovery.pseudonyms import (
    Recovered,
    by_frequency,
    by_intervals,
    singled_out,
    without_collision,
)
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.terms import Recoverability, Sharing


class Attacks(NamedTuple):
    """How a field is attacked.

    Attributes:
        mask: Whom what a mask leaves singles out.
        frequency: Which pseudonyms occur as often as no other does.
        surrogates: Which substitutes stand for one original only.
        intervals: Whom the intervals between shifted times single out.
    """

    mask: bool
    frequency: bool
    surrogates: bool
    intervals: bool


def attacks_on(policy: Policy, layout: Layout, name: str) -> Attacks:
    """How a field is attacked of which a mask left a part, or that holds pseudonyms without their key."""
    partial = recoverability(policy, layout.release, name) is Recoverability.PARTIAL
    attacks = policy.releases[layout.release].fields[name].attacks
    alone = name not in layout.matched
    return Attacks(
        mask=partial,
        frequency=not partial and KeylessAttack.FREQUENCY in attacks,
        surrogates=alone and KeylessAttack.SURROGATES in attacks,
        intervals=alone and KeylessAttack.INTERVALS in attacks,
    )


class FieldRemains(NamedTuple):
    """What a released field still shows of the values that it was made from, all arrays of shape (n,).

    Attributes:
        shown: The key of each released value.
        origin: The key of the value that each was made from; None where the attack does not need it.
        moment: The time of each released value as int64 in uint64; None for a field that holds no shifted times.
    """

    shown: Fingerprints
    origin: Fingerprints | None = None
    moment: Fingerprints | None = None


class Tokens(NamedTuple):
    """Tokens that are matched to a known distribution, with the values that they stand for, both of shape (n,)."""

    tokens: Fingerprints
    truth: Fingerprints


@dataclass(frozen=True)
class Remains:
    """What is attacked of the n kinds of records that are released.

    Attributes:
        fields: By field, what masks and pseudonyms still show.
        tokens: By field, tokens that are matched to a known distribution.
        counts: Records of each row, shape (n,), int64.
        subject: Subject of each row, shape (n,), or None.
        joined: Fewest subjects who share all quasi-identifiers.
    """

    fields: Mapping[str, FieldRemains]
    tokens: Mapping[str, Tokens]
    counts: Counts
    subject: Fingerprints | None
    joined: int

    def mask(self, name: str) -> tuple[Recovered, int]:
        """See `Attacked.mask`."""
        return singled_out(self.fields[name].shown, self.counts, self.subject)

    def frequency(self, name: str) -> Recovered:
        """See `Attacked.frequency`."""
        return by_frequency(self.fields[name].shown, self.counts)

    def surrogates(self, name: str) -> Recovered:
        """See `Attacked.surrogates`."""
        field = self.fields[name]
        assert field.origin is not None  # noqa: S101 - measured where this is asked for
        return without_collision(field.origin, field.shown)

    def intervals(self, name: str) -> Recovered | None:
        """See `Attacked.intervals`."""
        moment = self.fields[name].moment
        if moment is None or self.subject is None:
            return None
        moments = moment.view(np.int64)
        dated = moments != NULL
        return by_intervals(self.subject[dated], moments[dated])

    def matched(self, name: str, known: Known, key: FingerprintKey) -> Matched:
        """See `Attacked.matched`."""
        own = self.tokens[name]
        return match_tokens(own.tokens, own.truth, self.counts, known, key)


class Attacked(Protocol):
    """Released records as attacks see them; see `Attacks`."""

    @property
    def joined(self) -> int:
        """Fewest subjects who share all quasi-identifiers."""
        ...

    def mask(self, name: str) -> tuple[Recovered, int]:
        """Subjects whom a field's value alone singles out, and the fewest who share one; records where there is no subject."""
        ...

    def frequency(self, name: str) -> Recovered:
        """Pseudonyms of a field that occur as often as no other does."""
        ...

    def surrogates(self, name: str) -> Recovered:
        """Substitutes of a field that stand for one original only."""
        ...

    def intervals(self, name: str) -> Recovered | None:
        """Subjects whose intervals between the times of a field are nobody else's; None where there is no subject."""
        ...

    def matched(self, name: str, known: Known, key: FingerprintKey) -> Matched:
        """Tokens of a field matched to how often values are known to occur; ``key`` is that of all fingerprints."""
        ...


def remainder_recoveries(
    policy: Policy, layout: Layout, remains: Attacked, types: Mapping[str, pa.DataType], key: FingerprintKey
) -> list[Recovery]:
    """Attack what masks and pseudonyms still show.

    Args:
        policy: The policy.
        layout: What is measured of the release.
        remains: What is attacked.
        types: Type of each field of the source.
        key: The key of the remains' fingerprints.

    Raises:
        InputError: A table of frequencies cannot be read.
    """
    spec = policy.releases[layout.release]
    limit = 0.0 if spec.sharing is Sharing.PUBLIC else 0.05
    matched = {}
    for name in layout.matched:
        normal = policy.normal(name) if spec.fields[name].normalizes else None
        read = As(policy.reading(name), normal, types.get(name), policy.kind(name))
        known = read_frequencies(spec.frequencies[name], name, key, read)
        matched[name] = remains.matched(name, known, key)
    found = []
    for name in layout.remainders:
        attacks = attacks_on(policy, layout, name)
        if attacks.mask:
            found.append(_mask_recovery(name, remains))
        if attacks.frequency:
            found.append(_own_frequency_recovery(name, remains.frequency(name), matched.pop(name, None), limit))
        if attacks.surrogates:
            found.append(_surrogate_recovery(name, remains.surrogates(name)))
        intervals = remains.intervals(name) if attacks.intervals else None
        if intervals is not None:
            found.append(_interval_recovery(name, intervals, limit))
    # Whoever has the key needs no frequencies, so these have no limit and are only reported.
    return [*found, *(frequency_recovery(name, one, None) for name, one in matched.items())]


def _mask_recovery(name: str, remains: Attacked) -> Recovery:
    """Whom a mask leaves singled out."""
    one, least = remains.mask(name)
    said = (
        f"what the mask of {name} leaves singles out {one.recovered:,} of {one.values:,} subjects; of who may be meant "
        f"{least:,} remain at least, and {remains.joined:,} joined with the other quasi-identifiers"
    )
    return recovery(name, "mask", one, None, said)


def _own_frequency_recovery(name: str, one: Recovered, matched: Matched | None, limit: float) -> Recovery:
    """Which pseudonyms their own frequency tells apart, beside a known distribution where there is one."""
    said = f"{one.recovered:,} of {one.values:,} values of {name} occur as often as no other does"
    return frequency_recovery(name, matched, limit, one, said)


def _surrogate_recovery(name: str, one: Recovered) -> Recovery:
    """Which synthetic substitutes stand for one original only."""
    said = f"{one.recovered:,} of {one.values:,} surrogates of {name} stand for one original only"
    return recovery(name, "surrogates", one, None, said)


def _interval_recovery(name: str, one: Recovered, limit: float) -> Recovery:
    """Whom the intervals between shifted dates single out, since a shift keeps them."""
    said = f"of {one.values:,} subjects with two dates in {name}, {one.recovered:,} have intervals of their own"
    return recovery(name, "intervals", one, limit, said)
