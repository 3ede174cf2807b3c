"""Records of several releases brought together: what each says of a record, beside what earlier releases say of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import HOME, Classes, Records
from beam_deid.transforms.counting.elsewhere import OPEN, SAID
from beam_deid.transforms.counting.finding_again import GROUP, VALUE, held_stream
from beam_deid.transforms.counting.said import (
    NOWHERE,
    PLACE,
    UNSURE,
    Known,
    are_known,
    around_column,
    bucket_at,
    places,
    row_at,
    said_together,
    some_of,
    stream,
)
from beam_deid.transforms.counting.targets import InCommon, Look, Target
from beam_deid.transforms.risk.known_again import ABSENT
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Streams

JOINT = Column("joint")
BACK = Column("back")
CHOICE = Column("choice")
_ANYTHING = References(counted=True, values={}, written={})

Rows = Mapping[Column, Any]


def place_column(member: str) -> Column:
    """The column of where a release has a row."""
    return Column("place", release=member)


def shared_column(member: str, fields: Sequence[str] = ()) -> Column:
    """The column of the values that a release gives to some fields."""
    return Column("shared", "\n".join(fields), member)


def group_column(member: str, name: str) -> Column:
    """The column of the group around a sensitive field in which a release has a row."""
    return Column("group", name, member)


def side_column(number: int) -> Column:
    """The column of the group in which one of several releases has a row; `ABSENT` where it has it not."""
    return Column("side", str(number))


def home_stream(member: str) -> str:
    """What the stream of a release's rows is called in the buckets of the records."""
    return f"home\n{member}"


def divided_stream(look: Look, member: str) -> str:
    """What the stream is called of a release's groups with the joint groups that they have records in."""
    return f"divided\n{look.name}\n{member}"


def broken_stream(member: str) -> str:
    """What the stream is called of the rows of a release that say too much together with others."""
    return f"broken\n{member}"


def put_broken(out: Out, member: str, place: Fingerprints) -> None:
    """Set the places of rows aside that say too much, in the buckets of their release; those that it has."""
    there = place[place != NOWHERE]
    out.put_into(broken_stream(member), bucket_at(there), {PLACE: there})


@dataclass(frozen=True)
class ToRecords:
    """Brings the rows that are left of a release to the buckets of the run's records.

    Attributes:
        classes: The release.
        shared: Fields of which the values are compared, one tuple for each comparison.
        around: Sensitive fields of which the values are compared.
    """

    classes: Classes
    shared: tuple[tuple[str, ...], ...]
    around: tuple[str, ...]

    def run(self, bucket: int, out: Out) -> int:
        """The records that are left; see `Task.run`."""
        seen = self.classes.seen(bucket, _ANYTHING)
        if seen.empty:
            return 0
        release = self.classes.source.layout.release
        data = seen.data
        home = self.classes.homes(bucket)[seen.cells]
        rows = {HOME: home, place_column(release): places(bucket, seen.cells)}
        for fields in self.shared:
            rows[shared_column(release, fields)] = data.keys(fields, seen.levels)[seen.cells]
        for name in self.around:
            group = data.keys(seen.scope.around(name), seen.levels)[seen.cells]
            rows[group_column(release, name)] = group
            self._put_held(seen, name, group, out)
        out.put_into(home_stream(release), bucket_at(home), rows)
        return int(seen.left.sum())

    def _put_held(self, seen: Candidate, name: str, group: Fingerprints, out: Out) -> None:
        """Set aside which values the groups around a field have: one key for all spellings, and none of what nobody has."""
        null = seen.data.job.prints.null
        people = self.classes.source.people.columns
        nobody = [seen.data.cells.column(*column)[seen.cells] == null for column in people]
        value = seen.data.normal_keys(name, seen.levels)[seen.cells]
        some = (value != null) & ~reduce(np.logical_or, nobody, np.zeros(len(value), bool))
        _, once = np.unique(combine([group[some], value[some]], int(some.sum())), return_index=True)
        rows = {GROUP: group[some][once], VALUE: value[some][once]}
        out.put(held_stream(name, self.classes.source.layout.release), rows[GROUP], rows)


