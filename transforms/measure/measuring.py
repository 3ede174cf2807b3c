"""The measuring pass: typed records to histograms, scans and counts. Mergeable, and free of raw identifiers.

Releases that are tested together are counted together: a row of their histogram is a kind of record, alike in every identity and
in every value of every one of these releases. Each other release has a histogram of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.action import Beside
from beam_deid.transforms.actions.shift import Shift
from beam_deid.transforms.actions.surrogate import Surrogate
from beam_deid.transforms.columns.distinct import per_distinct, plain, plain_type
from beam_deid.transforms.columns.fingerprint import Fingerprints, combine, fingerprint
from beam_deid.transforms.columns.kinds import to_kind
from beam_deid.transforms.columns.normal_text import normal_text, spelt_once
from beam_deid.transforms.columns.numbers import as_moments, as_numbers, is_ordered
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.scanning import Scanned, Scanner
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import platform_fields
from beam_deid.transforms.policy.scoping import identities
from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.platforms import linkable_shapes
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.spans import Spans
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column, Layout
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.terms import Kind
from beam_deid.transforms.treat.passes import pass_over
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, TypedBatch

FaultCounts = Counter[tuple[str, str]]


@dataclass
class ReleaseMeasured:
    """What was measured of one release beside its histogram.

    Attributes:
        bases: Distinct base values of each field whose level is open, or whose values have their place in a hierarchy.
        spans: Which numbers released values were made from, by field that an attacker knows nearly.
        types: Type that each field that was read has before it is treated.
        scanned: What released values look like.
        rejected: Records rejected for this release.
        faults: Faults by (field, reason).
        whole: Of fields that name persons and are generalized the values from which nothing was taken: their fingerprints, or
            where the level is open, what stands at its base.
    """

    bases: dict[str, pa.Array] = field(default_factory=dict)
    spans: dict[str, Spans] = field(default_factory=dict)
    types: dict[str, pa.DataType] = field(default_factory=dict)
    scanned: Scanned = field(default_factory=Scanned)
    rejected: int = 0
    faults: FaultCounts = field(default_factory=Counter)
    whole: dict[str, pa.Array] = field(default_factory=dict)


@dataclass
class Measured:
    """What was measured of a run.

    Attributes:
        read: Records read.
        releases: What was measured of each release.
        histograms: The records, by the releases that are counted together; see `Column`. None where no record was sound.
        nbytes: Bytes of what was read, in memory.
    """

    read: int = 0
    releases: dict[str, ReleaseMeasured] = field(default_factory=dict)
    histograms: dict[tuple[str, ...], Histogram] = field(default_factory=dict)
    nbytes: int = 0

    @property
    def rejected(self) -> int:
        """Records that some release rejects; at least so many, where releases reject different ones."""
        return max((release.rejected for release in self.releases.values()), default=0)

    @classmethod
    def merge(cls, parts: Sequence["Measured"]) -> "Measured":
        """All parts together; associative."""
        merged = cls(sum(part.read for part in parts), nbytes=sum(part.nbytes for part in parts))
        for name in dict.fromkeys(name for part in parts for name in part.releases):
            merged.releases[name] = _merge([part.releases[name] for part in parts if name in part.releases])
        for together in dict.fromkeys(names for part in parts for names in part.histograms):
            merged.histograms[together] = Histogram.merge(
                [part.histograms[together] for part in parts if together in part.histograms]
            )
        return merged


def _merge(parts: list[ReleaseMeasured]) -> ReleaseMeasured:
    if len(parts) == 1:
        return parts[0]
    names = dict.fromkeys(name for part in parts for name in part.bases)
    near = dict.fromkeys(name for part in parts for name in part.spans)
    return ReleaseMeasured(
        {name: _distinct([part.bases[name] for part in parts if name in part.bases]) for name in names},
        {name: Spans.merge([part.spans[name] for part in parts if name in part.spans]) for name in near},
        {name: kind for part in reversed(parts) for name, kind in part.types.items()},
        Scanned.merge([part.scanned for part in parts]),
        sum(part.rejected for part in parts),
        sum((part.faults for part in parts), Counter()),
        {
            name: _distinct([part.whole[name] for part in parts if name in part.whole])
            for name in dict.fromkeys(name for part in parts for name in part.whole)
        },
    )


def _distinct(columns: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.chunked_array(columns)) if len(columns) > 1 else pc.unique(columns[0])


class Measurer:
    """Measures the records of a shard, or of any other piece of the input, for all releases of a job.

    Raises:
        KeyFault: An action that is measured needs a key that cannot be resolved.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._layouts = job.layouts
        self._treatments = {name: Treatment(job, name, {}, layout.treated) for name, layout in self._layouts.items()}
        self._done = Measured(releases={name: ReleaseMeasured() for name in self._layouts})
        self._parts: list[Measured] = []
        columns = tuple(job.policy.fields)
        self._scanners = {
            name: Scanner(linkable_shapes(columns, platform_fields(job.policy, name))) for name in self._layouts
        }

    def add(self, batch: TypedBatch) -> None:
        """Count a batch: its sound records, the faults of the others, and how many were read."""
        records = batch.records
        part = Measured(batch.read, nbytes=batch.nbytes)
        columns = self._whose(records)
        for name, layout in self._layouts.items():
            treated, sound, own = self._treatments[name].apply(records)
            found, values = self._release(layout, treated, records.where(sound))
            found.rejected = batch.read - int(sound.sum())
            found.faults = fault_counts([*batch.faults, *own])
            part.releases[name] = found
            columns[Column("present", release=name)] = sound.astype(np.uint64)
            columns.update((column, _spread(keys, sound)) for column, keys in values.items())
            for column in layout.scanned:
                self._scanners[name].add(column, treated[column])
        if len(records):
            for together in self._job.tables:
                own_columns = {
                    name: keys for name, keys in columns.items() if not name.release or name.release in together
                }
                part.histograms[together] = Histogram.of(own_columns, np.ones(len(records), np.int64))
        self._parts.append(part)

    def close(self) -> None:
        """Nothing is open."""

    def result(self) -> Measured:
        """All that was added, with the scan of each distinct released text made once."""
        merged = Measured.merge([self._done, *self._parts])
        for name, scanner in self._scanners.items():
            merged.releases[name].scanned = scanner.result()
        return merged

    def _whose(self, records: Records) -> dict[Column, Fingerprints]:
        """Whom the records are about, by every identity."""
        job = self._job
        policy = self._job.policy
        columns = {Column("identity", name): keys for name, keys in identity_keys(job, records).items()}
        if job.remembers:
            columns[Column("recorded")] = recorded_keys(job, records)
        if policy.subject == EACH_RECORD and job.files > 1:
            every = (fingerprint(records.columns[name], job.prints) for name in policy.fields)
            columns[Column("record")] = combine(every, len(records))
            file = fingerprint(pa.array([records.file]), job.prints)[0]
            columns[Column("file")] = np.full(len(records), file, np.uint64)
        return columns

    def _release(
        self, layout: Layout, treated: Mapping[str, pa.Array], records: Records
    ) -> tuple[ReleaseMeasured, dict[Column, Fingerprints]]:
        """What a release's sound records have: what is measured of them, and their columns."""
        if len(records) == 0:
            return ReleaseMeasured(), {column: np.empty(0, np.uint64) for column in _release_columns(self._job, layout)}
        job = self._job
        release = layout.release
        columns: dict[Column, Fingerprints] = {}
        for name in layout.fields:
            made_from = name in layout.keyed
            columns[Column("value", name, release)] = (
                source_key(job, layout, name, records) if made_from else fingerprint(treated[name], job.prints)
            )
            if name in layout.sensitive and name not in layout.open:
                values = records.columns[name] if made_from else treated[name]
                columns[Column("normal", name, release)] = fingerprint(
                    without_spelling(values, job.policy, name), job.prints
                )
        for what, name in _attacked(job, layout):
            if what == "moment":
                columns[Column(what, name, release)] = as_moments(treated[name]).view(np.uint64)
            else:
                values = treated[name] if what == "token" else records.columns[name]
                columns[Column(what, name, release)] = fingerprint(values, job.prints)
        spans = {
            name: _span(name, columns[Column("value", name, release)], records.columns[name]) for name in layout.near
        }
        bases = {name: pc.unique(treated[name]) for name in (*layout.open, *layout.placed)}
        types = {name: plain_type(column.type) for name, column in records.columns.items()}
        # A batch in which a field is null throughout does not tell its type.
        types = {name: kind for name, kind in types.items() if not pa.types.is_null(kind)}
        whole = {name: _whole(records.columns[name], treated[name]) for name in layout.named}
        whole = {
            name: found if name in layout.open else pa.array(fingerprint(found, job.prints))
            for name, found in whole.items()
        }
        return ReleaseMeasured(bases, spans, types, whole=whole), columns


