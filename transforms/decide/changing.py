"""What would change a label: for each condition that does not hold, the smallest change that would make it hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.direct_identifiers import identifies
from beam_deid.transforms.label.requirements.filtered import Filtered
from beam_deid.transforms.label.requirements.other_tables import OtherTables
from beam_deid.transforms.label.requirements.register import Register
from beam_deid.transforms.label.requirements.requirement import Planned, Requirement, Told, holds
from beam_deid.transforms.label.requirements.risk import OverallRisk
from beam_deid.transforms.label.scope import EVERY
from beam_deid.transforms.terms import LabelName, Recoverability, Sharing

_RISK = 6
"""The line that no suppression is made for."""
_MOST_COLUMNS = 16
"""Most columns that are left out by turns."""
_MOST_VALUES = 1 << 26
"""Most values that are looked at in all, so that many columns that all fail cost no more than deciding does."""


class Tried(Protocol):
    """A release, with what tells how its label would change."""

    @property
    def data(self) -> ReleasedData:
        """The release; its records need not be there."""
        ...


class TriedRelease(Told, Tried, Protocol):
    """A release with what was measured of it."""


Droppable = Callable[[Requirement, Planned], tuple[str, ...] | None]
"""The columns without any one of which a test would hold; None where it was not looked for."""


def changes_of(one: Chosen, seen: Candidate, tests: Sequence[Test]) -> Iterator[Change]:
    """Yield the smallest change for each test that does not hold.

    Args:
        one: What was chosen for the release.
        seen: The release, with all that was found of it.
        tests: All its tests.

    Yields:
        A change for each of them: columns of which leaving out any one would do at the same levels, and the share of rows that
        would have to be suppressed, each None where it does not help or was not looked for.
    """
    bearable = _MOST_VALUES

    def droppable(requirement: Requirement, test: Planned) -> tuple[str, ...] | None:
        nonlocal bearable
        looked_at = min(len(test.columns), _MOST_COLUMNS) * len(test.columns) * len(seen.cells)
        drop = _droppable(requirement, test, seen) if looked_at <= bearable else None
        bearable -= looked_at if drop is not None else 0
        return drop

    return changes_told(seen, tests, lambda: _unallowed_share(one), droppable)


def changes_told(
    seen: TriedRelease, tests: Sequence[Test], unallowed_share: Callable[[], float | None], droppable: Droppable
) -> Iterator[Change]:
    """Yield the smallest change for each test that does not hold: see `changes_of`.

    Args:
        seen: The release, with all that was found of it.
        tests: All its tests.
        unallowed_share: Works out the share of rows that would have to be suppressed, where that is not allowed.
        droppable: Finds columns to leave out.
    """
    missed = {test.name for test in tests if not test.passed}
    failing = [(requirement, test) for requirement, test in planned(seen.scope) if test.name in missed]
    looked_for = _is_looked_for(seen, tests)
    share = unallowed_share() if looked_for and any(requirement.suppresses for requirement, _ in failing) else None
    for requirement, test in failing:
        drop = droppable(requirement, test) if looked_for else None
        suppress = share if requirement.suppresses else None
        text = _text(requirement, test, seen, drop, suppress)
        yield Change(test.line, test.name, test.columns, drop, suppress, text)


def _is_looked_for(seen: TriedRelease, tests: Sequence[Test]) -> bool:
    """Whether columns to drop and rows to suppress are looked for.

    Where identifiers or keys stand in the way no other change makes a label, and nobody asks for one who expects none.
    """
    possible = all(test.passed for test in tests if test.line in (1, 2)) and seen.counted and not seen.empty
    return possible and seen.data.spec.expect is not LabelName.STILL_PERSONAL


def _unallowed_share(one: Chosen) -> float | None:
    """The share of rows that would have to be suppressed; None where it is allowed already: something else is in the way."""
    share = _share(one)
    return None if share is not None and share <= one.data.spec.require.suppression else share


def _share(one: Chosen) -> float | None:
    """The share of rows to suppress at the same levels, for all lines that suppression satisfies.

    None as well where the risk of what is left is too great: nothing is suppressed then, since that would not make the label.
    """
    everything = int(one.data.everything.sum())
    found = cut(one.data, one.recoding.levels, share=1.0)
    if not found.satisfied or not everything:
        return None
    left = Candidate(one.data, one.recoding.levels, found.left)
    risks = [(requirement, test) for requirement, test in planned(left.scope) if test.line == _RISK]
    enough = all(
        holds(requirement.figure(test, left).measured, test.limit, test.compare) for requirement, test in risks
    )
    return found.lost(one.data.everything) / everything if enough else None


def _droppable(requirement: Requirement, test: Planned, seen: Candidate) -> tuple[str, ...] | None:
    """The columns without any one of which the condition would hold."""
    if test.line not in (3, 4, 5, 6) or test.name == "history":
        return None
    found = []
    for name in test.columns[:_MOST_COLUMNS]:
        without = replace(test, columns=tuple(one for one in test.columns if one != name))
        if test.columns == (name,) or holds(requirement.figure(without, seen).measured, test.limit, test.compare):
            found.append(name)
    if test.target in seen.scope.fields and test.target not in found:
        found.append(test.target)
    return tuple(found)


def _text(
    requirement: Requirement, test: Planned, seen: TriedRelease, drop: tuple[str, ...] | None, suppress: float | None
) -> str:
    """Describe a change in a sentence."""
    if isinstance(requirement, Filtered):
        return requirement.remedy  # no released column has a part in it
    if seen.empty:
        return "release a record: with none, nothing can be measured"
    if not seen.counted and test.line in (3, 4, 5, 6, 7, 8):
        return "name the subject in the policy, or write subject: each_record where every record is one person"
    if test.line in _FIXED:
        return _FIXED[test.line](test, seen)
    ways = list(_ways(drop, suppress))
    if not ways:
        named = ", ".join(test.columns) or "the release"
        ways.append(f"coarsen several of {named}, or release fewer of them")
    if test.name == OverallRisk.name and _may_declare_environment(seen):
        ways.append("say the recipient's environment, if it is better than the worst, which counts where none is said")
    if test.name == OverallRisk.name and seen.scope.environment.lapsed:
        until = seen.scope.environment.valid_until
        ways.append(f"have the recipient's environment stated anew, for it was stated until {until}")
    return "; or ".join(ways)


def _ways(drop: tuple[str, ...] | None, suppress: float | None) -> Iterator[str]:
    if drop:
        yield f"drop, or coarsen, {' or '.join(drop)}"
    if suppress is not None:
        yield f"let {suppress:.2%} of the rows be suppressed (require: {{suppression: {_up(suppress)}}})"


def _may_declare_environment(seen: TriedRelease) -> bool:
    """Whether an environment would count, and none is declared."""
    return seen.scope.sharing is not Sharing.PUBLIC and not seen.data.spec.environment.is_stated


def _up(share: float) -> float:
    """A share that is enough, with four digits."""
    return min(1.0, int(share * 10_000 + 1) / 10_000)


def _identifier(test: Planned, seen: TriedRelease) -> str:
    if test.name == "direct_identifiers":
        names = [name for name, facts in seen.scope.fields.items() if identifies(facts)]
        return f"drop {', '.join(names)}, or generalize it so that it names nobody"
    names = sorted({hit.field for hit in seen.found.hits})
    return f"drop or generalize {', '.join(names)}: identifiers stand in it"


def _restorable(test: Planned, seen: TriedRelease) -> str:
    keyed = [name for name, facts in seen.scope.fields.items() if facts.recoverability == Recoverability.KEYED]
    names = (
        keyed if test.name == "restorable" else [one.field for one in seen.found.recoveries if one.attack == test.name]
    )
    return f"drop {', '.join(dict.fromkeys(names)) or test.target}, or generalize what it was made from"


def _attacker(test: Planned, seen: TriedRelease) -> str:
    if test.target in seen.found.untested:
        return seen.found.untested[test.target]
    return f"drop or coarsen what {test.target} knows: {', '.join(test.columns)}"


def _composition(test: Planned, seen: TriedRelease) -> str:
    if test.name == Register.name:
        return f"keep a register: {seen.scope.register}"
    if test.name == OtherTables.name:
        return "give out one table alone, in a release of its own, and let the releases of the others expect still_personal"
    other = test.target.partition(":")[0]
    earlier = seen.data.job.register
    entry = next((entry for entry in earlier.entries if entry.name == other), None) if earlier else None
    if entry is not None:
        reason = seen.data.past.untested.get(other)
        first = reason or "release fewer fields in common, coarser ones, or let more rows be suppressed"
        forget = f"beam-deid releases forget REGISTER {other} --reason …"
        return f"{first}; or, if nobody was ever given {other} (made {entry.made_at}): {forget}"
    which = "fewer releases of these records" if other == EVERY else f"only one of {seen.scope.release} and {other}"
    return f"give out {which}, release fewer fields in common, or let more rows be suppressed"


def _order(test: Planned, seen: TriedRelease) -> str:
    return "nothing to do here: rows are shuffled once every other line holds"


_FIXED = {1: _identifier, 2: _restorable, 7: _attacker, 8: _composition, 9: _order}
