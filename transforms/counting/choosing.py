"""The levels of a release whose records lie in buckets, and what is suppressed at them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from beam_deid.transforms.counting.classes import Classes, Source
from beam_deid.transforms.counting.composing import Composer, Settled
from beam_deid.transforms.counting.facts import Facts, facts_of
from beam_deid.transforms.counting.finding import found_for_lines
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.recoding import recoded
from beam_deid.transforms.counting.release_seen import ReleaseSeen
from beam_deid.transforms.counting.searching import InBuckets, Search
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.decide.choosing import CHANGING, of_nothing, standing_fault
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.decide.giving_up import none_satisfies, search_or_give_up
from beam_deid.transforms.decide.requiring import asked_alone, requirements
from beam_deid.transforms.decide.searching import Accepted, Searched
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.rule import figure_of, test_of
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Stages
from beam_deid.transforms.search.blocking import Blocked
from beam_deid.transforms.terms import LabelName

Levels = Mapping[str, int]
Key = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Chosen:
    """The levels and the suppression that were chosen for a release in buckets.

    Attributes:
        source: The release.
        searched: What the search found.
        cut: What is suppressed.
        blocked: Why no levels satisfy, where that was asked.
        rounds: The rounds of its recoding; one where all records are at the same levels.
        measured: What was measured of what is left, where that was asked.
        settled: The release together with earlier ones, where that was looked at while its levels were chosen.
    """

    source: Source
    searched: Searched
    cut: BucketCut
    blocked: Blocked | None
    rounds: tuple[Round, ...]
    measured: tuple[Facts, Found] | None = None
    settled: Settled | None = None

    def with_cut(self, cut: BucketCut) -> "Chosen":
        """The same levels with another suppression."""
        return self if cut is self.cut else replace(self, cut=cut, measured=None)


@dataclass
class _Made:
    """What was suppressed at some levels.

    Attributes:
        key: The levels.
        only: Names of the tests that were asked; all, if None.
        cut: What is suppressed.
        measured: What was measured of what is left, where that was asked.
    """

    key: Key
    only: Collection[str] | None
    cut: BucketCut
    measured: tuple[Facts, Found] | None = None


class Chooser:
    """Chooses the levels of one release: see `decide.choosing.choose`.

    What is suppressed at some levels is a copy of all records, so that no more than two are kept: what was made last, and what was
    last accepted, which the search chooses mostly. Another choice is made once more.

    Args:
        source: The release.
        composer: Asks what it and earlier releases say together.
        stages: Runs tasks over its buckets.
    """

    def __init__(self, source: Source, composer: Composer, stages: Stages) -> None:
        self._source = source
        self._composer = composer
        self._stages = stages
        self._nothing = source.nothing
        self._last: _Made | None = None
        self._accepted_last: _Made | None = None

    @PROGRESS.doing("searching levels")
    def choose(self) -> Chosen:
        """Choose the best levels that reach the label, or else the policy's requirements, or the most general ones.

        As in memory, levels at which the release can be given out beside earlier ones are searched only if it cannot be at those
        that are best for it by itself.

        Raises:
            InputError: An attacker's table cannot be read.
        """
        search = InBuckets(self._source, self._stages)
        if not self._source.sound:
            return self._of_nothing(search)
        alone = self._choose(search, with_past=False)
        if not self._source.past.entries or not alone.cut.satisfied:
            return alone
        settled = self._settle(alone.cut)
        return replace(alone, settled=settled) if settled.reached else self._choose(search, with_past=True)

    def _choose(self, search: Search, *, with_past: bool) -> Chosen:
        found = self._for_label(search, with_past=with_past)
        blocked = None
        only = None
        if not found.satisfied:
            only = asked_alone(self._nothing)
            for_label = found
            found = search.search(requirements(self._nothing, False), lambda levels: self._accepted(levels, only))
            found = _told(found, for_label)
            if self._asks_why(found):
                blocked = search.blocked(requirements(self._nothing, False))
        made = self._made(found.levels, only)
        local = self._recoded(search, found, made) if found.satisfied else None
        return local or Chosen(self._source, found, made.cut, blocked, _full_domain(found), made.measured)

    def _recoded(self, search: Search, found: Searched, made: _Made) -> Chosen | None:
        """The release recoded in rounds, if that is asked, suppresses less, and leaves all other lines as they must be."""
        rounds = self._nothing.spec.search.rounds
        if not rounds:
            return None
        self._last = self._accepted_last = made  # of what else was made no copy stays
        local = recoded(made.cut, found, search, rounds, self._stages)
        measured = None if local is None else self._held(local.cut)
        if local is None or measured is None:
            return None
        return Chosen(self._source, found, local.cut, None, local.rounds, measured)

    def _settle(self, cut: BucketCut) -> Settled:
        return self._composer.settle({self._source.layout.release: cut})

    def _of_nothing(self, search: Search) -> Chosen:
        """The most general levels, where there is no record."""
        levels = {name: allowed[-1] for name, allowed in search.choices.items()}
        found = of_nothing(levels, requirements(self._nothing, True))
        return Chosen(self._source, found, self._made(levels, None).cut, None, _full_domain(found))

    def _for_label(self, search: Search, *, with_past: bool) -> Searched:
        require = requirements(self._nothing, True)

        def accept(levels: Levels) -> Accepted | None:
            return self.reaches(levels, with_past=with_past)

        hopeless = self._hopeless()
        if hopeless is not None:
            return none_satisfies(search, require, hopeless)
        return search_or_give_up(search, require, accept)

    def _hopeless(self) -> str | None:
        if not self._source.people.names:
            return "nothing satisfies: nobody says whom the records are about"
        data = self._nothing
        found = Found(data.hits, tuple(data.foreign))
        return standing_fault(ReleaseSeen(data, self._source.people, Facts(records=self._source.sound), True, found))

    def _asks_why(self, found: Searched) -> bool:
        """Whether it is to be told why nothing satisfies."""
        wanted = self._source.layout.open or self._nothing.spec.expect is LabelName.ANONYMIZED
        return bool(wanted and self._source.layout.rest and not found.satisfied and not found.refused)

    def reaches(self, levels: Levels, *, with_past: bool = False) -> Accepted | None:
        """What is released at some levels, if every line holds there that levels and suppression can satisfy."""
        made = self._made(levels, None)
        cut = made.cut
        if not cut.satisfied:
            return None
        if with_past:
            settled = self._settle(cut)
            if not settled.reached:
                return None
            cut = settled.cuts[self._source.layout.release]
        measured = self._held(cut)
        if measured is None:
            return None
        if cut is made.cut:
            made.measured = measured
        self._accepted_last = made
        return Accepted(cut.lost, lambda: self._nothing.openings.weighted(measured[0].losses))

    def _held(self, cut: BucketCut) -> tuple[Facts, Found] | None:
        """What is measured of what is left, if the lines hold that suppression cannot satisfy."""
        facts = facts_of(cut.classes, cut.everywhere, self._stages)
        found = found_for_lines(cut, facts, self._stages)
        seen = ReleaseSeen(self._nothing, self._source.people, facts, cut.everywhere.counted, found)
        changing = [(one, test) for one, test in planned(seen.scope) if test.line in CHANGING]
        held = all(test_of(test, figure_of(one, test, seen)).passed for one, test in changing)
        return (facts, found) if held else None

    def _accepted(self, levels: Levels, only: Collection[str]) -> Accepted | None:
        made = self._made(levels, only)
        if not made.cut.satisfied:
            return None
        self._accepted_last = made
        return Accepted(made.cut.lost, lambda: self._loss(made.cut))

    def _loss(self, made: BucketCut) -> float:
        return self._nothing.openings.weighted(facts_of(made.classes, made.everywhere, self._stages).losses)

    def _made(self, levels: Levels, only: Collection[str] | None) -> _Made:
        """What is suppressed at some levels; taken from what is kept, if it was asked for before."""
        key = _key(levels)
        for kept in (self._last, self._accepted_last):
            if kept is not None and (kept.key, kept.only) == (key, only):
                return kept
        classes = self._classes(levels, key)
        self._last = _Made(key, only, cut_in_buckets(classes, self._stages, only=only))
        return self._last

    def _classes(self, levels: Levels, key: Key) -> Classes:
        """All records at some levels, of which there is no other copy than those that are kept."""
        for kept in (self._last, self._accepted_last):
            if kept is not None and kept.key == key:
                return kept.cut.classes.with_left(None, None)
        self._last = None
        return classes_of(self._source, levels, self._stages)


def _full_domain(found: Searched) -> tuple[Round, ...]:
    """All records at the same levels."""
    return (Round(found.levels, np.empty(0, np.uint64)),)


def _told(found: Searched, for_label: Searched) -> Searched:
    return replace(found, method=f"{found.method}; for the label: {for_label.method}")


def _key(levels: Levels) -> Key:
    return tuple(sorted(levels.items()))
