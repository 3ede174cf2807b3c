"""The measuring pass: typed records to histograms, scans and counts. Mergeable, and free of raw identifiers."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.shift import Shift
from beam_deid.transforms.actions.surrogate import Surrogate
from beam_deid.transforms.columns.distinct import plain_type
from beam_deid.transforms.columns.fingerprint import Keys, fingerprint
from beam_deid.transforms.columns.numbers import as_moments, as_numbers, is_ordered
from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.policy.roles import platform_fields
from beam_deid.transforms.recognisers.platforms import linkable_shapes
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.layout import Layout
from beam_deid.transforms.records.scanning import Scanned, Scanner
from beam_deid.transforms.records.treatment import Treatment
from beam_deid.transforms.records.typed import Records, read_typed
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.spans import Spans

FaultCounts = Counter[tuple[str, str]]


@dataclass
class ReleaseMeasured:
    """What was measured of one release.

    Attributes:
        histogram: Distinct combinations; columns ``subject``, ``fixed:PROJECTION``, ``open:FIELD``,
            ``sensitive:FIELD``, and of what is attacked by itself ``alone:FIELD``, ``origin:FIELD``, ``moment:FIELD``,
            ``token:FIELD``, ``truth:FIELD``, ``near:FIELD``, ``field:FIELD``. None if no record was sound.
        bases: Distinct base values of each field whose level is open, or whose values have their place in a hierarchy.
        spans: Which numbers released values were made from, by field that an attacker knows nearly.
        types: Type that each field that was read has before it is treated.
        scanned: What released values look like.
        rejected: Records rejected for this release.
        faults: Faults by (field, reason).
    """

    histogram: Histogram | None = None
    bases: dict[str, pa.Array] = field(default_factory=dict)
    spans: dict[str, Spans] = field(default_factory=dict)
    types: dict[str, pa.DataType] = field(default_factory=dict)
    scanned: Scanned = field(default_factory=Scanned)
    rejected: int = 0
    faults: FaultCounts = field(default_factory=Counter)


@dataclass
class Measured:
    """What was measured of a run: records read, and each release's figures."""

    read: int = 0
    releases: dict[str, ReleaseMeasured] = field(default_factory=dict)

    @classmethod
    def merge(cls, parts: Sequence["Measured"]) -> "Measured":
        """All parts together; associative."""
        merged = cls(sum(part.read for part in parts))
        for name in dict.fromkeys(name for part in parts for name in part.releases):
            merged.releases[name] = _merge([part.releases[name] for part in parts if name in part.releases])
        return merged


def _merge(parts: list[ReleaseMeasured]) -> ReleaseMeasured:
    if len(parts) == 1:
        return parts[0]
    histograms = [part.histogram for part in parts if part.histogram is not None]
    names = dict.fromkeys(name for part in parts for name in part.bases)
    near = dict.fromkeys(name for part in parts for name in part.spans)
    return ReleaseMeasured(
        Histogram.merge(histograms) if histograms else None,
        {name: _distinct([part.bases[name] for part in parts if name in part.bases]) for name in names},
        {name: Spans.merge([part.spans[name] for part in parts if name in part.spans]) for name in near},
        {name: kind for part in reversed(parts) for name, kind in part.types.items()},
        Scanned.merge([part.scanned for part in parts]),
        sum(part.rejected for part in parts),
        sum((part.faults for part in parts), Counter()),
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
        self._treatments = {
            name: Treatment(job, name, {}, layout.treated) for name, layout in self._layouts.items()
        }
        self._read = 0
        self._parts: dict[str, list[ReleaseMeasured]] = {name: [] for name in self._layouts}
        columns = tuple(job.policy.fields)
        self._scanners = {
            name: Scanner(linkable_shapes(columns, platform_fields(job.policy, name))) for name in self._layouts
        }

    def add(self, records: Records, faults: list[Fault], read: int) -> None:
        """Count a batch: its sound records, the faults of the others, and how many were read."""
        self._read += read
        unsound = read - len(records)
        for name, layout in self._layouts.items():
            treated, sound, own = self._treatments[name].apply(records)
            part = self._histogram(layout, treated, records.where(sound))
            part.rejected = unsound + int((~sound).sum())
            part.faults = fault_counts([*faults, *own])
            self._parts[name].append(part)
            for column in layout.scanned:
                self._scanners[name].add(column, treated[column])

    def result(self) -> Measured:
        """All that was added, with the scan of each distinct released text made once."""
        releases = {name: _merge(parts) if parts else ReleaseMeasured() for name, parts in self._parts.items()}
        for name, scanner in self._scanners.items():
            releases[name].scanned = scanner.result()
        return Measured(self._read, releases)

    def _histogram(self, layout: Layout, treated: dict[str, pa.Array], records: Records) -> ReleaseMeasured:
        if len(records) == 0:
            return ReleaseMeasured()
        keys = {name: fingerprint(treated[name]) for name in layout.measured}
        joined = keys | {name: fingerprint(records.columns[name]) for name in layout.tokens}
        columns: dict[str, Keys] = {}
        subject = self._job.policy.subject
        if subject is not None:
            columns["subject"] = fingerprint(records.columns[subject])
        for name, projection in layout.projections.items():
            columns[f"fixed:{name}"] = projection.fixed_key(joined, len(records))
        columns.update((f"open:{name}", keys[name]) for name in layout.open)
        columns.update((f"sensitive:{name}", keys[name]) for name in layout.sensitive)
        for name in layout.remainders:
            columns[f"alone:{name}"] = keys[name]
            action = self._job.policy.releases[layout.release].fields[name]
            if isinstance(action, Surrogate):
                columns[f"origin:{name}"] = fingerprint(records.columns[name])
            elif isinstance(action, Shift):
                columns[f"moment:{name}"] = as_moments(treated[name]).view(np.uint64)
        for name in layout.matched:
            columns[f"token:{name}"], columns[f"truth:{name}"] = keys[name], fingerprint(records.columns[name])
        if layout.apart:
            columns.update((f"field:{name}", keys[name]) for name in layout.quasi if name not in layout.open)
        columns.update((f"near:{name}", keys[name]) for name in layout.near)
        spans = {name: _span(name, keys[name], records.columns[name]) for name in layout.near}
        bases = {name: pc.unique(treated[name]) for name in (*layout.open, *layout.placed)}
        types = {name: plain_type(column.type) for name, column in records.columns.items()}
        # A batch in which a field is null throughout does not tell its type.
        types = {name: kind for name, kind in types.items() if not pa.types.is_null(kind)}
        return ReleaseMeasured(Histogram.of(columns, np.ones(len(records), np.int64)), bases, spans, types)


def measure_shard(shard: Shard, job: Job) -> Measured:
    """Measure one shard.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
    """
    measurer = Measurer(job)
    for records, faults, read in read_typed(shard, job, job.measured_columns):
        measurer.add(records, faults, read)
    return measurer.result()


def _span(name: str, keys: Keys, origins: pa.Array) -> Spans:
    if not is_ordered(origins.type):
        raise PolicyError(
            f"{name} is {origins.type}; only numbers, dates and times can be near each other", f"field {name}",
            "Declare its kind, or leave it out of within",
        )  # fmt: skip
    numbers = as_numbers(origins)
    return Spans.of(keys, numbers, numbers)


def fault_counts(faults: Iterable[Fault]) -> FaultCounts:
    """Faults by (field, reason)."""
    counts: FaultCounts = Counter()
    for fault in faults:
        counts[fault.field, str(fault.reason)] += len(fault.rows)
    return counts