def source_key(job: Job, layout: Layout, name: str, records: Records) -> Fingerprints:
    """What stands for a value that takes a key, shape (n,): never more alike than the released values are."""
    action = job.policy.releases[layout.release].fields[name]
    value = fingerprint(records.columns[name], job.prints)
    if action.beside is Beside.PLACE:
        return combine([value, fingerprint(records.places, job.prints)], len(records))
    subject = job.policy.subject_field
    if isinstance(action, Shift) and subject is not None:
        return combine([value, fingerprint(records.columns[subject], job.prints)], len(records))
    return value


def identity_keys(job: Job, records: Records) -> dict[str, Fingerprints]:
    """The key of each identity of the records, as it is spelled canonically, each of shape (n,)."""
    policy = job.policy
    return {
        name: fingerprint(identity_text(records.columns[name], policy.kind(name)), job.prints)
        for name in identities(policy)
    }


def recorded_keys(job: Job, records: Records) -> Fingerprints:
    """The key by which each record is known again in later runs, shape (n,): its number's, or that of all its columns."""
    policy = job.policy
    if policy.record is not None:
        numbers = identity_text(records.columns[policy.record], policy.kind(policy.record))
        # What went through a program that takes it for a number has lost its zeros.
        return fingerprint(pc.utf8_ltrim(numbers, characters="0"), job.prints)
    # In an order that does not depend on the policy's: fields that change their places make no other records.
    return combine([fingerprint(records.columns[name], job.prints) for name in sorted(policy.fields)], len(records))


