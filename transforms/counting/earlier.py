"""A run's records found in earlier releases, bucket by bucket: see `past.known_records`.

The register's tables are in the order of the records' fingerprints, so that the rows of a bucket are a range of each table.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from beam_deid.transforms.counting.classes import Records
from beam_deid.transforms.counting.elsewhere import crowds_of
from beam_deid.transforms.counting.finding_again import FindAgain, Meets, identity_columns, owner
from beam_deid.transforms.counting.people import People
from beam_deid.transforms.counting.said import PLACE, RECORDED, Known, known_columns, places, stream
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.past.comparing import Compared, compared, incomparable, told_apart
from beam_deid.transforms.past.views import Past
from beam_deid.transforms.policy.scoping import tested_together
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.looked import Looked, tables_of
from beam_deid.transforms.register.prints_file import PrintsFile
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream, Streams

_RECORDS = "records"


@dataclass(frozen=True)
class Earlier:
    """What earlier releases say of a run's records.

    Attributes:
        past: Which they are.
        compared: What of them is compared; None where there are none.
        known: What they say of each record.
        others: Records that only they have: see `elsewhere.crowds_of`.
        held: By release and sensitive field the groups around it, with the values that are in them.
        in_common: How many records of the run each of them has.
        looked: The tables of the register that are read.
    """

    past: Past = field(default_factory=Past)
    compared: Compared | None = None
    known: Known | None = None
    others: Streams = field(default_factory=dict)
    held: Streams = field(default_factory=dict)
    in_common: Mapping[str, int] = field(default_factory=dict)
    looked: tuple[Looked, ...] = ()

    def check(self) -> None:
        """See that what was read of the register is what was looked through.

        Raises:
            UsageError: A table was changed meanwhile.
        """
        for one in self.looked:
            one.check()

    @property
    def crowd(self) -> int:
        """How many persons are a crowd at least."""
        return 0 if self.compared is None else self.compared.crowd


@PROGRESS.doing("comparing with earlier releases")
def earlier_of(job: Job, records: Records, people: People, releases: Sequence[str], stages: Stages) -> Earlier:
    """Find a run's records in earlier releases.

    Args:
        job: The run.
        records: Its records, with whose they are.
        people: The persons of all of them.
        releases: The releases of the run that are tested together.
        stages: Runs tasks over buckets.

    Raises:
        OutputError: Rows cannot be set aside.
        UsageError: A table of the register was damaged after it was looked through.
    """
    register = job.register
    if register is None or not register.entries or not job.remembers:
        return Earlier()
    if not {*releases} & {*tested_together(job.policy, job.releases)}:
        return Earlier()  # what stays personal is not tested with anything
    run = _records(job, records, people, stages)
    if not run.rows:
        return Earlier()
    files = tables_of(register.path, register.entries)
    usable, untested = _usable(job, register.entries)
    looked = tuple(files[path] for path in tables_of(register.path, usable))
    met, damaged = _met(job, usable, run, stages)
    past = told_apart(register.entries, met, untested | damaged)
    if not past.entries:
        return Earlier(past, looked=looked)
    told = compared(job, past.entries, releases)
    find = FindAgain(job, told, run, identity_columns(job, people), owner(job, people))
    return replace(_found(find, past, len(releases) + len(past.entries) > 2, stages), looked=looked)


def _records(job: Job, records: Records, people: People, stages: Stages) -> Stream:
    """The records of the run, brought to the buckets of their fingerprints."""
    _, streams = stages.run(_ToRecords(records, owner(job, people)), records.filled)
    return stream(streams, _RECORDS, stages.buckets)


@dataclass(frozen=True)
class _ToRecords:
    """Brings the records of a bucket to the buckets of their fingerprints, with their places."""

    records: Records
    owner: tuple[Column, ...]

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        rows = self.records.read(bucket, tuple(dict.fromkeys([RECORDED, *self.owner, COUNT])))
        rows[PLACE] = places(bucket, np.arange(len(rows[COUNT])))
        out.put(_RECORDS, rows[RECORDED], rows)


def _usable(job: Job, entries: Iterable[Entry]) -> tuple[list[Entry], dict[str, str]]:
    """The registered releases whose tables are as they were written, and why others cannot be compared."""
    usable = []
    untested = {}
    looked_through: dict[str, PrintsFile] = {}
    for entry in entries:
        reason = incomparable(job, entry) or _fault(job, entry, looked_through)
        if reason:
            untested[entry.name] = reason
        else:
            usable.append(entry)
    return usable, untested


def _fault(job: Job, entry: Entry, looked_through: dict[str, PrintsFile]) -> str:
    """Look whether a table is what was written: why it cannot be used; empty if it can."""
    table = entry.table
    register = job.register
    assert table is not None  # noqa: S101 - asked before
    assert register is not None  # noqa: S101 - asked for only where there is one
    path = table_path(register.path, table.file)
    try:
        known = looked_through.get(path)
        looked_through[path] = PrintsFile(path, table) if known is None else known.beside(table)
        looked_through[path].close()
    except UsageError as error:
        return _told(error)
    return ""


def _told(error: UsageError) -> str:
    return f"{error.what}: {error.next_step}"


def _met(job: Job, entries: Sequence[Entry], run: Stream, stages: Stages) -> tuple[set[str], dict[str, str]]:
    """Names of the releases that have some of the records, and why others cannot be read."""
    met: set[str] = set()
    damaged: dict[str, str] = {}
    some = run.filled
    for buckets in (some[:1], some[1:]):  # most releases that have any have some of these in the first one
        left = [entry for entry in entries if entry.name not in met and entry.name not in damaged]
        if left and buckets:
            found, _ = stages.run(Meets(job, tuple(left), run), buckets)
            for one in found:
                met |= one.met
                damaged |= {name: _told(error) for name, error in one.damaged.items()}
    return met - {*damaged}, damaged


def _found(find: FindAgain, past: Past, together: bool, stages: Stages) -> Earlier:
    found, streams = stages.run(find)
    told = find.compared
    names = [entry.name for entry in told.entries]
    in_common = dict(zip(names, np.sum(found, axis=0).tolist(), strict=True))
    known = Known(stream(streams, find.known, stages.buckets), known_columns(told))
    others = crowds_of(find.job, told, together, find.identities, streams, stages)
    return Earlier(past, told, known, others, streams, in_common)
