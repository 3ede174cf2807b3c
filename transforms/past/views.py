"""What was given out before, as the records of a run see it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.looked import Looked
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.job import Job

WHOLE = ""
"""The view of all columns."""


@dataclass(frozen=True)
class Around:
    """In which groups of earlier releases a sensitive field's values are, and which values these groups have.

    Attributes:
        names: The releases that hold the field.
        chosen: Which choice of groups each cell has, shape (n,), int64; -1 where it is in none of these releases.
        groups: The group of each release in each choice, shape (releases, choices), int64; -1 where the cell is not in it.
        values: The groups and values of each release that stand together: group, shape (pairs,), and the value's key.
        many: How many groups each release has.
    """

    names: tuple[str, ...]
    chosen: Counts
    groups: Counts
    values: tuple[tuple[Counts, Fingerprints], ...]
    many: tuple[int, ...]


@dataclass(frozen=True)
class View:
    """What earlier releases say of the records in some of their columns.

    Rows are the run's cells (n of them), and after them others that stand for records which only earlier releases have.

    Attributes:
        history: Number of what all of them together say of each row, shape (rows,), int64; -1 where none has it.
        said: Number of what each says in each history, shape (entries, histories), int64; -1 where it has it not.
        open: Number of what each says beside secrets, of the same shape: of the columns that are not sensitive alone.
        persons: The persons of all rows.
        crowds: Rows that stand for a crowd of persons, shape (rows,).
    """

    history: Counts
    said: Counts
    open: Counts
    persons: Persons
    crowds: np.ndarray

    def said_by(self, number: int) -> Counts:
        """The code of each row's values in one of the releases, shape (rows,); -1 where it lacks the row."""
        return np.append(self.said[number], -1)[self.history]

    def open_by(self, number: int) -> Counts:
        """The same code over the columns that are not only sensitive, shape (rows,)."""
        return np.append(self.open[number], -1)[self.history]

    @cached_property
    def openly(self) -> Counts:
        """The code of each row's values in all releases, over the columns that are not only sensitive, shape (rows,)."""
        _, numbers = np.unique(self.open, axis=1, return_inverse=True)
        return np.append(numbers.reshape(-1), -1)[self.history]

    def over_all_rows(self, of_cells: np.ndarray) -> np.ndarray:
        """Extend an array over the cells, shape (n,), to all rows: no release of the run contains the others."""
        filler = False if of_cells.dtype == np.bool_ else -1
        return np.concatenate([of_cells, np.full(len(self.history) - len(of_cells), filler, of_cells.dtype)])


@dataclass(frozen=True)
class Past:
    """Registered releases that have some of a run's records.

    Attributes:
        entries: These releases.
        disjoint: Names of registered releases that have none of the run's records.
        untested: Why others cannot be tested, by name.
        views: What they say of all columns that others hold as well (`WHOLE`), and without each sensitive one of them that may be
            the one thing that is not known, by its name.
        crowd: How many persons are a crowd at least.
        around: Of each sensitive field that one of them holds, in which groups of theirs it is.
        unknown: Cells of which nobody can say which record they are, shape (n,): it has no number, or several persons have it.
        looked: The tables of the register that were read.
    """

    entries: tuple[Entry, ...] = ()
    disjoint: tuple[str, ...] = ()
    untested: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, "View"] = field(default_factory=dict)
    crowd: int = 0
    around: Mapping[str, Around] = field(default_factory=dict)
    unknown: np.ndarray = field(default_factory=lambda: np.empty(0, np.bool_))
    looked: tuple[Looked, ...] = ()

    def check(self) -> None:
        """See that what was read of the register is what was looked through.

        Raises:
            UsageError: A table was changed meanwhile.
        """
        for one in self.looked:
            one.check()

    def in_common(self, counts: Counts) -> dict[str, int]:
        """How many records of the run each of the entries has.

        Args:
            counts: Records of each cell, shape (n,).
        """
        if not self.entries:
            return {}
        whole = self.views[WHOLE]
        known = [whole.said_by(number)[: len(counts)] >= 0 for number in range(len(self.entries))]
        return {entry.name: int(counts[has].sum()) for entry, has in zip(self.entries, known, strict=True)}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the earlier releases that are tested, and of those that would be if they could."""
        return (*(entry.name for entry in self.entries), *self.untested)


def identities_of(job: Job, persons: Persons) -> list[tuple[str, Counts, Fingerprints, int]]:
    """Every identity as the policy calls it: the person of each cell, the key of each person, and how many there are.

    Those are among them that say the same of the cells as another one does: of other records they may not.
    """
    if not persons.names:
        return []
    names = (str(job.policy.subject), *persons.names[1:])
    found = [*zip(names, persons.numbers, persons.keys, persons.sizes, strict=True)]
    for name, other in persons.same_as.items():
        place = persons.names.index(other)
        found.append((name, persons.numbers[place], persons.same_keys[name], persons.sizes[place]))
    return found


def person_keys(job: Job, cells: Cells, rows: np.ndarray) -> dict[str, Fingerprints]:
    """The key of the person of some cells by each identity, as the register names it.

    Where each record is a person, it is known again as the record is; if that is not known nobody is.
    """
    persons = cells.persons
    found = {}
    for name, numbers, keys, _ in identities_of(job, persons):
        if name != EACH_RECORD:
            found[name] = np.append(keys, job.prints.null)[numbers[rows]]
        elif cells.has("recorded"):
            found[name] = cells.column("recorded")[rows]
    return found
