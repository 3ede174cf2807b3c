"""Records of a bucket found again in earlier releases, by their fingerprints."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.partition import bucket_begin
from beam_deid.transforms.counting.elsewhere import put_others
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.said import (
    PLACE,
    RECORDED,
    UNSURE,
    are_known,
    around_column,
    bucket_at,
    open_column,
    said_column,
    some_of,
)
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.past.collecting import ROWS, Elsewhere, Slice, group_of_each
from beam_deid.transforms.past.comparing import Compared
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.prints_file import PrintsFile
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.known_again import Others, shared_records
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stream

GROUP = Column("group")
VALUE = Column("value")


def identity_columns(job: Job, people: People) -> dict[str, Column]:
    """By every identity as the policy calls it the column of the persons' keys; see `past.views.identities_of`."""
    columns = people.all_columns
    names = [column.field for column in columns]
    if names:
        names[0] = str(job.policy.subject)
    return dict(zip(names, columns, strict=True))


def owner(job: Job, people: People) -> tuple[Column, ...]:
    """The columns that say whose a record is by the subject, where records are known by a number; else none."""
    return people.columns[:1] if job.policy.record is not None else ()


def held_stream(name: str, entry: str) -> str:
    """What the stream is called of the groups around a sensitive field in a release, with their values."""
    return f"held\n{name}\n{entry}"


@contextlib.contextmanager
def opened_again(job: Job, entries: Sequence[Entry]) -> Iterator[list[PrintsFile]]:
    """The tables of some registered releases, which were looked through before."""
    register = job.register
    assert register is not None  # noqa: S101 - asked for only where there is one
    with contextlib.ExitStack() as stack:
        files = []
        for entry in entries:
            assert entry.table is not None  # noqa: S101 - asked before
            path = table_path(register.path, entry.table.file)
            files.append(stack.enter_context(PrintsFile.again(path, entry.table)))
        yield files


