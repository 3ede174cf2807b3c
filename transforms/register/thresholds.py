"""``configs/thresholds/*.yaml``: how many persons make which duty worth a look."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

NEAR = 0.8
"""From this share of a threshold on it is near."""


class Threshold(NamedTuple):
    """A number of persons, and what the law asks from it on.

    Attributes:
        id: Its name.
        of: Whose persons count: ``handled`` or ``abroad``.
        group: Which of them: ``persons`` or ``sensitive``.
        least: The least number that reaches it.
        asks: What it would require, by language.
        source: Where that is written.
        checked: Whether the article itself was read.
    """

    id: str
    of: str
    group: str
    least: int
    asks: Mapping[str, str]
    source: str
    checked: bool

    def is_reached(self, persons: int) -> bool:
        """Whether so many persons reach it."""
        return persons >= self.least

    def is_near(self, persons: int) -> bool:
        """Whether so many persons come near to it, or reach it."""
        return persons >= NEAR * self.least


@cache
def thresholds() -> tuple[Threshold, ...]:
    """All thresholds, in the order of their files."""
    folder = resources.files("beam_deid.configs").joinpath("thresholds")
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".yaml")), key=lambda one: one.name)
    return tuple(Threshold(**one) for file in files for one in yaml.safe_load(file.read_text("utf-8")))
