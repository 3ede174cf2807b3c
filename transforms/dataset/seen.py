"""A dataset as it is, as the requirements of the label see it: every row released, values as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.groups import RowGroups
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.inference import GroupValues
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.numbering import numbered
from beam_deid.transforms.risk.persons import Persons, persons


class DatasetSeen:
    """A counted dataset. Rows are of shape (n,).

    Args:
        scope: The dataset as a release.
        columns: Key of each counted column's values, shape (n,).
        counts: Records of each row, shape (n,).
        subject: Whom each row is about, shape (n,); None if every record is a person of its own.
        null: The key of null.
    """

    def __init__(
        self,
        scope: Scope,
        columns: Mapping[str, Fingerprints],
        counts: Counts,
        subject: Fingerprints | None,
        null: np.uint64 | None = None,
    ) -> None:
        if subject is None and len(counts):
            rows = np.repeat(np.arange(len(counts)), counts)
            columns = {name: keys[rows] for name, keys in columns.items()}
            counts = np.ones(len(rows), np.int64)
            subject = np.arange(1, len(rows) + 1, dtype=np.uint64)
        self.scope = scope
        self.risk = Risk()
        self.found = Found()
        self.figures: Mapping[str, Figure] = {}
        self._columns = columns
        self._counts = counts
        self._null = null
        self._subject = np.empty(0, np.uint64) if subject is None else subject
        self._groups: dict[tuple[str, ...], RowGroups] = {}

    @property
    def empty(self) -> bool:
        """Whether there is no record."""
        return len(self._counts) == 0

    @property
    def counted(self) -> bool:
        """Each record counts as one person where nobody says more."""
        return True

    @property
    def identities(self) -> tuple[str, ...]:
        """The one identity."""
        return (str(self.scope.subject),)

    @cached_property
    def persons(self) -> Persons:
        """Whom the rows are about."""
        # No key of a subject is null here: a missing subject is one person of its own.
        found = persons(self._subject + np.uint64(1), {}, np.uint64(0))
        return replace(found, names=self.identities)

    def groups(self, columns: Sequence[str]) -> RowGroups:
        """The rows grouped by some columns, as far as these are counted."""
        wanted = tuple(sorted(name for name in columns if name in self._columns))
        if wanted not in self._groups:
            coded = [codes(self._columns[name]) for name in wanted]
            found = numbered(
                [np.zeros(len(self._counts), np.int64), *(numbers for numbers, _ in coded)],
                [1, *(len(keys) for _, keys in coded)],
            )
            self._groups[wanted] = RowGroups(found, self._counts, self.persons)
        return self._groups[wanted]

    def group_values(self, name: str) -> GroupValues:
        """The values of a column in the groups around it."""
        return GroupValues.of(self.groups(self.scope.around(name)), *self._values(name))

    def _values(self, name: str) -> tuple[Counts, int]:
        """Number of each row's value of a column, -1 for null, and how many numbers there may be."""
        numbers, distinct = codes(self._columns[name])
        null = np.flatnonzero(distinct == self._null)
        return np.where(numbers == null[0], -1, numbers) if len(null) else numbers, len(distinct)

    def distributions(self, name: str) -> Sequence[Distribution]:
        """The distribution of a column over the groups around it."""
        groups = self.groups(self.scope.around(name))
        numbers, many = self._values(name)
        keys = np.arange(many + 1, dtype=np.uint64)
        values = np.where(numbers < 0, many, numbers)
        each = np.arange(groups.many)
        return [
            replace(
                Distribution.of_persons(groups.numbers, groups.many, values, keys, persons_, size, many),
                groups=each,
            )
            for persons_, size in groups.by_person
        ]

    def as_written(self, name: str) -> Sequence[Distribution]:
        """The same: values are taken as they stand."""
        return self.distributions(name)

    def scale(self, name: str) -> Scale | None:
        """All values are equally far apart."""
        return None
