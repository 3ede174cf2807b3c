"""Suppression: rows that break a line of the label are removed, for all lines at once and again until nothing changes."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Cut
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Broken, Planned, Requirement
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.histogram import Counts


def suppressing(scope: Scope, only: Collection[str] | None = None) -> list[tuple[Requirement, Planned]]:
    """List the tests of a release that suppression may satisfy; only the named ones, where names are given."""
    tests = ((one, test) for one, test in planned(scope) if one.suppresses)
    return [(one, test) for one, test in tests if only is None or test.name in only]


def cut(
    data: ReleasedData,
    levels: RowLevels,
    share: float | None = None,
    left: Counts | None = None,
    only: Collection[str] | None = None,
) -> Cut:
    """Suppress the groups that break a line, as long as the policy's share allows.

    Args:
        data: The release.
        levels: The levels.
        share: Greatest share of records that may be suppressed; the policy's if not given.
        left: Records of each cell that are not suppressed yet, shape (n,); all if not given.
        only: Names of the tests that are asked; all if not given.
    """
    everything = data.everything
    total = int(everything.sum())
    allowed = (data.spec.require.suppression if share is None else share) * total + 1e-9
    tests = suppressing(data.layout.scope, only)
    gone = Gone(data, levels)
    left = everything if left is None else left
    while True:
        seen = Candidate(data, levels, left)
        lost = total - int(left.sum())
        if seen.empty or not seen.counted:
            return Cut(everything, {}, False, None)
        if lost > allowed:
            return Cut(everything, {}, False, lost)
        surplus = trimmed(seen, tests)
        after = _without_broken(seen, tests, gone, allowed - lost) if surplus is None else surplus[1]
        if after is None:
            return Cut(left, gone.keys, True, lost)
        left = after


class Gone:
    """The groups that are suppressed so far."""

    def __init__(self, data: ReleasedData, levels: RowLevels) -> None:
        self._data = data
        self._levels = levels
        self._keys: dict[tuple[str, ...], list[Fingerprints]] = {}

    def add(self, seen: Candidate, broken: Broken) -> None:
        """Note that groups are suppressed."""
        columns = tuple(sorted(broken.columns))
        rows = seen.cells[seen.groups(columns).first_rows(broken.groups)]
        key = combine([self._data.key(name, self._levels)[rows] for name in columns], len(rows))
        self._keys.setdefault(columns, []).append(key)

    @property
    def keys(self) -> dict[tuple[str, ...], Fingerprints]:
        """The keys of all suppressed groups, ascending, by the columns that make the groups."""
        return {columns: np.unique(np.concatenate(keys)) for columns, keys in self._keys.items()}


def trimmed(seen: Candidate, tests: Sequence[tuple[Requirement, Planned]]) -> tuple[int, Counts] | None:
    """Remove the surplus rows of persons who dominate a group (line 5).

    Returns:
        The number of the first test that finds some, and what it leaves of each cell, shape (n,); None if none does.
    """
    for number, (requirement, test) in enumerate(tests):
        left = requirement.trimmed(test, seen)
        if left is not None:
            after = seen.left.copy()
            after[seen.cells] = left
            return number, after
    return None


def without_broken(
    seen: Candidate, tests: Sequence[tuple[Requirement, Planned]]
) -> Iterator[tuple[Bools, Broken | None]]:
    """Ask one line after the other which groups break it.

    Yields:
        After each test which of the candidate's rows are in a group that breaks it or one before it, shape (m,), and the groups.
    """
    bad = np.zeros(len(seen.cells), bool)
    for requirement, test in tests:
        broken = requirement.broken(test, seen)
        if broken is not None:
            bad |= broken.groups[seen.groups(broken.columns).numbers]
        yield bad, broken


def _without_broken(
    seen: Candidate, tests: Sequence[tuple[Requirement, Planned]], gone: Gone, bearable: float
) -> Counts | None:
    """Remove the groups that break a line; None if there are none."""
    bad = np.zeros(len(seen.cells), bool)
    for so_far, broken in without_broken(seen, tests):
        bad = so_far
        if broken is not None:
            gone.add(seen, broken)
        if int(seen.counts[bad].sum()) > bearable:
            break  # too many already: the other lines need not be asked
    if not bad.any():
        return None
    after = seen.left.copy()
    after[seen.cells[bad]] = 0
    return after