def identity_signature(job: Job, records: Records) -> Fingerprints:
    """One key for all identities of each record, shape (n,)."""
    return combine(identity_keys(job, records).values(), len(records))


def columns_of(job: Job, releases: Sequence[str]) -> list[Column]:
    """The columns of the histogram of releases that are counted together."""
    columns = [Column("identity", name) for name in identities(job.policy)]
    if job.remembers:
        columns.append(Column("recorded"))
    if job.policy.subject == EACH_RECORD and job.files > 1:
        columns += [Column("record"), Column("file")]
    for name in releases:
        columns += [Column("present", release=name), *_release_columns(job, job.layouts[name])]
    return columns


def _release_columns(job: Job, layout: Layout) -> list[Column]:
    release = layout.release
    columns = [Column("value", name, release) for name in layout.fields]
    columns += [Column("normal", name, release) for name in layout.sensitive if name not in layout.open]
    return columns + [Column(what, name, release) for what, name in _attacked(job, layout)]


def _attacked(job: Job, layout: Layout) -> list[tuple[str, str]]:
    """What is measured of fields that are attacked by themselves: what, and the field."""
    actions = job.policy.releases[layout.release].fields
    found = []
    for name in layout.remainders:
        if isinstance(actions[name], Surrogate):
            found.append(("origin", name))
        if isinstance(actions[name], Shift):
            found.append(("moment", name))
    for name in layout.matched:
        found += [("token", name), ("origin", name)]
    return list(dict.fromkeys(found))


