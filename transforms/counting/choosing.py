"""The levels of a release whose records lie in buckets, and what is suppressed at them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from beam_deid.transforms.counting.classes import Source, classes_of
from beam_deid.transforms.counting.composing import Composer, Settled
from beam_deid.transforms.counting.facts import Facts, facts_of
from beam_deid.transforms.counting.finding import found_for_lines
from beam_deid.transforms.counting.release_seen import ReleaseSeen
from beam_deid.transforms.counting.searching import InBuckets, Search
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.decide.choosing import CHANGING, of_nothing, standing_fault
from beam_deid.transforms.decide.requiring import asked_alone, requirements
from beam_deid.transforms.decide.searching import Accepted, Searched
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.rule import figure_of, test_of
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
        measured: What was measured of what is left, where that was asked.
        settled: The release together with earlier ones, where that was looked at while its levels were chosen.
    """

    source: Source
    searched: Searched
    cut: BucketCut
    blocked: Blocked | None
    measured: tuple[Facts, Found] | None = None
    settled: Settled | None = None

    def with_cut(self, cut: BucketCut) -> "Chosen":
        """The same levels with another suppression."""
        return self if cut is self.cut else replace(self, cut=cut, measured=None)


class Chooser:
    """Chooses the levels of one release: see `decide.choosing.choose`.

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
        self._cuts: dict[Key, tuple[BucketCut, Collection[str] | None]] = {}
        self._measured: dict[Key, tuple[Facts, Found]] = {}

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
        cut = self._cut(found.levels, only)
        measured = None if only is not None else self._measured.get(_key(found.levels))
        return Chosen(self._source, found, cut, blocked, measured)

    def _settle(self, cut: BucketCut) -> Settled:
        return self._composer.settle({self._source.layout.release: cut})

    def _of_nothing(self, search: Search) -> Chosen:
        """The most general levels, where there is no record."""
        levels = {name: allowed[-1] for name, allowed in search.choices.items()}
        found = of_nothing(levels, requirements(self._nothing, True))
        return Chosen(self._source, found, self._cut(levels, None), None)

    def _for_label(self, search: Search, *, with_past: bool) -> Searched:
        require = requirements(self._nothing, True)

        def accept(levels: Levels) -> Accepted | None:
            return self._reaches(levels, with_past=with_past)

        hopeless = self._hopeless()
        if hopeless is None and all(accept(levels) is None for levels in search.coarsest()):
            # Coarser groups are unions of finer ones: what fails there fails at every finer level, too.
            hopeless = "nothing satisfies at the most general levels, and so at none below them"
        if hopeless is not None:
            most = {name: allowed[-1] for name, allowed in search.choices.items()}
            return Searched(most, None, require, 1, 1, 0.0, hopeless, True, 1)
        return search.search(require, accept)

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

    def _reaches(self, levels: Levels, *, with_past: bool) -> Accepted | None:
        """What is released at some levels, if every line holds there that levels and suppression can satisfy."""
        alone = made = self._cut(levels, None)
        if not alone.satisfied:
            return None
        if with_past:
            settled = self._settle(alone)
            if not settled.reached:
                return None
            made = settled.cuts[self._source.layout.release]
        facts = facts_of(made.classes, made.everywhere, self._stages)
        found = found_for_lines(made, facts, self._stages)
        if made is alone:
            self._measured[_key(levels)] = facts, found
        seen = ReleaseSeen(self._nothing, self._source.people, facts, made.everywhere.counted, found)
        changing = [(one, test) for one, test in planned(seen.scope) if test.line in CHANGING]
        if not all(test_of(test, figure_of(one, test, seen)).passed for one, test in changing):
            return None
        return Accepted(made.lost, lambda: self._nothing.openings.weighted(facts.losses))

    def _accepted(self, levels: Levels, only: Collection[str]) -> Accepted | None:
        made = self._cut(levels, only)
        if not made.satisfied:
            return None
        return Accepted(made.lost, lambda: self._loss(made))

    def _loss(self, made: BucketCut) -> float:
        return self._nothing.openings.weighted(facts_of(made.classes, made.everywhere, self._stages).losses)

    def _cut(self, levels: Levels, only: Collection[str] | None) -> BucketCut:
        """What is suppressed at some levels; kept, since the levels that are chosen were asked for before."""
        key = _key(levels)
        kept = self._cuts.get(key)
        if kept is None or kept[1] != only:
            made = cut_in_buckets(classes_of(self._source, levels, self._stages), self._stages, only=only)
            self._cuts[key] = made, only
            return made
        return kept[0]


def _told(found: Searched, for_label: Searched) -> Searched:
    return replace(found, method=f"{found.method}; for the label: {for_label.method}")


def _key(levels: Levels) -> Key:
    return tuple(sorted(levels.items()))
