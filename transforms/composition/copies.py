"""Copies of a release's sensitive column in another release of the same records, under another name.

Line 8 compares fields by their names. If one release holds a copy or a pseudonym of another one's sensitive column, the
comparison would miss it; the two releases then count as untested.
"""

import numpy as np

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.composition.members import Member
from beam_deid.transforms.past.collecting import ROWS
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.prints_file import PrintsFile, ranges
from beam_deid.transforms.risk.intersection_groups import one_to_one
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.terms import Role


def copied(one: Member, other: Member) -> str:
    """Look for a copy of a sensitive column in the other one of two releases of the run, under another name.

    Returns:
        A sentence that names the copy and what to do; empty if there is none.
    """
    both = np.flatnonzero(one.present & other.present)
    for holder, elsewhere in ((one, other), (other, one)):
        for name, copy in candidates_between(holder.data.layout, elsewhere.data.layout):
            numbers = holder.data.coded(name, holder.levels)[0][both]
            if one_to_one(numbers, elsewhere.data.coded(copy, elsewhere.levels)[0][both]):
                return told(copy, elsewhere.name, name, holder.name)
    return ""


def candidates_between(holder: Layout, elsewhere: Layout) -> list[tuple[str, str]]:
    """List a sensitive column of a release of the run and one of another that may be a copy of it."""
    secret = [name for name in holder.scope.sensitive if name not in elsewhere.fields]
    others = [name for name in elsewhere.fields if name not in holder.fields]
    return [(name, copy) for name in secret for copy in others]


def copied_earlier(member: Member, entry: Entry) -> str:
    """Look for a copy as `copied` does, between a release of the run and an earlier one.

    The fingerprints of the earlier release are read once more, range by range.

    Returns:
        A sentence that names the copy and what to do; empty if there is none.

    Raises:
        UsageError: The fingerprints are missing or damaged.
    """
    candidates = candidates_of(member.data.layout, entry)
    register = member.data.job.register
    if not candidates or register is None or entry.table is None:
        return ""
    cells = member.data.cells
    rows = np.flatnonzero(member.present)
    rows = rows[np.argsort(cells.column("recorded")[rows], kind="stable")]
    records = cells.column("recorded")[rows]
    mine = {name: member.data.key(name, member.levels)[rows] for name in {ours for ours, _ in candidates}}
    theirs = tuple(dict.fromkeys(name for _, name in candidates))
    pairs = [_Pairs() for _ in candidates]
    with PrintsFile(table_path(register.path, entry.table.file), entry.table) as file:
        for low, high in ranges([file.rows, len(rows)], ROWS):
            prints = file.read(low, high, persons=(), values=theirs, normal=())
            first = np.searchsorted(prints.record, records)
            known = np.flatnonzero(first < len(prints.record))
            known = known[prints.record[first[known]] == records[known]]
            for (ours, name), pair in zip(candidates, pairs, strict=True):
                pair.add(mine[ours][known], prints.values[name][first[known]])
    for (ours, name), pair in zip(candidates, pairs, strict=True):
        if pair.is_one_to_one:
            return told_of(ours, member.name, name, entry)
    return ""


def told_of(ours: str, release: str, name: str, entry: Entry) -> str:
    """Say that a column of a release of the run and one of an earlier one are copies, and what to do."""
    is_ours = str(Role.SENSITIVE) in entry.roles[name]
    return told(ours, release, name, entry.name) if is_ours else told(name, entry.name, ours, release)


def candidates_of(layout: Layout, entry: Entry) -> list[tuple[str, str]]:
    """List a column of the run and one of the earlier release that may be copies, where one of both is sensitive."""
    secret = layout.scope.sensitive
    return [
        (ours, name)
        for ours in layout.fields
        if ours not in entry.roles
        for name, roles in entry.roles.items()
        if name not in layout.fields and (ours in secret or str(Role.SENSITIVE) in roles)
    ]


class _Pairs:
    """The pairs of values that occur together in two columns, as long as each value occurs with one value only."""

    def __init__(self) -> None:
        self._first = self._second = np.empty(0, np.uint64)
        self._is_over = False
        self._rows = 0

    def add(self, first: Fingerprints, second: Fingerprints) -> None:
        """Add rows.

        Args:
            first: The key of each row's value in one column, shape (n,).
            second: The same of the other column.
        """
        if self._is_over:
            return
        self._rows += len(first)
        one = np.concatenate([self._first, first])
        other = np.concatenate([self._second, second])
        _, once = np.unique(combine([one, other], len(one)), return_index=True)
        self._first = one[once]
        self._second = other[once]
        self._is_over = not (len(np.unique(self._first)) == len(np.unique(self._second)) == len(once))

    @property
    def is_one_to_one(self) -> bool:
        """Whether the columns are a renaming of each other. A column of one value only, or of a value for each row, is none."""
        return not self._is_over and 1 < len(self._first) < self._rows


def told(copy: str, where: str, secret: str, holder: str) -> str:
    """Say that a column is a copy of another release's sensitive one, and what to do."""
    return f"{copy} in {where} says what {secret} in {holder} does: give both out under one name, or only one of them"