def ranges_of(bucket: int, buckets: int, rows: int) -> list[tuple[int, int]]:
    """The keys of a bucket, cut into equal ranges of which each has about `ROWS` rows.

    Args:
        bucket: The bucket.
        buckets: How many there are.
        rows: Rows of all tables in all buckets, about.
    """
    begin = bucket_begin(bucket, buckets)
    width = bucket_begin(bucket + 1, buckets) - begin
    cuts = max(1, -(-rows // (buckets * ROWS)))
    return list(pairwise([begin + width * cut // cuts for cut in range(cuts + 1)]))


@dataclass(frozen=True)
class Met:
    """Which releases have some records of a bucket.

    Attributes:
        met: Their names.
        damaged: Why others cannot be read.
    """

    met: frozenset[str]
    damaged: Mapping[str, UsageError]


@dataclass(frozen=True)
class Meets:
    """Finds out which registered releases have some records of a bucket."""

    job: Job
    entries: tuple[Entry, ...]
    run_records: Stream

    def run(self, bucket: int, out: Out) -> Met:
        """See `Task.run`."""
        records = np.sort(self.run_records.read(bucket, (RECORDED,))[RECORDED])
        met = set()
        damaged = {}
        for entry in self.entries:
            try:
                if self._meets(entry, bucket, records):
                    met.add(entry.name)
            except UsageError as error:
                damaged[entry.name] = error
        return Met(frozenset(met), damaged)

    def _meets(self, entry: Entry, bucket: int, records: Fingerprints) -> bool:
        if not len(records):
            return False
        with opened_again(self.job, (entry,)) as (file,):
            for low, high in ranges_of(bucket, self.run_records.buckets, file.rows):
                theirs = file.read(low, high, persons=(), values=(), normal=()).record
                if is_among(theirs, records).any():
                    return True
        return False


@dataclass(frozen=True)
class FindAgain:
    """Brings what earlier releases say of the records of a bucket to where these are, and other records to buckets of their own.

    Attributes:
        job: The run.
        compared: The earlier releases.
        run_records: The run's records.
        identities: By every identity the column of the persons' keys.
        owner: The column that says whose a record is; none where that does not matter.
    """

    job: Job
    compared: Compared
    run_records: Stream
    identities: Mapping[str, Column]
    owner: tuple[Column, ...]

    known = "known"

    def run(self, bucket: int, out: Out) -> Counts:
        """How many of the bucket's records each release has, shape (entries,); see `Task.run`."""
        entries = self.compared.entries
        found = np.zeros(len(entries), np.int64)
        rows = self.run_records.read(bucket, tuple(dict.fromkeys([RECORDED, PLACE, *self.owner, COUNT])))
        rows = some_of(rows, np.argsort(rows[RECORDED], kind="stable"))
        many = self.run_records.rows + sum(entry.table.rows for entry in entries if entry.table is not None)
        with opened_again(self.job, entries) as files:
            for low, high in ranges_of(bucket, self.run_records.buckets, many):
                begin = int(np.searchsorted(rows[RECORDED], np.uint64(low)))
                end = int(np.searchsorted(rows[RECORDED], np.uint64(high - 1), side="right"))
                cuts = [
                    Slice(entry, file.read(low, high, **self.compared.wanted(entry)), self.compared.columns[entry.name])
                    for entry, file in zip(entries, files, strict=True)
                ]
                found += self._range({column: keys[begin:end] for column, keys in rows.items()}, cuts, out)
        return found

    def _range(self, rows: Mapping[Column, Any], cuts: Sequence[Slice], out: Out) -> Counts:
        records = rows[RECORDED]
        elsewhere = Elsewhere.of(cuts, records)
        known = {PLACE: rows[PLACE], UNSURE: self._unsure(rows, cuts)}
        for view in self.compared.views:
            known |= self._view(view, cuts, records, elsewhere, out)
        for name, holders in self.compared.holders.items():
            for cut in cuts:
                if cut.entry in holders:
                    known[around_column(name, cut.entry.name)] = self._around(name, cut, records, out)
        names = [cut.entry.name for cut in cuts]
        some = some_of(known, are_known(known, names))
        out.put_into(self.known, bucket_at(some[PLACE]), some)
        return np.array([rows[COUNT][are_known(known, [name])].sum() for name in names], np.int64)

    def _view(
        self, view: str, cuts: Sequence[Slice], records: Fingerprints, elsewhere: Elsewhere, out: Out
    ) -> dict[Column, Fingerprints]:
        """What the releases say of records, in one view; what they say of others is set aside."""
        known = {}
        others = {}
        for cut in cuts:
            name = cut.entry.name
            for column, said in ((said_column(view, name), cut.said(view)), (open_column(view, name), cut.open(view))):
                known[column] = said.at(records)
                others[column] = said.along(elsewhere.records)
        self._put_others(view, cuts, elsewhere, others, out)
        return known

    def _put_others(
        self, view: str, cuts: Sequence[Slice], elsewhere: Elsewhere, said: Mapping[Column, Fingerprints], out: Out
    ) -> None:
        if not elsewhere.rows:
            return
        null = self.job.prints.null
        people = [cut.persons(rows, tuple(self.identities), null) for cut, rows, _ in elsewhere.rows]
        rows = some_of(said, np.concatenate([place for *_, place in elsewhere.rows]))
        for name, column in self.identities.items():
            rows[column] = np.concatenate([one[name] for one in people])
        entries = [cut.entry.name for cut in cuts]
        put_others(out, view, rows, entries, self.identities, Others(tuple(self.identities), self.compared.crowd, null))

    def _around(self, name: str, cut: Slice, records: Fingerprints, out: Out) -> Fingerprints:
        """The group around a sensitive field of each record; the values of all groups are set aside."""
        group = cut.around(name)
        value = cut.prints.normal[name]
        _, once = np.unique(combine([group, value], len(group)), return_index=True)
        once = once[value[once] != self.job.prints.null]
        out.put(held_stream(name, cut.entry.name), group[once], {GROUP: group[once], VALUE: value[once]})
        return group_of_each(cut.prints.record, group).at(records)

    def _unsure(self, rows: Mapping[Column, Any], cuts: Sequence[Slice]) -> Fingerprints:
        """Of which records nobody can say which they are: without a number, or with that of another person, shape (n,)."""
        records = rows[RECORDED]
        null = self.job.prints.null
        if self.job.policy.record is None:
            return np.zeros(len(records), np.uint64)
        unsure = records == null
        for column in self.owner:
            some = rows[column] != null
            unsure |= is_among(records, shared_records(records[some], rows[column][some]))
        subjects = records if self.job.policy.subject == EACH_RECORD else rows[self.owner[0]]
        for cut in cuts:
            unsure |= cut.unsure(records, subjects, null)
        known: Fingerprints = unsure.astype(np.uint64)
        return known
