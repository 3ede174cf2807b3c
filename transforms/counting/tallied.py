"""Heavy groups as requirements see them: by the tallies of one fine bucket, which has all that was counted of its groups."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References, ValueReference
from beam_deid.transforms.candidate.viewing import told_identities
from beam_deid.transforms.candidate.within import among_records, within
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.tallies import (
    COLUMNS,
    IDENTITIES,
    KIND,
    VALUE,
    WRITTEN,
    Kind,
    kinds_of,
)
from beam_deid.transforms.counting.tally_tables import Table, TalliedGroups
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.requirements.requirement import Figure
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.risk.distances import Scale
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.inference import GroupValues, Having
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.layout import Column


class Tallied:
    """The heavy groups of a release of which one fine bucket has the tallies.

    Args:
        classes: The release, tallied.
        tallies: The columns of the bucket's tallies, each of shape (n,).
        everywhere: What must be known of all records.
    """

    def __init__(self, classes: Classes, tallies: Mapping[Column, Fingerprints], everywhere: References) -> None:
        self.data = classes.source.nothing
        self.levels = classes.levels
        self.risk = Risk()
        self.found = Found()
        self.figures: Mapping[str, Figure] = {}
        self._everywhere = everywhere
        self._tallies = tallies
        self._kinds = kinds_of(self.scope)
        self._tables: dict[Kind, Table] = {}

    @property
    def scope(self) -> Scope:
        """What the label is about."""
        return self.data.layout.scope

    @property
    def empty(self) -> bool:
        """Whether there is no group."""
        return not len(self._tallies[KIND])

    @property
    def records(self) -> int:
        """Records of all groups."""
        return int(self.groups(self.scope.rest).records.sum())

    @property
    def counted(self) -> bool:
        """Whether persons can be counted."""
        return self._everywhere.counted

    @cached_property
    def persons(self) -> Persons:
        """Whom records count for, without any."""
        every = self.data.cells.persons
        return replace(
            every, names=tuple(str(self.scope.subject) if not at else name for at, name in enumerate(every.names))
        )

    @property
    def identities(self) -> tuple[str, ...]:
        """The identities by which persons are counted, as the policy calls them."""
        return self.persons.names

    def groups(self, columns: Sequence[str]) -> TalliedGroups:
        """The groups of some released columns: see `Seen.groups`."""
        wanted = tuple(sorted(columns))
        table = self._table(Kind.of_groups(wanted))
        known = self._everywhere.written.get(wanted[0]) if len(wanted) == 1 else None
        if known is None:
            return TalliedGroups(table, self.persons)
        return TalliedGroups(table, self.persons, tuple(one.held for one in known.holders_of(table.values)))

    def group_values(self, name: str) -> GroupValues:
        """See `Seen.group_values`."""
        groups = self.groups(self.scope.around(name))
        pairs = self._table(Kind.of_values(self.scope, Column(VALUE, name)))
        pairs = pairs.where(pairs.values != self.data.job.prints.null)
        values, keys = ordered_codes(pairs.values)
        known = self._everywhere.values[name]
        counted = zip(groups.by_identity, pairs.persons, groups.table.nobody, pairs.nobody, strict=True)
        having = [Having(*each, one) for each, one in zip(counted, known.holders_of(keys), strict=True)]
        places = np.searchsorted(groups.table.keys, pairs.keys)
        return GroupValues(groups.many, places, values, tuple(having), known.base_rate(self.data.job.prints.null))

    def distributions(self, name: str) -> Sequence[Distribution]:
        """See `Seen.distributions`."""
        return self._by_identity(Column(VALUE, name), self._everywhere.values.get(name))

    def as_written(self, name: str) -> Sequence[Distribution]:
        """See `Seen.as_written`."""
        return self._by_identity(Column(WRITTEN, name), self._everywhere.written.get(name))

    def scale(self, name: str) -> Scale | None:
        """See `Seen.scale`."""
        known = self._everywhere.written.get(name)
        return self.data.scale(name, self.levels, None if known is None else known.keys)

    def told_identities(self, name: str) -> range:
        """The identities by which figures of a sensitive column are told."""
        return told_identities(self, name)

    def _by_identity(self, column: Column, known: ValueReference | None) -> list[Distribution]:
        groups = self.groups(self.scope.around(column.field))
        pairs = self._table(Kind.of_values(self.scope, column))
        keys = np.unique(pairs.values) if known is None else known.keys
        there = np.flatnonzero(keys == self.data.job.prints.null)
        null = int(there[0]) if len(there) else None
        values = np.searchsorted(keys, pairs.values)
        places = np.searchsorted(groups.table.keys, pairs.keys)
        if not len(groups):
            return []
        if not self.counted:
            made = Distribution.of_pairs(groups.many, places, values, keys, pairs.records)
            return [replace(among_records(made, known), null=null, groups=np.arange(groups.many))]
        found = []
        for identity in self.told_identities(column.field):
            people = groups.by_identity[identity]
            inhabited = np.flatnonzero(people)
            if not len(inhabited):
                continue
            some = pairs.persons[identity] > 0
            own = np.searchsorted(inhabited, places[some])
            made = Distribution.of_pairs(len(inhabited), own, values[some], keys, pairs.persons[identity][some])
            made = replace(made, null=null, class_people=people[inhabited])
            found.append(replace(within(made, identity, known), groups=inhabited, identity=identity))
        return found

    def _table(self, kind: Kind) -> Table:
        if kind not in self._tables:
            number = np.uint64(self._kinds.index(kind))
            rows = self._tallies[KIND] // np.uint64(IDENTITIES) == number
            own = {column: each[rows] for column, each in self._tallies.items()}
            self._tables[kind] = Table.of(own, len(self.persons.names))
        return self._tables[kind]


def heavy_groups(classes: Classes, cut: int, everywhere: References) -> Tallied:
    """The heavy groups of which a fine bucket has the tallies.

    Args:
        classes: The release, tallied, with heavy groups.
        cut: The fine bucket.
        everywhere: What must be known of all records.
    """
    assert classes.tallies is not None  # noqa: S101 - whoever asks has counted them
    return Tallied(classes, classes.tallies.read(cut, COLUMNS), everywhere)


def groups_of(classes: Classes, bucket: int, everywhere: References, seen: Candidate) -> Iterator[Candidate | Tallied]:
    """What a bucket shows of whole groups: light ones by their records, heavy ones by their tallies; none that is empty.

    One after the other, and none is held any longer than by whoever asks: each takes much memory with what is worked out of it.

    Args:
        classes: The release, tallied.
        bucket: The bucket.
        everywhere: What must be known of all records.
        seen: What all records of the bucket show.
    """
    light = seen if classes.heavy is None else classes.seen_whole(bucket, everywhere)
    del seen
    if not light.empty:
        yield light
    del light
    for cut in classes.cuts_of(bucket):
        heavy = heavy_groups(classes, cut, everywhere)
        if not heavy.empty:
            yield heavy
        del heavy
