"""The search for the levels of a release in buckets: on combinations where some field is open, else on the only levels it has."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from beam_deid.transforms.counting.classes import Source
from beam_deid.transforms.counting.combinations import combined
from beam_deid.transforms.counting.rounds import Rounds
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.decide.giving_up import Searching
from beam_deid.transforms.decide.recoding import levels_for
from beam_deid.transforms.decide.searching import Accept, Levels, Searched, Searcher, only_levels
from beam_deid.transforms.run.stages import Stages
from beam_deid.transforms.search.blocking import Blocked
from beam_deid.transforms.search.node import Counted
from beam_deid.transforms.search.requirements import Requirements


class Search(Searching, Protocol):
    """What searches for levels, and tells why there are none."""

    def blocked(self, require: Requirements) -> Blocked | None:
        """Why nothing satisfies; None where that is not known."""
        ...

    def after(self, rounds: Sequence[Round], require: Requirements) -> Levels | None:
        """Choose levels for what some rounds of recoding passed on; None if there are none."""
        ...


class InBuckets:
    """A search over a release in buckets.

    Args:
        source: The release.
        stages: Runs tasks over its records.
    """

    def __init__(self, source: Source, stages: Stages) -> None:
        self._source = source
        self._stages = stages
        self._searcher: Searcher | None = None
        self._looked = False

    @property
    def choices(self) -> Mapping[str, tuple[int, ...]]:
        """The levels that are open to each field, ascending."""
        openings = self._source.nothing.openings
        return {name: openings.choices(name) for name in self._source.layout.open}

    def coarsest(self) -> Iterator[Levels]:
        """The most general levels, at each choice of levels of sensitive fields."""
        nothing = self._source.nothing
        yield from Searcher(nothing, nothing.spec.search.seconds).coarsest()

    def search(self, require: Requirements, accept: Accept | None = None) -> Searched:
        """Choose levels: see `Searcher.search`."""
        if accept is not None and not self.choices:
            return only_levels(require, accept)
        searcher = self._on_combinations()
        return self._most_general(require, accept) if searcher is None else searcher.search(require, accept)

    def blocked(self, require: Requirements) -> Blocked | None:
        """Why nothing satisfies; None where there are too many combinations to look at."""
        searcher = self._on_combinations()
        return None if searcher is None else searcher.blocked(require)

    def after(self, rounds: Sequence[Round], require: Requirements) -> Levels | None:
        """The best levels for what some rounds of recoding passed on: see `decide.recoding.levels_for`.

        None as well where there are too many combinations to look at.
        """
        searcher = self._on_combinations() if self.choices else None
        if searcher is None:
            return None
        first = rounds[0].levels
        passed = Rounds.one(first, after=rounds).numbers(searcher.data) == len(rounds)
        return levels_for(searcher.data, first, passed, require, searcher.start)

    def _most_general(self, require: Requirements, accept: Accept | None) -> Searched:
        """The most general levels that are accepted, since there are too many combinations to search on."""
        method = "there are too many combinations of values to search levels on: the most general ones"
        levels = {name: allowed[-1] for name, allowed in self.choices.items()}
        for coarsest in self.coarsest() if accept is not None else ():
            accepted = accept(coarsest) if accept is not None else None
            if accepted is not None:
                loss = accepted.loss()
                best = Counted((), loss, accepted.suppressed, 0, 0, 0, satisfies=True, hopeless=False)
                return Searched(coarsest, best, require, 1, 1, 0.0, method, False, 0)
        return Searched(levels, None, require, 1, 1, 0.0, method, False, 0)

    def _on_combinations(self) -> Searcher | None:
        if not self._looked:
            found = combined(self._source, self._stages)
            if found is not None:
                self._searcher = Searcher(found.data, found.data.spec.search.seconds, found.start)
            self._looked = True
        return self._searcher
