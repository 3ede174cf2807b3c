"""Both sides of a join with what an attacker holds, in buckets by the key of what must be equal.

These are fine buckets: keys of what an attacker knows are often few, and so many rows have each that few of them fill a bucket.
"""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.attack.declared import NO_ONE_LEVEL, Declared, Rounds
from beam_deid.transforms.attack.earlier import read_earlier
from beam_deid.transforms.attack.table import AttackerTable
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.people import PERSON
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.risk.probes import Numbers, Probes, Released
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Columns, Out, Stages, Stream, Streams, filled

WHO = Column("who")
"""A person."""
ROW = Column("row")
"""A row of the attacker's table."""
_KEY = Column("key")
_RELEASED = "released"
_PROBES = "probes"
_LEAST = "low"
_MOST = "high"


@dataclass(frozen=True)
class Sides:
    """Both sides of a join, in buckets by key.

    Attributes:
        classes: The release.
        counted: Whether persons of the release can be counted, so that its rows name them.
        declared: The attacker.
        released: The released rows.
        probes: What the attacker looks for.
        named: Whether the attacker's rows say whom they are about.
        spelt: Whether a row may be looked for by several probes.
    """

    classes: Classes
    counted: bool
    declared: Declared
    released: Stream
    probes: Stream
    named: bool
    spelt: bool

    @property
    def k(self) -> int:
        """How many persons are enough."""
        source = self.classes.source
        return source.job.policy.releases[source.layout.release].k

    @property
    def nobody(self) -> np.uint64:
        """The key of nobody."""
        return self.classes.source.job.prints.null

    @property
    def filled(self) -> list[int]:
        """The buckets in which either side has a row."""
        return filled(self.released, self.probes)

    def read(self, bucket: int) -> tuple[Released, Probes, Fingerprints | None]:
        """Both sides as a bucket has them, and of each probe the row of the attacker's table, where it may have several."""
        return self._released(bucket), *self._probes(bucket)

    def _released(self, bucket: int) -> Released:
        people = _people(self.classes, self.counted)
        rows = self.released.read(bucket, (_KEY, *_near(self.declared), *people, COUNT))
        low, high = _ranges(rows, self.declared)
        whose = [rows[column] for column in people]
        subject = whose.pop(0) if self.counted else None
        return Released(rows[_KEY], rows[COUNT], subject, low, high, tuple(whose))

    def _probes(self, bucket: int) -> tuple[Probes, Fingerprints | None]:
        own = [WHO] if self.named else []
        own += [ROW] if self.spelt else []
        rows = self.probes.read(bucket, (_KEY, *_near(self.declared), *own, COUNT))
        if self.spelt:  # two rounds may make the same probe
            _, first = np.unique(np.stack([rows[ROW], rows[_KEY]]), axis=1, return_index=True)
            rows = {column: values[first] for column, values in rows.items()}
        keys = rows[_KEY]
        probes = Probes(np.arange(len(keys)), keys, *_ranges(rows, self.declared), rows[COUNT], rows.get(WHO))
        return probes, rows.get(ROW)


def _people(classes: Classes, counted: bool) -> tuple[Column, ...]:
    """The columns that say whose a released row is, the subject's first where persons are counted."""
    columns = classes.source.people.columns
    return columns if counted else columns[1:]


def _near(declared: Declared) -> list[Column]:
    return [Column(side, name) for side in (_LEAST, _MOST) for name in declared.near]


def _ranges(rows: Columns, declared: Declared) -> tuple[Numbers, Numbers]:
    many = len(rows[_KEY])
    sides = []
    for side in (_LEAST, _MOST):
        columns = [rows[Column(side, name)].view(np.float64) for name in declared.near]
        sides.append(np.stack(columns, axis=1) if columns else np.empty((many, 0)))
    return sides[0], sides[1]


def _bits(declared: Declared, low: Numbers, high: Numbers) -> dict[Column, Fingerprints]:
    """The ranges of rows as columns of a stream."""
    found = {}
    for at, name in enumerate(declared.near):
        found[Column(_LEAST, name)] = np.ascontiguousarray(low[:, at]).view(np.uint64)
        found[Column(_MOST, name)] = np.ascontiguousarray(high[:, at]).view(np.uint64)
    return found


