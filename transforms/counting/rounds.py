"""Rounds of recoding, as the records of a bucket go through them: see `decide.recoding`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.layout import Column

ROUND = Column("round")
"""How many rounds passed a row on, and so at which one's levels it is."""


@dataclass(frozen=True)
class RoundLevels:
    """The levels of the rounds at which the records of a release are.

    Attributes:
        each: The level of each open field, by round; of one round where all records are at the same levels.
    """

    each: tuple[Mapping[str, int], ...]

    @property
    def differ(self) -> bool:
        """Whether records are at the levels of several rounds."""
        return len(self.each) > 1

    def at(self, numbers: Counts) -> RowLevels:
        """The levels of rows that so many rounds passed on, shape (n,); one of a field that has the same in all rounds."""
        levels: dict[str, int | Counts] = {}
        for name in self.each[0]:
            own = [one[name] for one in self.each]
            levels[name] = own[0] if len({*own}) == 1 else np.array(own, np.int64)[numbers]
        return levels

    def of(self, columns: Mapping[Column, np.ndarray]) -> RowLevels:
        """The levels of rows that have a `ROUND`, if these differ."""
        return self.at(columns[ROUND].view(np.int64)) if self.differ else self.each[0]


@dataclass(frozen=True)
class Rounds:
    """At which levels the records of a release are: those of the first round, or of a later one where all before passed them on.

    Attributes:
        rounds: The rounds; at least one.
        last_alone: Whether only the records are looked at that all rounds but the last passed on.
    """

    rounds: Sequence[Round]
    last_alone: bool = False

    @classmethod
    def one(cls, levels: Mapping[str, int], after: Sequence[Round] = ()) -> "Rounds":
        """All records at the same levels; or those that some rounds passed on."""
        return cls((*after, Round(levels, np.empty(0, np.uint64))), bool(after))

    @property
    def levels(self) -> RoundLevels:
        """The levels of the rounds at which records are looked at."""
        return RoundLevels(tuple(one.levels for one in (self.rounds[-1:] if self.last_alone else self.rounds)))

    def numbers(self, data: ReleasedData) -> Counts:
        """How many rounds but the last passed each cell on, one after the other; shape (n,)."""
        numbers = np.zeros(len(data.cells), np.int64)
        for number, one in enumerate(self.rounds[:-1]):
            keys = data.keys(sorted(data.layout.rest), one.levels)
            numbers[(numbers == number) & is_among(keys, one.passed)] += 1
        return numbers
