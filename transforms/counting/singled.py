"""Whom columns single out, over all buckets: a subject counts once, in however many buckets it has records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.parts import stacked
from beam_deid.transforms.counting.tallied import Tallied
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams, filled

SUBJECTS = "subjects"
_WHO = Column("who")
_HOW = Column("how")
_ALONE = 1
"""In some class there is no other person, by the identity that shows the fewest."""
_BY_REST = 2
"""Some of its values of all columns but sensitive ones are nobody else's."""
_BY_ALL = 4
"""Some of its values of all columns are nobody else's."""


@dataclass(frozen=True)
class Singled:
    """Whom the columns of a release single out. All that count nobody are one subject of their own.

    Attributes:
        subjects: All subjects; records where nobody says whom they are about.
        alone: Subjects who are alone in some class, by the identity that shows the fewest persons.
        by_rest: Subjects who are singled out by all columns but those that are sensitive alone.
        by_all: Subjects who are singled out by all columns.
        named: Whether it is said whom records are about.
    """

    subjects: int = 0
    alone: int = 0
    by_rest: int = 0
    by_all: int = 0
    named: bool = True

    def linked(self, by_all: bool) -> Linked:
        """The same as the result of a join of the release with itself."""
        found = self.by_all if by_all else self.by_rest
        return Linked(self.subjects, found, found if self.named else None)


class Uncounted(NamedTuple):
    """What a bucket shows where nobody says whom records are about: each is a person of its own.

    Attributes:
        alone: Classes of one record.
        by_all: Records whose values of all columns no other one has.
    """

    alone: int
    by_all: int


def put_groups(seen: Candidate | Tallied, out: Out) -> tuple[Uncounted | None, Fingerprints]:
    """Set aside which subjects are singled out in some whole groups; or count records, where there are no subjects.

    Returns:
        What is counted where there are no subjects; and the keys of heavy groups by all columns but sensitive ones, of which all
        subjects are alone though there are several: one person's by another identity. Their records tell who they are.
    """
    rest = seen.groups(seen.scope.rest)
    whole = seen.groups(seen.scope.columns)
    nothing = np.empty(0, np.uint64)
    if not seen.counted:
        alone = int(np.count_nonzero(rest.records == 1))
        return Uncounted(alone, int(np.count_nonzero(whole.records == 1))), nothing
    if isinstance(seen, Tallied):
        return None, _put_tallied(seen, out)
    _put_rows(seen, out)
    return None, nothing


def _put_rows(seen: Candidate, out: Out) -> None:
    """Set all subjects of a bucket aside."""
    rest = seen.groups(seen.scope.rest)
    how = np.where(rest.persons == 1, _ALONE, 0)[rest.numbers]
    assert seen.subject is not None  # noqa: S101 - persons are counted
    for flag, groups in ((_BY_REST, rest), (_BY_ALL, seen.groups(seen.scope.columns))):
        subjects = distinct_per_number(groups.numbers, seen.subject, groups.many)
        how = how | np.where(subjects == 1, flag, 0)[groups.numbers]
    keys = seen.person_keys(0)
    numbers = seen.who(0).view(np.int64)
    together = np.zeros(len(keys), np.int64)
    np.bitwise_or.at(together, numbers, how)
    there = np.bincount(numbers, minlength=len(keys)) > 0
    _put(keys[there], together[there], out)


def _put_tallied(seen: Tallied, out: Out) -> Fingerprints:
    """Set the subjects aside who are the only one of a group; the keys of other groups in which everybody is alone."""
    rest = seen.groups(seen.scope.rest)
    for flag, groups in ((_BY_REST, rest), (_BY_ALL, seen.groups(seen.scope.columns))):
        _put_all(groups.table.somebody[groups.subjects == 1], flag, out)
    alone = rest.persons == 1
    _put_all(rest.table.somebody[alone & (rest.subjects == 1)], _ALONE, out)
    several = alone & (rest.subjects > 1)
    return np.asarray(rest.table.keys[several])


def put_subjects(seen: Candidate, out: Out) -> None:
    """Set the subjects of some records aside, whether anything singles them out or not."""
    _put_all(np.unique(seen.subject_keys), 0, out)


def _put_all(who: Fingerprints, flag: int, out: Out) -> None:
    _put(who, np.full(len(who), flag), out)


def _put(who: Fingerprints, how: Counts, out: Out) -> None:
    out.put(SUBJECTS, who, {_WHO: who, _HOW: how.view(np.uint64)})


def alone_in(classes: Classes, everywhere: References, groups: Sequence[Fingerprints], stages: Stages) -> Stream:
    """Set aside who has records in some heavy groups in which everybody is alone.

    Args:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        groups: The groups: see `put_groups`.
        stages: Runs tasks over the release's buckets.
    """
    keys = np.concatenate([np.empty(0, np.uint64), *groups])
    if not len(keys):
        return Stream(stages.buckets)
    _, streams = stages.run(_Alone(classes, everywhere, np.sort(keys)), classes.filled)
    return streams.get(SUBJECTS, Stream(stages.buckets))


@dataclass(frozen=True)
class _Alone:
    """Sets aside who has records in some heavy groups."""

    classes: Classes
    everywhere: References
    groups: Fingerprints

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen_heavy(bucket, self.everywhere)
        there = is_among(seen.group_keys(seen.scope.rest), self.groups)
        _put_all(np.unique(seen.subject_keys[there]), _ALONE, out)


def singled_of(
    streams: Streams, alone: Stream, stages: Stages, uncounted: Sequence[Uncounted], records: int
) -> Singled:
    """Count the subjects who were set aside.

    Args:
        streams: What was set aside.
        alone: What `alone_in` set aside beside it.
        stages: Runs tasks over it.
        uncounted: What buckets show where there are no subjects.
        records: All records.
    """
    if uncounted:
        each = sum(one.alone for one in uncounted)
        return Singled(records, each, each, sum(one.by_all for one in uncounted), named=False)
    subjects = (stages.take(streams, SUBJECTS), alone)
    parts, _ = stages.run(_Count(subjects), filled(*subjects))
    return Singled(*(sum(each) for each in zip(*parts, strict=True)))


@dataclass(frozen=True)
class _Count:
    """Counts the subjects of a bucket."""

    streams: Sequence[Stream]

    def run(self, bucket: int, out: Out) -> tuple[int, int, int, int]:
        """All of them, and those who are singled out in each way; see `Task.run`."""
        rows = stacked([stream.read(bucket, (_WHO, _HOW)) for stream in self.streams])
        numbers, distinct = codes(rows[_WHO])
        how = np.zeros(len(distinct), np.int64)
        np.bitwise_or.at(how, numbers, rows[_HOW].view(np.int64))
        alone, by_rest, by_all = (int(np.count_nonzero(how & flag)) for flag in (_ALONE, _BY_REST, _BY_ALL))
        return len(distinct), alone, by_rest, by_all
