"""How many distinct persons the runs of a register were about, exactly, and how that compares with thresholds.

The register holds the persons of every run by fingerprints under one key, so that the same person is the same number in all of
them. They are uniform over all 64-bit numbers: the tables are read a range of fingerprints at a time, and no more of them is in
memory than a range has.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.register.document import COUNTED, Document, Run, Table
from beam_deid.transforms.register.names import table_path
from beam_deid.transforms.register.opening import joined
from beam_deid.transforms.register.persons_file import PersonsFile
from beam_deid.transforms.register.prints_file import ranges
from beam_deid.transforms.register.thresholds import Threshold, thresholds
from beam_deid.transforms.terms import LabelName

MOST_ROWS = 1 << 20
"""Rows of all tables together that are in memory at once, about."""

PERSONS = "persons"
SENSITIVE = "sensitive"
UNDER_14 = "under_14"
GROUPS = (SENSITIVE, UNDER_14)
ABROAD = "abroad"
HANDLED = "handled"

_CHINA = datetime.timedelta(hours=8)
"""The law's year begins when it begins in China."""


@dataclass(frozen=True)
class Counted:
    """Distinct persons of some runs.

    Attributes:
        runs: How many runs were counted.
        persons: Their persons, each once however many runs had records of it.
        groups: How many of them are in each of `GROUPS`; None where no run's fields tell of it.
        untold: How many of the runs have no field that tells of a group, by group.
        subjects: The identities that the persons were counted by: persons by two of them may be the same, and count twice.
    """

    runs: int
    persons: int
    groups: Mapping[str, int | None]
    untold: Mapping[str, int]
    subjects: tuple[str, ...]

    def of(self, group: str) -> int | None:
        """The persons, or those of a group."""
        return self.persons if group == PERSONS else self.groups[group]


@dataclass(frozen=True)
class Reached:
    """A threshold, and how many persons there are.

    Attributes:
        threshold: The threshold.
        persons: The persons; None where no field tells.
    """

    threshold: Threshold
    persons: int | None

    @property
    def state(self) -> str:
        """``reached``, ``near`` or ``below``; ``unknown`` where nobody can say."""
        if self.persons is None:
            return "unknown"
        if self.threshold.is_reached(self.persons):
            return "reached"
        return "near" if self.threshold.is_near(self.persons) else "below"


@dataclass(frozen=True)
class PersonsCounted:
    """The persons of a register.

    Attributes:
        year: The year, as it is in China.
        of_year: The persons of the runs of that year.
        of_all: Those of all runs.
        abroad: Those of the year's runs of which a release that is still personal was given abroad: at most so many persons
            were given, for a release may have left some out.
        uncounted: Runs whose persons nobody can count: made by an earlier version, or without a subject.
        reached: Each threshold, and how many persons there are.
    """

    year: int
    of_year: Counted
    of_all: Counted
    abroad: Counted
    uncounted: int
    reached: tuple[Reached, ...] = field(default=())

    @property
    def telling(self) -> tuple[Reached, ...]:
        """The thresholds that are near or reached."""
        return tuple(one for one in self.reached if one.state in ("near", "reached"))


def count_persons(document: Document, path: str, year: int, most_rows: int = MOST_ROWS) -> PersonsCounted:
    """Count the persons of a register.

    Args:
        document: The register.
        path: Its folder.
        year: The year that counts for what is given abroad.
        most_rows: Rows that are in memory at once, about.

    Raises:
        UsageError: A table is missing or damaged.
    """
    runs = [run for run in document.runs if is_counted(run)]
    of_year = [run for run in runs if year_of(run.made_at) == year]
    given = abroad_runs(document)
    counts = {
        "of_year": _count(path, of_year, most_rows),
        "of_all": _count(path, runs, most_rows),
        "abroad": _count(path, [run for run in of_year if run.run in given], most_rows),
    }
    reached = tuple(
        Reached(one, counts["abroad" if one.of == ABROAD else "of_all"].of(one.group)) for one in thresholds()
    )
    uncounted = _runs_of([run for run in document.runs if not is_counted(run)])
    return PersonsCounted(year, **counts, uncounted=len(uncounted), reached=reached)


def may_tell(document: Document, year: int) -> bool:
    """Whether any threshold may be near: by the sum of all runs' persons, of which none is read."""
    runs = [run for run in document.runs if is_counted(run)]
    given = abroad_runs(document)
    abroad = [run for run in runs if run.run in given and year_of(run.made_at) == year]
    sums = {HANDLED: runs, ABROAD: abroad}
    return any(one.is_near(sum(run.counts.get(one.group, 0) for run in sums[one.of])) for one in thresholds())


def is_counted(run: Run) -> bool:
    """Whether it is known whose records a run read."""
    return run.persons is not None and bool(run.subject)


def abroad_runs(document: Document) -> frozenset[str]:
    """The runs of which somebody abroad may have a release that is still personal."""
    return frozenset(
        entry.run
        for entry in document.releases
        if entry.label is LabelName.STILL_PERSONAL
        and entry.state in COUNTED
        and (entry.given_to or {}).get("role") == ABROAD
    )


def year_of(time: str) -> int:
    """The year of a time of the register, in China."""
    return (datetime.datetime.fromisoformat(time) + _CHINA).year


def _count(path: str, runs: Sequence[Run], most_rows: int) -> Counted:
    subjects = tuple(sorted({_subject_of(run) for run in runs}))
    of = {subject: [run for run in runs if _subject_of(run) == subject] for subject in subjects}
    persons = sum(
        _distinct(path, [(run.persons, run.subject) for run in some if run.persons], most_rows) for some in of.values()
    )
    groups: dict[str, int | None] = {}
    untold = {}
    for group in GROUPS:
        telling = [run for run in runs if group in run.counts]
        untold[group] = len(_runs_of(runs) - _runs_of(telling))
        found = [
            _distinct(path, [(run.special, group) for run in some if run.special and group in run.counts], most_rows)
            for some in of.values()
        ]
        groups[group] = sum(found) if telling or not runs else None
    return Counted(len(_runs_of(runs)), persons, groups, untold, subjects)


def _subject_of(run: Run) -> str:
    """What counts a run's persons: by one name in all tables of a dataset."""
    return run.common_subject or run.subject


def _runs_of(entries: Iterable[Run]) -> set[tuple[str, str]]:
    """The runs, each once however many tables it had. A pipeline that registers several times has one name for all of them."""
    return {(run.run, run.made_at) for run in entries}


def _distinct(path: str, tables: Iterable[tuple[Table, str]], most_rows: int) -> int:
    """How many persons are in any of some tables, each once; with each table the identity that counts them there."""
    found = list({(table.file, identity): (table, identity) for table, identity in tables}.values())
    files = [(PersonsFile(table_path(path, table.file), table), identity) for table, identity in found]
    total = 0
    for low, high in ranges([table.rows for table, _ in found], most_rows):
        total += len(np.unique(joined([file.read(identity, low, high) for file, identity in files])))
    return total
