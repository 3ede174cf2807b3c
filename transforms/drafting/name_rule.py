"""The contract of a rule of names: which columns it speaks of, and what it says of them."""

import re
from dataclasses import dataclass
from enum import Enum

from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.recognisers.kinds.kind import Kind, Where
from beam_deid.transforms.terms import Role

FEW = 50
"""Up to so many distinct values a column of words is a list of choices."""


class Group(Enum):
    """What a quasi-identifier is about: a release takes one of a group, and the groups' order is that of their use."""

    PLACE = "place"
    AGE = "age"
    TIME = "time"
    AMOUNT = "amount"
    TRAIT = "trait"
    COUNT = "count"
    OTHER = "other"


@dataclass(frozen=True)
class NameRule:
    """What a name says.

    Attributes:
        words: A pattern of words, between underscores.
        chinese: A pattern of Chinese names; empty if there is none.
        role: The role.
        what: What such a column holds, in a few words.
        kind: The kind, if the name tells it.
        where: For which values it holds.
        group: What it is about.
    """

    words: str
    chinese: str
    role: tuple[Role, ...]
    what: str
    kind: Kind | None = None
    where: Where = Where.ANY
    group: Group = Group.OTHER

    def fits(self, name: str, facts: Facts) -> bool:
        """Whether it speaks of a column of this normal name."""
        named = bool(self.words and re.search(f"_(?:{self.words})_", name)) or bool(
            self.chinese and re.search(self.chinese, name.strip("_"))
        )
        return named and _holds(self.where, facts)


def _holds(where: Where, facts: Facts) -> bool:
    if where is Where.ANY or not facts.values:
        return True
    if where is Where.NUMBER:
        return facts.is_number
    if where is Where.TIME:
        return facts.is_number or facts.is_time
    return facts.is_text if where is Where.TEXT else facts.distinct <= FEW and not facts.is_time
