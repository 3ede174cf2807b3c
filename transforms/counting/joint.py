"""Joint groups in buckets: records that look alike in several releases; see `composition.joint_groups`."""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.composition.joint_groups import Alike, divided
from beam_deid.transforms.counting.elsewhere import CROWD, OPEN, SAID, counted_stream
from beam_deid.transforms.counting.meeting import (
    BACK,
    JOINT,
    Rows,
    divided_stream,
    place_column,
    put_broken,
    shared_column,
)
from beam_deid.transforms.counting.said import NOWHERE, many, some_of, stream
from beam_deid.transforms.counting.targets import Look
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.intersection_groups import Side, joint_groups_of_all
from beam_deid.transforms.risk.known_again import ABSENT
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams, filled, joined

_MORE = "more"


def fewest_of(
    look: Look, persons: tuple[Column, ...], met: Streams, others: Streams, crowd: int, null: np.uint64, stages: Stages
) -> tuple[int | None, Streams]:
    """Find the least number of persons in a joint group.

    Args:
        look: Which groups are asked for.
        persons: The columns of persons, by every identity.
        met: The rows of the run: see `meeting.Meeting`.
        others: Rows that only earlier releases have: see `elsewhere.crowds_of`.
        crowd: How many persons are a crowd at least.
        null: The key of nobody.
        stages: Runs tasks over buckets.

    Returns:
        The number, None if there is no such group; and by `meeting.broken_stream` the rows of groups that have too few.
    """
    buckets = stages.buckets
    more = Stream(buckets)
    for member in () if look.all_asked else look.shared:
        pairs = stream(met, divided_stream(look, member), buckets)
        _, found = stages.run(_Divided(pairs, shared_column(member)), filled(pairs))
        more = joined([{_MORE: more}, found])[_MORE]
    counted = stream(others, counted_stream(look.view, look.other), buckets) if look.entries else Stream(buckets)
    rows = stream(met, look.name, buckets)
    told, broken = stages.run(_Groups(look, persons, rows, counted, more, crowd, null), filled(rows))
    return min((one for one in told if one is not None), default=None), broken


@dataclass(frozen=True)
class _Divided:
    """Finds the joint groups of a bucket that are a proper part of a group of one release."""

    pairs: Stream
    own: Column

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        pairs = self.pairs.read(bucket, (self.own, JOINT, BACK))
        if not many(pairs):
            return
        _, once = np.unique(pairs[JOINT], return_index=True)  # a joint group is in one group of a release
        pairs = some_of(pairs, once)
        numbers, distinct = codes(pairs[self.own])
        several = np.bincount(numbers, minlength=len(distinct))[numbers] > 1
        if several.any():
            out.put(_MORE, pairs[BACK][several], {JOINT: pairs[JOINT][several]})


@dataclass(frozen=True)
class _Groups:
    """Counts the persons of the joint groups of a bucket."""

    look: Look
    persons: tuple[Column, ...]
    rows: Stream
    others: Stream
    more: Stream
    crowd: int
    null: np.uint64

    def run(self, bucket: int, out: Out) -> int | None:
        """The fewest persons of a group that is asked for; see `Task.run`."""
        rows = self._rows(bucket)
        mine = many(rows)
        if not any((rows[place_column(member)] != NOWHERE).any() for member in self.look.shared):
            return None  # of groups without a record that the run releases nothing new is told
        others = self.others.read(bucket, (SAID, OPEN, CROWD, *self.persons)) if self.look.entries else {}
        more = many(others) if others else 0
        alike = Alike(self.look.k, mine)
        sides = self._sides(rows, more)
        people = self._people(rows, others)
        divided_ = self._divided(bucket, rows)
        if not self.look.entries:
            joint = joint_groups_of_all(sides, people)
            alike.add(joint, sides, self.look.all_asked, divided=joint.groups[divided_])
        else:
            said, openly = (_numbers(np.concatenate([rows[one], others[one]])) for one in (SAID, OPEN))
            sides.append(Side(said, divided(openly, np.logical_or.reduce([side.present for side in sides]))))
            crowds = np.concatenate([np.zeros(mine, bool), others[CROWD] > 0])
            joint = joint_groups_of_all(sides, people, None, crowds, self.crowd)
            alike.add(joint, sides, self.look.all_asked, said, openly, joint.groups[:mine][divided_])
        for member in self.look.shared:
            put_broken(out, member, rows[place_column(member)][alike.broken])
        return alike.found

    def _rows(self, bucket: int) -> Rows:
        wanted = [JOINT, *self.persons]
        for member in self.look.shared:
            wanted += [place_column(member), shared_column(member)]
        if self.look.entries:
            wanted += [SAID, OPEN]
        return self.rows.read(bucket, wanted)

    def _sides(self, rows: Rows, more: int) -> list[Side]:
        """The releases of the run as sides over their rows, and after them others, which none of them has."""
        sides = []
        for member in self.look.shared:
            present = np.append(rows[place_column(member)] != NOWHERE, np.zeros(more, bool))
            numbers, _ = codes(rows[shared_column(member)])
            sides.append(Side(np.append(numbers, np.full(more, -1)), present))
        return sides

    def _people(self, rows: Rows, others: Rows) -> Persons:
        numbers = []
        sizes = []
        for column in self.persons:
            keys = np.concatenate([rows[column], others[column]]) if others else rows[column]
            found, distinct = codes(keys)
            found[keys == self.null] = -1
            numbers.append(found)
            sizes.append(len(distinct))
        names = tuple(column.field for column in self.persons)
        return Persons(names, tuple(numbers), tuple(sizes), {}, {}, {})

    def _divided(self, bucket: int, rows: Rows) -> np.ndarray:
        """Rows of joint groups that are a proper part of a group of one release, shape (m,)."""
        more = np.unique(self.more.read(bucket, (JOINT,))[JOINT]) if not self.look.all_asked else np.empty(0, np.uint64)
        return np.flatnonzero(np.isin(rows[JOINT], more))


def _numbers(keys: Fingerprints) -> Counts:
    """Number keys; -1 for `ABSENT`."""
    numbers, _ = codes(keys)
    numbers[keys == ABSENT] = -1
    return numbers
