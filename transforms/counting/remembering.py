"""What the register will remember of a run in buckets: see `decide.remembering`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes, Source
from beam_deid.transforms.decide.decision import Remembered
from beam_deid.transforms.decide.remembering import remembered_persons, remembered_release
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.special import BITS, SPECIAL
from beam_deid.transforms.policy.special_persons import Special
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.prints import Prints
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import COUNT, Out, Stages, Stream

_RECORDED = Column("recorded")
_PRINTS = "prints"
_VALUE = "value"
_NORMAL = "normal"
_ANYTHING = References(counted=True, values={}, written={})


@PROGRESS.doing("keeping fingerprints for the register")
def remember_release_in_buckets(classes: Classes, together: Sequence[Entry], stages: Stages, folder: str) -> Remembered:
    """Write the fingerprints of a release's records as they are released.

    Args:
        classes: What is left of the release.
        together: The registered releases that it was tested with.
        stages: Runs tasks over its buckets.
        folder: The staging folder.

    Raises:
        OutputError: They cannot be written, or rows cannot be set aside.
    """
    source = classes.source
    _, streams = stages.run(_ToRecords(classes), classes.filled)
    stream = streams.get(_PRINTS, Stream(stages.buckets))
    named = _identities(source)
    parts = (_prints(source, stream, bucket) for bucket in stream.filled)
    return remembered_release(source.job, source.layout, tuple(named), parts, together, folder)


@PROGRESS.doing("keeping fingerprints for the register")
def remember_persons_in_buckets(source: Source, stages: Stages, folder: str) -> tuple[Remembered, Remembered | None]:
    """Write the fingerprints of all persons of a run, and of those whom the law protects more.

    Args:
        source: A release of the run, with the records of the run.
        stages: Runs tasks over their buckets.
        folder: The staging folder.

    Raises:
        OutputError: They cannot be written, or rows cannot be set aside.
    """
    named = _identities(source)
    _, streams = stages.run(_ToPersons(source), source.records.filled)
    nothing = Stream(stages.buckets)
    persons = {name: _parts(streams.get(name, nothing), column) for name, column in named.items()}
    remembered = remembered_persons(source.job, persons, folder)
    if not source.job.special:
        return remembered, None
    subject = named[str(source.job.policy.subject)]
    groups = {str(group): _parts(streams.get(_stream_of(group), nothing), subject) for group in source.job.special}
    return remembered, remembered_persons(source.job, groups, folder, "special")


def _stream_of(group: Special) -> str:
    """What the stream of a group of persons is called; no column of a table has such a name."""
    return f"\n{group}"


def _identities(source: Source) -> dict[str, Column]:
    """By each identity as the policy calls it the column of the persons' keys, as the register names them.

    Where each record is a person, it is known again as the record is; if that is not known nobody is.
    """
    columns = source.people.all_columns
    names = [column.field for column in columns]
    if names:
        names[0] = str(source.job.policy.subject)
    found = dict(zip(names, columns, strict=True))
    if EACH_RECORD in found:
        found[EACH_RECORD] = _RECORDED
        if not source.job.remembers:
            del found[EACH_RECORD]
    return found


def _prints(source: Source, stream: Stream, bucket: int) -> Prints:
    """The rows of a bucket, one for each record."""
    layout = source.layout
    named = _identities(source)
    values = {name: Column(_VALUE, name) for name in layout.fields}
    normal = {name: Column(_NORMAL, name) for name in layout.sensitive}
    wanted = dict.fromkeys([_RECORDED, *named.values(), *values.values(), *normal.values(), COUNT])
    columns = stream.read(bucket, tuple(wanted))
    counts = columns.pop(COUNT)
    rows = {column: np.repeat(keys, counts) for column, keys in columns.items()}
    of = [{name: rows[column] for name, column in one.items()} for one in (named, values, normal)]
    return Prints(rows[_RECORDED], *of)


def _parts(stream: Stream, column: Column) -> Iterator[Fingerprints]:
    return (stream.read(bucket, (column,))[column] for bucket in range(stream.buckets))


@dataclass(frozen=True)
class _ToRecords:
    """Brings what a bucket releases to the buckets of its records."""

    classes: Classes

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, _ANYTHING)
        layout = seen.data.layout
        columns = {column: _column(seen, column) for column in _identities(self.classes.source).values()}
        columns[_RECORDED] = _column(seen, _RECORDED)
        nobody = self._nobody(seen)
        for name in layout.fields:
            columns[Column(_VALUE, name)] = seen.data.key(name, seen.levels)[seen.cells]
        for name in layout.sensitive:
            keys = seen.data.normal_keys(name, seen.levels)[seen.cells]
            columns[Column(_NORMAL, name)] = np.where(nobody, seen.data.job.prints.null, keys)
        out.put(_PRINTS, columns[_RECORDED], {**columns, COUNT: seen.counts})

    def _nobody(self, seen: Candidate) -> np.ndarray:
        """Which rows count nobody by some identity."""
        null = seen.data.job.prints.null
        people = [_column(seen, column) == null for column in self.classes.source.people.columns]
        return reduce(np.logical_or, people, np.zeros(len(seen.cells), bool))


def _column(seen: Candidate, column: Column) -> Fingerprints:
    return seen.data.cells.column(*column)[seen.cells]


@dataclass(frozen=True)
class _ToPersons:
    """Brings the persons of a bucket to buckets of their own, by every identity."""

    source: Source

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        named = _identities(self.source)
        job = self.source.job
        own = [SPECIAL] if job.special else []
        rows = self.source.records.read(bucket, tuple(dict.fromkeys([*named.values(), *own])))
        for name, column in named.items():
            self._put(out, name, column, rows[column])
        for group in job.special:
            subject = named[str(job.policy.subject)]
            self._put(out, _stream_of(group), subject, rows[subject][(rows[SPECIAL] & BITS[group]) > 0])

    def _put(self, out: Out, name: str, column: Column, keys: Fingerprints) -> None:
        """The distinct persons, but for nobody."""
        found = np.unique(keys)
        found = found[found != self.source.job.prints.null]
        out.put(name, found, {column: found})