def without_spelling(values: pa.Array, policy: Policy, name: str) -> pa.Array:
    """The values of a sensitive field as text in which those that mean the same are one: spelled alike, or called the same.

    What says nothing is no value: empty text, a not-a-number, a label for everything, a word for unknown.

    Args:
        values: Any column, shape (n,).
        policy: The policy.
        name: The field.
    """
    same = policy.same.get(name, {})
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    texts = spelt_once(to_kind(values, Kind.TEXT)[0])
    if not same:
        return texts
    merged = _merged(same)
    others = pa.array(list(merged), pa.string())
    ones = pa.array(list(merged.values()), pa.string())

    def together(distinct: pa.Array) -> pa.Array:
        found = pc.index_in(distinct, value_set=others)
        return pc.if_else(found.is_valid(), ones.take(found), distinct)

    return per_distinct(texts, together)


def _merged(same: Mapping[str, Sequence[str]]) -> dict[str | None, str | None]:
    """One spelling for each of those that a policy calls the same, in however many steps and spellings it says so."""
    merged: dict[str | None, str | None] = {}

    def root(text: str | None) -> str | None:
        while text in merged:
            text = merged[text]
        return text

    for one, others in same.items():
        for other in others:
            ours = root(_normal(one))
            theirs = root(_normal(other))
            # What means the same as what is not known is not known either.
            if ours != theirs and theirs is None:
                ours, theirs = theirs, ours
            if ours != theirs:
                merged[theirs] = ours
    return {text: root(text) for text in merged}


def _normal(text: str) -> str | None:
    spelt = spelt_once(pa.array([text]))[0].as_py()
    return None if spelt is None else str(spelt)


def _whole(values: pa.Array, released: pa.Array) -> pa.Array:
    """The distinct released values that are what they were made from, but for spelling."""
    released = plain(released)
    own = normal_text(to_kind(values, Kind.TEXT)[0])
    return pc.unique(released.filter(pc.equal(still_whole(released), own).fill_null(False)))


def still_whole(values: pa.Array) -> pa.Array:
    """Values (n,) that may name somebody, as normalized text to be compared with a source's; null where it is hardly any."""
    texts = normal_text(to_kind(values, Kind.TEXT)[0])
    return pc.if_else(pc.match_substring_regex(texts, r"[\p{L}\p{N}].*[\p{L}\p{N}]"), texts, None)


def _spread(keys: Fingerprints, sound: np.ndarray) -> Fingerprints:
    """Fingerprints of sound records in the place of all; the others have none."""
    if sound.all():
        return keys
    spread = np.zeros(len(sound), np.uint64)
    spread[sound] = keys
    return spread


@dataclass(frozen=True)
class MeasurePass:
    """The measuring pass of a run, as workers are told of it.

    Attributes:
        job: The run, on a worker.
    """

    job: Job

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that it reads."""
        return self.job.measured_columns

    def begin(self, shard: Shard | None = None) -> Measurer:
        """Measure a shard, or other batches.

        Raises:
            KeyFault: An action that is measured needs a key that cannot be resolved.
        """
        return Measurer(self.job)


def measure_shard(shard: Shard, job: Job) -> Measured:
    """Measure one shard, in this process.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
    """
    return pass_over(shard, Shared(MeasurePass(job)))


def _span(name: str, keys: Fingerprints, origins: pa.Array) -> Spans:
    if not is_ordered(origins.type):
        raise PolicyError(
            f"{name} is {origins.type}; only numbers, dates and times can be near each other",
            f"field {name}",
            "Declare its kind, or leave it out of within",
        )
    numbers = as_numbers(origins)
    return Spans.of(keys, numbers, numbers)


def fault_counts(faults: Iterable[Fault]) -> FaultCounts:
    """Faults by (field, reason)."""
    counts: FaultCounts = Counter()
    for fault in faults:
        counts[fault.field, str(fault.reason)] += len(fault.rows)
    return counts
