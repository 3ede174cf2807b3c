"""A release at some levels with some of its records: what the requirements of the label look at."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.references import References, ValueReference
from beam_deid.transforms.candidate.released_data import ReleasedData, Values
from beam_deid.transforms.candidate.viewing import told_identities, view_of
from beam_deid.transforms.candidate.within import among_records, within
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows, ordered_codes
from beam_deid.transforms.columns.on_demand import MadeInOrder
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.combinations import Combinations, combinations
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.groups import RowGroups
from beam_deid.transforms.risk.histogram import Classes, Counts
from beam_deid.transforms.risk.history import History, histories
from beam_deid.transforms.risk.inference import GroupValues
from beam_deid.transforms.risk.linkage import Linked, Side, link
from beam_deid.transforms.risk.measures import all_figures
from beam_deid.transforms.risk.measures.k_anonymity import ClassSizes, k_composite, subjects_of
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.numbering import Numbered, numbered
from beam_deid.transforms.risk.persons import Persons, distinct_per_group

_FEW_COLUMNS = 2
"""So many columns are numbered one by one: their values are few."""


class Candidate:
    """A release at some levels, with the records that suppression leaves. It does not change.

    Its rows, in all docstrings below, are the m of the n cells of which any record is left.

    Args:
        data: The release.
        levels: The level of each open field, one for all cells or one for each, shape (n,).
        left: Records of each cell that are released, shape (n,), int64.
        found: What was found beside the classes; nothing where no requirement that needs it is asked.
        everywhere: What must be known of the whole release, where the cells are a part of it: all cells of their groups
            around sensitive fields, whatever else is released.
    """

    def __init__(
        self,
        data: ReleasedData,
        levels: RowLevels,
        left: Counts,
        found: Found | None = None,
        everywhere: References | None = None,
    ) -> None:
        self.data = data
        self.levels = levels
        self.left = left
        self.figures: Mapping[str, Figure] = {}
        self._found = found or Found()
        self._everywhere = everywhere
        self.cells = np.flatnonzero(left)
        self.counts = left[self.cells]
        self._groups: dict[tuple[str, ...], RowGroups] = {}
        self._group_values: dict[str, GroupValues] = {}

    def with_found(self, found: Found) -> "Candidate":
        """The same candidate with other findings. Both share what they count: none of it depends on findings."""
        other = copy.copy(self)
        other._found = found
        return other

    @property
    def found(self) -> Found:
        """What was found of the release beside its classes."""
        return self._found

    @property
    def scope(self) -> Scope:
        """What the label is about."""
        return self.data.layout.scope

    @property
    def records(self) -> int:
        """Number of records that are left."""
        return int(self.counts.sum())

    @property
    def empty(self) -> bool:
        """Whether no record is left."""
        return len(self.cells) == 0

    @cached_property
    def counted(self) -> bool:
        """Whether persons can be counted: there is a subject, and every identity names somebody."""
        if self._everywhere is not None:
            return self._everywhere.counted
        everybody = self.empty or all(bool((numbers >= 0).any()) for numbers in self.persons.numbers)
        return bool(self.persons.names) and everybody

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities by which persons are counted, as the policy calls them."""
        return self.persons.names

    @cached_property
    def persons(self) -> Persons:
        """The persons of the rows, by every identity."""
        every = self.data.cells.persons
        subject = self.scope.subject
        names = tuple(str(subject) if place == 0 else name for place, name in enumerate(every.names))
        if len(self.cells) == len(self.left):
            return replace(every, names=names)
        cells = self.cells  # what makes numbers must not know the candidate, which would be a cycle
        return replace(every, names=names, numbers=MadeInOrder(len(names), lambda at: every.numbers[at][cells]))

    def groups(self, columns: Sequence[str]) -> RowGroups:
        """Group the rows by some released columns, at the candidate's levels."""
        wanted = tuple(sorted(columns))
        if wanted not in self._groups:
            # From groups over some of the columns, as many as are known, on.
            known = max((one for one in self._groups if {*one} < {*wanted}), key=len, default=())
            begun = self._groups[known] if known else None
            found = self._numbered(begun, [name for name in wanted if name not in known])
            self._groups[wanted] = RowGroups(found, self.counts, self.persons, self._known_persons(wanted, found))
        return self._groups[wanted]

    def group_keys(self, columns: Sequence[str]) -> Fingerprints:
        """The key of each row's group of some released columns, shape (m,), by which others know it."""
        return self.data.keys(tuple(sorted(columns)), self.levels)[self.cells]

    def _numbered(self, begun: RowGroups | None, columns: Sequence[str]) -> Numbered:
        """Number the groups of some columns, within groups that are known."""
        rows = len(self.cells)
        numbers = np.zeros(rows, np.int64) if begun is None else begun.numbers
        if self._everywhere is not None and len(columns) > _FEW_COLUMNS:
            # Whoever has not all records goes by keys anyway; many columns are numbered at once then.
            keys = [self.data.key(name, self.levels)[self.cells] for name in columns]
            together, distinct = codes(combine([numbers.view(np.uint64), *keys], rows))
            return Numbered(together, len(distinct))
        coded = [self.data.coded(name, self.levels) for name in columns]
        sizes = [1 if begun is None else begun.many, *(many for _, many in coded)]
        return numbered([numbers, *(each[self.cells] for each, _ in coded)], sizes)

    def _known_persons(self, columns: tuple[str, ...], found: Numbered) -> tuple[Counts, ...] | None:
        """Persons of each group of one sensitive column by each identity, where other parts have rows of the same groups."""
        if self._everywhere is None or len(columns) != 1 or columns[0] not in self._everywhere.written:
            return None
        keys = self.data.key(columns[0], self.levels)[self.cells][first_rows(found.numbers, found.many)]
        return tuple(one.held for one in self._everywhere.written[columns[0]].holders_of(keys))

    def values(self, name: str) -> Values:
        """Number the values of a sensitive column, shape (m,); values that differ only in spelling have one number, null has -1."""
        found = self.data.values(name, self.levels)
        return found._replace(numbers=found.numbers[self.cells])

    def group_values(self, name: str) -> GroupValues:
        """The values of a sensitive column in the groups around it, those that differ in spelling only as one."""
        if name not in self._group_values:
            found = self.values(name)
            known = None if self._everywhere is None else self._everywhere.values.get(name)
            said = () if known is None else (known.holders_of(found.keys), known.base_rate(self.data.job.prints.null))
            groups = self.groups(self.scope.around(name))
            self._group_values[name] = GroupValues.of(groups, found.numbers, found.many, *said)
        return self._group_values[name]

    def distributions(self, name: str) -> Sequence[Distribution]:
        """The distribution of a sensitive column over the groups around it, by each identity that anybody is known by."""
        found = self.values(name)
        nulls = found.numbers < 0
        keys = np.append(found.keys, self.data.job.prints.null) if nulls.any() else found.keys
        known = None if self._everywhere is None else self._everywhere.values.get(name)
        return self._by_identity(
            name, np.where(nulls, found.many, found.numbers), keys, found.many if nulls.any() else None, known
        )

    def as_written(self, name: str) -> Sequence[Distribution]:
        """The same distributions for values as they are written, where spellings count as different values."""
        keys = self.data.key(name, self.levels)[self.cells]
        known = self._written(name)
        if known is None:
            numbers, values = ordered_codes(keys)
        else:  # those that no row here has are between the others, and far from them
            values = known.keys
            numbers = np.searchsorted(values, keys)
        null = np.flatnonzero(values == self.data.job.prints.null)
        return self._by_identity(name, numbers, values, int(null[0]) if len(null) else None, known)

    def scale(self, name: str) -> Scale | None:
        """The distances between the values of a sensitive column; None where all are equally far apart."""
        known = self._written(name)
        return self.data.scale(name, self.levels, None if known is None else known.keys)

    def _written(self, name: str) -> ValueReference | None:
        """What is known of all values of a sensitive column as they are written, where the rows are a part of a release."""
        return None if self._everywhere is None else self._everywhere.written.get(name)

    def _by_identity(
        self, name: str, values: Counts, keys: Fingerprints, null: int | None, known: ValueReference | None
    ) -> list[Distribution]:
        groups = self.groups(self.scope.around(name))
        if not self.counted:
            made = Distribution.counted(groups.numbers, groups.records, values, keys, self.counts)
            return [replace(among_records(made, known), null=null, groups=np.arange(groups.many))]
        found = []
        for identity in self.told_identities(name):
            inhabited = np.flatnonzero(groups.by_identity[identity])
            if not len(inhabited):
                continue
            place = np.full(groups.many, -1, np.int64)
            place[inhabited] = np.arange(len(inhabited))
            persons, size = groups.by_person[identity]
            made = Distribution.of_persons(place[groups.numbers], len(inhabited), values, keys, persons, size, null)
            found.append(replace(within(made, identity, known), groups=inhabited, identity=identity))
        return found

    def told_identities(self, name: str) -> range:
        """The identities by which figures of a sensitive column are told; where no test asks for them the subject alone."""
        return told_identities(self, name)

    @cached_property
    def risk(self) -> Risk:
        """The figures of all disclosure measures; none where no record is left."""
        if self.empty:
            return Risk()
        groups = self.groups(self.scope.rest)
        people = groups.persons if self.counted else None
        classes = Classes(groups.numbers.view(np.uint64), self.counts, self.subject, people)
        subjects = subjects_of(classes, self.counts, self.subject)
        figures = all_figures(view_of(self, subjects, self.data.setting))
        if self.scope.linked and self.counted:
            # Whose rows are linked is a matter of every identity: one person's may be those of several accounts.
            sizes = figures.of(ClassSizes)
            if sizes.k_composite is not None:  # what is unmeasured by the subject stays so, whatever others say
                others = [k_composite(classes, self.counts, self.who(at)) for at in range(1, len(self.identities))]
                figures = figures.replaced(replace(sizes, k_composite=min([sizes.k_composite, *others])))
        return figures

    @property
    def other_persons(self) -> tuple[Fingerprints, ...]:
        """The person of each row by the identities beside the subject, each of shape (m,); nobody has the key of null."""
        null = self.data.job.prints.null
        return tuple(np.where(numbers < 0, null, numbers.view(np.uint64)) for numbers in self.persons.numbers[1:])

    @property
    def subject(self) -> Fingerprints | None:
        """The subject of each row, shape (m,); rows that count nobody are one subject of their own."""
        return self.who(0) if self.counted else None

    def who(self, identity: int) -> Fingerprints:
        """The person of each row by an identity, shape (m,); rows that count nobody are one person of their own."""
        numbers = self.persons.numbers[identity]
        return np.where(numbers < 0, self.persons.sizes[identity], numbers).view(np.uint64)

    @property
    def deciding(self) -> str | None:
        """The identity that shows the fewest persons in a class; None where nobody is counted."""
        return self.groups(self.scope.rest).deciding if self.counted and not self.empty else None

    def history(self) -> list[History] | None:
        """Unicity of persons' histories over the columns that the policy names, or all; None without a subject or records."""
        return histories(self.belongings) if self.counted and not self.empty else None

    @property
    def belongings(self) -> Belongings:
        """The points of subjects' histories; rows that count nobody are one subject of their own, with the key of null."""
        points = self.data.keys(self.data.layout.history, self.levels)[self.cells]
        return Belongings.of(points, self.subject_keys, self.counts)

    @property
    def subject_keys(self) -> Fingerprints:
        """The key of each row's subject, shape (m,), where there are subjects; that of null where a row counts nobody."""
        return self.person_keys(0)[self.persons.numbers[0]]

    def person_keys(self, identity: int) -> Fingerprints:
        """The key of each person by an identity, and last that of null for nobody, shape (persons + 1,)."""
        return np.append(self.persons.keys[identity], self.data.job.prints.null)

    def combinations(self) -> Combinations | None:
        """Which combinations of columns single persons out; None where the policy does not ask, or no record is left."""
        if not self.data.spec.combinations or self.empty:
            return None
        fields = {name: self.data.key(name, self.levels)[self.cells] for name in self.scope.rest}
        return combinations(fields, self.counts, self.subject, self.data.spec.combinations)

    def singled_out(self, columns: Sequence[str]) -> Linked:
        """Count the subjects whom some columns single out among the released records: evidence, reported but not enforced."""
        side = Side(self.groups(columns).numbers.view(np.uint64), self.counts, self.subject)
        return link(side, side)

    def base_rates(self) -> dict[str, float]:
        """The share of persons who have the most common value, by sensitive column."""
        if not self.counted or self.empty:
            return {}
        numbers = self.persons.numbers[0]
        size = self.persons.sizes[0]
        everybody = max(int(np.count_nonzero(np.bincount(numbers[numbers >= 0], minlength=size))), 1)
        rates = {}
        for name in self.scope.sensitive:
            values = self.values(name)
            rates[name] = (
                float(distinct_per_group(values.numbers, values.many, numbers, size).max(initial=0)) / everybody
            )
        return rates

    def proof_keys(self) -> np.ndarray:
        """The key of all released values of each row, shape (m,)."""
        return combine([self.data.key(name, self.levels)[self.cells] for name in self.scope.columns], len(self.cells))
