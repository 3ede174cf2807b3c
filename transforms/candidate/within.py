"""Distributions over some groups of a release, with what is known of all of them."""

from dataclasses import replace

from beam_deid.transforms.candidate.references import ValueReference
from beam_deid.transforms.risk.distribution import Distribution


def among_records(found: Distribution, known: ValueReference | None) -> Distribution:
    """A distribution of records over some groups with what is known of all, where nobody is counted."""
    if known is None:
        return found
    overall = known.overall(0, known.keys)
    some = overall[overall > 0]
    return replace(
        found,
        reference=known.overall(0, found.value_keys),
        least_of_all=known.spreads[0].least,
        rarest_of_all=float(some.min()) if len(some) else None,
    )


def within(found: Distribution, identity: int, known: ValueReference | None) -> Distribution:
    """A distribution over some groups with what is known of all."""
    if known is None:
        return found
    keys = found.value_keys
    return replace(
        found,
        reference=known.overall(identity, keys),
        held_by=known.held_by(identity, keys),
        least_of_all=known.spreads[identity].least,
        rarest_of_all=known.rarest(),
    )
