"""What a join found, as evidence for a label."""

from dataclasses import replace

from beam_deid.transforms.label.evidence import Attack
from beam_deid.transforms.risk.joining import Joined
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.risk.steady import steady


def attack(name: str, on: tuple[str, ...], linked: Linked, limit: float | None) -> Attack:
    """Turn the result of a join into evidence."""
    return Attack(name, on, linked.subjects, linked.linked, linked.linked_rightly, linked.share, limit)


def joined_attack(name: str, on: tuple[str, ...], joined: Joined, limit: float | None) -> Attack:
    """Turn a join with a table into evidence, with the number of candidates and what follows if the table is the population."""
    made = attack(name, on, joined.linked, limit)
    return replace(made, candidates=steady(joined.candidates), presence=steady(joined.presence))