def sides_of(
    classes: Classes, everywhere: References, declared: Declared, rounds: Rounds, stages: Stages
) -> tuple[Sides | None, str]:
    """Bring both sides of a join to buckets.

    Args:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        declared: The attacker.
        rounds: The levels of each round of the release's recoding.
        stages: Runs tasks over buckets.

    Returns:
        The sides; or None, and why the attacker cannot be tested.

    Raises:
        InputError: The attacker's table cannot be read.
        OutputError: Rows cannot be set aside.
    """
    attacker = declared.attacker
    own = attacker.release is None and attacker.table is None
    probes: Streams = {}
    named = own and everywhere.counted
    if attacker.release is not None and len(rounds) > 1:
        return None, NO_ONE_LEVEL
    if not own:
        told, probes = stages.run(_Held(classes, declared, rounds), [0])
        named, problem = told[0]
        if problem:
            return None, problem
    _, streams = stages.run(_ToKeys(classes, everywhere, declared, own), classes.filled)
    probes = probes or streams
    nothing = Stream(stages.buckets)
    return Sides(
        classes=classes,
        counted=everywhere.counted,
        declared=declared,
        released=streams.get(_RELEASED, nothing),
        probes=probes.get(_PROBES, nothing),
        named=named,
        spelt=attacker.table is not None and len(rounds) > 1,
    ), ""


@dataclass(frozen=True)
class _ToKeys:
    """Brings the released rows of a bucket to the buckets of their keys.

    Attributes:
        classes: What is left of the release.
        everywhere: What is known of all of that.
        declared: The attacker.
        own: Whether the attacker knows the source's own records, those that are suppressed among them.
    """

    classes: Classes
    everywhere: References
    declared: Declared
    own: bool

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        keys = seen.data.keys(self.declared.exact, seen.levels)
        self._release(seen, keys, out)
        if self.own:
            self._know(seen, keys, out)

    def _release(self, seen: Candidate, keys: Fingerprints, out: Out) -> None:
        columns = {_KEY: keys[seen.cells]}
        ranges = [seen.data.range(name, seen.levels) for name in self.declared.near]
        for name, (low, high) in zip(self.declared.near, ranges, strict=True):
            columns[Column(_LEAST, name)] = low[seen.cells].view(np.uint64)
            columns[Column(_MOST, name)] = high[seen.cells].view(np.uint64)
        for column in _people(self.classes, seen.counted):
            columns[column] = seen.data.cells.column(*column)[seen.cells]
        _put(out, _RELEASED, columns, seen.counts)

    def _know(self, seen: Candidate, keys: Fingerprints, out: Out) -> None:
        sound = seen.data.everything
        rows = np.flatnonzero(sound)
        columns = {_KEY: keys[rows]}
        if seen.counted:
            columns[WHO] = seen.data.cells.column(PERSON, self.classes.source.people.names[0])[rows]
        _put(out, _PROBES, columns, sound[rows])


def _put(out: Out, stream: str, columns: dict[Column, Fingerprints], counts: Counts) -> None:
    """Set rows aside, equal ones counted together."""
    rows = Histogram.of(columns, counts)
    out.put_finely(stream, rows.columns[_KEY], {**rows.columns, COUNT: rows.counts})


@dataclass(frozen=True)
class _Held:
    """Reads what an attacker holds, some rows at a time, and brings it to the buckets of its keys."""

    classes: Classes
    declared: Declared
    rounds: Rounds

    def run(self, bucket: int, out: Out) -> tuple[bool, str]:
        """Whether it names its persons, and why it cannot be joined; see `Task.run`."""
        source = self.classes.source
        attacker = self.declared.attacker
        if attacker.release is not None:
            taking = _Taking(self.declared, out, numbered=False)
            exact = self.declared.exact
            return False, read_earlier(source.job, source.layout, attacker.release, exact, self.rounds[0], taking.take)
        table = AttackerTable(
            source.job, source.layout.release, attacker, self.declared.exact, self.declared.near, source.measured.types
        )
        named = False
        for levels in self.rounds:
            taking = _Taking(self.declared, out, numbered=len(self.rounds) > 1)
            named = table.read(levels, taking.take)
        return named, ""


class _Taking:
    """Sets rows of what an attacker holds aside, one behind the other."""

    def __init__(self, declared: Declared, out: Out, numbered: bool) -> None:
        self._declared = declared
        self._out = out
        self._numbered = numbered
        self._rows = 0

    def take(self, probes: Probes) -> None:
        """Set some rows aside."""
        columns = {_KEY: probes.keys, **_bits(self._declared, probes.low, probes.high)}
        if probes.subject is not None:
            columns[WHO] = probes.subject
        if self._numbered:
            columns[ROW] = (probes.rows + self._rows).astype(np.uint64)
        self._rows += len(probes.counts)
        self._out.put_finely(_PROBES, probes.keys, {**columns, COUNT: probes.counts})
