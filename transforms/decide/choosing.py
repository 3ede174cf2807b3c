"""The levels of one release, and what is suppressed at them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Cut
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.composition.composing import Settled, settle
from beam_deid.transforms.composition.members import Member
from beam_deid.transforms.decide.findings import found_for_lines
from beam_deid.transforms.decide.giving_up import none_satisfies, search_or_give_up
from beam_deid.transforms.decide.recoding import Recoding, full_domain, recode
from beam_deid.transforms.decide.requiring import asked_alone, requirements
from beam_deid.transforms.decide.searching import Accepted, Searched, Searcher
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Told
from beam_deid.transforms.label.rule import figure_of, test_of
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.search.blocking import Blocked
from beam_deid.transforms.search.requirements import Requirements
from beam_deid.transforms.terms import LabelName

CHANGING = (1, 2, 6, 7)
"""Lines that no suppression fixes, and that the choice of levels may."""
_STANDING = (1, 2)
"""Lines of which some tests hold at every level or at none."""


@dataclass(frozen=True)
class Chosen:
    """The levels and the suppression that were chosen for a release.

    Attributes:
        data: The release.
        searched: What the search found.
        recoding: The levels, and what is suppressed.
        blocked: Why no levels satisfy, where that was asked.
        settled: The release together with earlier ones, where that was looked at while its levels were chosen.
    """

    data: ReleasedData
    searched: Searched
    recoding: Recoding
    blocked: Blocked | None
    settled: Settled | None = None

    @property
    def member(self) -> Member:
        """The release as one of several that are tested together."""
        return Member(self.data, self.recoding.levels, self.recoding.cut)

    @property
    def candidate(self) -> Candidate:
        """The release as it was chosen."""
        return Candidate(self.data, self.recoding.levels, self.recoding.cut.left)

    def with_cut(self, changed: Cut) -> "Chosen":
        """The same levels with another suppression."""
        return replace(self, recoding=replace(self.recoding, cut=changed))


@PROGRESS.doing("searching levels")
def choose(data: ReleasedData) -> Chosen:
    """Choose a release's levels: the best that reach the label, or else the policy's requirements, or the most general ones.

    First come the levels that are best for the release by itself, so that the same records have the same levels in every run.
    Only if suppression cannot satisfy line 8 there, together with earlier releases, are levels searched at which it can.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    if not data.everything.any():
        return _of_nothing(data)
    searcher = Searcher(data, data.spec.search.seconds)
    alone = _choose(searcher, with_past=False)
    if not data.past.entries or not alone.recoding.cut.satisfied:
        return alone
    settled = settle({data.layout.release: alone.member}, data.past)
    return replace(alone, settled=settled) if settled.reached else _choose(searcher, with_past=True)


def _choose(searcher: Searcher, with_past: bool) -> Chosen:
    data = searcher.data
    spec = data.spec
    layout = data.layout
    asked = requirements(data, False)
    found = search_for_label(searcher, with_past=with_past)
    blocked = None
    only = None
    if not found.satisfied:
        only = asked_alone(data)
        for_label = found
        found = searcher.search(asked, lambda levels: _accepted(data, levels, cut(data, levels, only=only)))
        found = replace(found, method=f"{found.method}; for the label: {for_label.method}")
        wanted = layout.open or spec.expect is LabelName.ANONYMIZED
        if wanted and layout.rest and not found.satisfied and not found.refused:
            blocked = searcher.blocked(asked)
    whole = cut(data, found.levels, only=only)
    plain = full_domain(found.levels, whole)
    if found.satisfied and spec.search.rounds:
        local = recode(data, found.levels, whole, found.require, spec.search.rounds)
        if len(local.rounds) > 1 and _others_hold(data, local):
            return Chosen(data, found, local, None)
    return Chosen(data, found, plain, blocked)


def _of_nothing(data: ReleasedData) -> Chosen:
    """The most general levels, where there is no record."""
    levels = {name: data.openings.choices(name)[-1] for name in data.layout.open}
    found = of_nothing(levels, requirements(data, True))
    return Chosen(data, found, full_domain(levels, Cut(data.everything, {}, False, None)), None)


def of_nothing(levels: dict[str, int], require: Requirements) -> Searched:
    """Some levels, where there is no record."""
    return Searched(levels, None, require, 1, 0, 0.0, "no record to search levels for", True, 0)


def search_for_label(searcher: Searcher, *, with_past: bool = False) -> Searched:
    """Search for the levels with minimal information loss at which every line holds that levels and suppression can satisfy.

    Args:
        searcher: The search of a release.
        with_past: Whether line 8 is asked as well, with what was given out before.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    data = searcher.data
    require = requirements(searcher.data, True)

    def accept(levels: Mapping[str, int]) -> Accepted | None:
        made = cut(data, levels)
        if made.satisfied and with_past:
            settled = settle({data.layout.release: Member(data, levels, made)}, data.past)
            after = settled.members[data.layout.release].cut
            made = after if settled.reached else Cut(made.left, {}, False, None)
        return (
            _accepted(data, levels, made) if made.satisfied and _others_hold(data, full_domain(levels, made)) else None
        )

    hopeless = _hopeless(data)
    if hopeless is not None:
        return none_satisfies(searcher, require, hopeless)
    return search_or_give_up(searcher, require, accept)


def _others_hold(data: ReleasedData, made: Recoding) -> bool:
    """Whether the lines hold that suppression cannot satisfy."""
    changing = [(one, test) for one, test in planned(data.layout.scope) if test.line in CHANGING]
    classes = Candidate(data, made.levels, made.cut.left)
    seen = classes.with_found(found_for_lines(classes, [one.levels for one in made.rounds]))
    return all(test_of(test, one.figure(test, seen)).passed for one, test in changing)


def _hopeless(data: ReleasedData) -> str | None:
    """Why no levels can reach the label; None if some may."""
    if not data.cells.persons.names:
        return "nothing satisfies: nobody says whom the records are about"
    return standing_fault(Candidate(data, {}, data.everything, Found(data.hits, tuple(data.foreign))))


def standing_fault(nothing: Told) -> str | None:
    """Why a release cannot reach the label at any levels, by what its fields and values are; None if it may.

    Args:
        nothing: The release, with what was found in its values.
    """
    for requirement, test in planned(nothing.scope):
        if test.line in _STANDING and not test.target:
            figure = figure_of(requirement, test, nothing)
            if not test_of(test, figure).passed:
                return f"nothing satisfies: {figure.detail}"
    return None


def _accepted(data: ReleasedData, levels: Mapping[str, int], made: Cut) -> Accepted | None:
    if not made.satisfied:
        return None
    return Accepted(made.lost(data.everything), lambda: data.openings.loss(levels, made.left))