@dataclass(frozen=True)
class Meeting:
    """Puts the rows of several releases together, record by record, and brings them to the buckets where they are counted.

    Attributes:
        records: The run's records.
        known: What earlier releases say of them; None where there are none.
        persons: The columns of their persons.
        members: The rows of the releases of the run, by `home_stream`.
        targets: What is asked.
    """

    records: Records
    known: Known | None
    persons: tuple[Column, ...]
    members: Streams
    targets: tuple[Target, ...]

    def run(self, bucket: int, out: Out) -> tuple[bool, ...]:
        """For each target whether it has rows of which nobody can say which record they are; see `Task.run`."""
        rows = self._rows(bucket)
        unsure = []
        for target in self.targets:
            there = np.logical_or.reduce([rows[place_column(member)] != NOWHERE for member in target.members])
            unsure.append(self._put_unsure(target, rows, there, out))
            for look in target.looks:
                self._put_look(target, look, rows, there, out)
            for asked in target.in_common:
                _put_asked(target, asked, rows, out)
        return tuple(unsure)

    def _rows(self, bucket: int) -> Rows:
        """All records of a bucket: their persons, what earlier releases say of them, and what each release of the run says."""
        rows = self.records.read(bucket, (*self.persons, COUNT))
        records = len(rows.pop(COUNT))
        if self.known is not None:
            rows |= self.known.read(bucket, records)
        for member in members_of(self.targets):
            given = spread(self._read(member, bucket), records)
            del given[HOME]
            rows |= given
        return rows

    def _read(self, member: str, bucket: int) -> dict[Column, Any]:
        shared = [shared_column(member, fields) for fields in compared_fields(self.targets, member)]
        groups = [group_column(member, name) for name in around_fields(self.targets, member)]
        rows = stream(self.members, home_stream(member), self.records.buckets)
        return rows.read(bucket, (HOME, place_column(member), *shared, *groups))

    def _put_unsure(self, target: Target, rows: Rows, there: npt.NDArray[np.bool_], out: Out) -> bool:
        if not target.entries:
            return False
        unsure = there & (rows[UNSURE] > 0) & are_known(rows, target.entries)
        for member in target.members:
            put_broken(out, member, rows[place_column(member)][unsure])
        return bool(unsure.any())

    def _put_look(self, target: Target, look: Look, rows: Rows, there: npt.NDArray[np.bool_], out: Out) -> None:
        """Bring rows to the buckets of their joint groups: all of a group that earlier releases say beside secrets are in one."""
        keys = [
            np.where(rows[place_column(member)] == NOWHERE, ABSENT, rows[shared_column(member, fields)])
            for member, fields in look.shared.items()
        ]
        back = combine(keys, len(there))
        found: dict[Column, Any] = {column: rows[column] for column in self.persons}
        if look.entries:
            found[SAID], found[OPEN] = said_together(rows, look.view, look.entries)
            known = found[SAID] != ABSENT
            back = np.where(known, found[OPEN], back)
            there = there | known
            keys.append(found[SAID])
        found[JOINT] = combine(keys, len(there))
        for member, key in zip(look.shared, keys, strict=False):
            found[place_column(member)] = rows[place_column(member)]
            found[shared_column(member)] = key
        found[BACK] = back
        _put_joint(look, some_of(found, there), out)


def _put_joint(look: Look, rows: dict[Column, Any], out: Out) -> None:
    """Set rows aside by joint groups, and each release's groups with the joint groups that they are in."""
    if not look.all_asked:
        for member in look.shared:
            own = rows[place_column(member)] != NOWHERE
            pairs = {column: rows[column][own] for column in (shared_column(member), JOINT, BACK)}
            _, once = np.unique(pairs[JOINT], return_index=True)
            pairs = some_of(pairs, once)
            out.put(divided_stream(look, member), pairs[shared_column(member)], pairs)
    out.put(look.name, rows.pop(BACK), rows)


def _put_asked(target: Target, asked: InCommon, rows: Rows, out: Out) -> None:
    """Set the rows aside that are in several releases, and which groups of theirs they choose."""
    mine = [
        np.where(rows[place_column(name)] == NOWHERE, ABSENT, rows[group_column(name, asked.field)])
        for name in asked.holders
    ]
    sides = [*mine, *(rows[around_column(asked.field, entry)] for entry in asked.entries)]
    if not mine:
        return
    times = np.sum([side != ABSENT for side in sides], axis=0)
    chosen = (times >= asked.times) & np.logical_or.reduce([side != ABSENT for side in mine])
    groups = {side_column(number): side[chosen] for number, side in enumerate(sides)}
    choice = combine(list(groups.values()), int(chosen.sum()))
    placed = {place_column(name): rows[place_column(name)][chosen] for name in target.members}
    out.put(f"asked\n{asked.name}", choice, {CHOICE: choice, **placed})
    _, once = np.unique(choice, return_index=True)
    out.put(f"choices\n{asked.name}", choice[once], some_of({CHOICE: choice, **groups}, once))


def spread(rows: dict[Column, Any], records: int) -> dict[Column, Any]:
    """The rows of a release as columns over all records of a bucket.

    Args:
        rows: The rows, with the places of their records, `HOME`.
        records: The records of the bucket.

    Returns:
        The columns, each of shape (records,): `ABSENT` where the release has no row, places `NOWHERE`; and `HOME`, whether it
        has one.
    """
    at = row_at(rows.pop(HOME))
    whole: dict[Column, Any] = {}
    for column, values in rows.items():
        filler = NOWHERE if column.what == PLACE.what else ABSENT
        whole[column] = np.full(records, filler, np.uint64)
        whole[column][at] = values
    whole[HOME] = np.zeros(records, bool)
    whole[HOME][at] = True
    return whole


def compared_fields(targets: Sequence[Target], member: str) -> tuple[tuple[str, ...], ...]:
    """The fields of a release whose values are compared, one tuple for each comparison."""
    looks = (look for target in targets for look in target.looks if member in look.shared)
    return tuple(dict.fromkeys(look.shared[member] for look in looks))


def around_fields(targets: Sequence[Target], member: str) -> tuple[str, ...]:
    """The sensitive fields of a release whose values are compared."""
    asked = (one for target in targets for one in target.in_common if member in one.holders)
    return tuple(dict.fromkeys(one.field for one in asked))


def members_of(targets: Sequence[Target]) -> Iterator[str]:
    """The releases of the run that are asked about."""
    yield from dict.fromkeys(name for target in targets for name in target.members)
