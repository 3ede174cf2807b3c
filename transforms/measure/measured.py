"""What the measuring pass finds: of a run, and of each release beside its histogram. Parts merge in any order."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.formats.format import Fault
from beam_deid.transforms.measure.listing import Listed
from beam_deid.transforms.measure.noticing import Noticed
from beam_deid.transforms.measure.scanning import Scanned
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.spans import Spans
from beam_deid.transforms.run.stages import Streams, joined
from beam_deid.transforms.treat.gate import WithheldCounts
from beam_deid.transforms.treat.rejected import Rejects
from beam_deid.transforms.treat.typed import TypedBatch

FIRST = 5
"""Rejected values that are named before anything is released."""
FaultCounts = Counter[tuple[str, str]]
Histograms = dict[tuple[str, ...], Histogram]
"""Records, by the releases that are counted together."""


@dataclass
class ReleaseMeasured:
    """What was measured of one release beside its histogram.

    Attributes:
        bases: Distinct base values of each field whose level is open, or whose values have their place in a hierarchy.
        spans: Which numbers released values were made from, by field that an attacker knows nearly.
        types: Type that each field that was read has before it is treated.
        scanned: What released values look like.
        rejected: Records rejected for this release.
        withheld: Records withheld from it, by reason.
        faults: Faults by (field, reason).
        first: The first faults as `write_rejects` takes them, `FIRST` at most, in their order.
        listed: Values that are on a list of sensitive ones, by (field, list).
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
    first: Rejects = field(default_factory=list)
    listed: Listed = field(default_factory=Counter)
    withheld: WithheldCounts = field(default_factory=Counter)


@dataclass
class Measured:
    """What was measured of a run.

    Attributes:
        read: Records read.
        releases: What was measured of each release.
        histograms: The records, by the releases that are counted together; see `Column`. None where no record was sound.
        nbytes: Bytes of what was read, in memory.
        aside: The records that wait on disk instead, by `stream_of` of the releases that are counted together.
        noticed: What a person should know of the files that were read.
    """

    read: int = 0
    releases: dict[str, ReleaseMeasured] = field(default_factory=dict)
    histograms: Histograms = field(default_factory=dict)
    nbytes: int = 0
    aside: Streams = field(default_factory=dict)
    noticed: Noticed = field(default_factory=Noticed)

    @property
    def rejected(self) -> int:
        """Records that some release rejects; at least so many, where releases reject different ones."""
        return max((release.rejected for release in self.releases.values()), default=0)

    @classmethod
    def merge(cls, parts: Sequence["Measured"]) -> "Measured":
        """Merge parts. Merging is associative."""
        merged = cls(sum(part.read for part in parts), nbytes=sum(part.nbytes for part in parts))
        for name in dict.fromkeys(name for part in parts for name in part.releases):
            merged.releases[name] = _merge([part.releases[name] for part in parts if name in part.releases])
        for together in dict.fromkeys(names for part in parts for names in part.histograms):
            merged.histograms[together] = Histogram.merge(
                [part.histograms[together] for part in parts if together in part.histograms]
            )
        merged.aside = joined([part.aside for part in parts])
        merged.noticed = Noticed.merge([part.noticed for part in parts])
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
        sorted(one for part in parts for one in part.first)[:FIRST],
        sum((part.listed for part in parts), Counter()),
        sum((part.withheld for part in parts), Counter()),
    )


def _distinct(columns: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.chunked_array(columns)) if len(columns) > 1 else pc.unique(columns[0])


def fault_counts(faults: Iterable[Fault]) -> FaultCounts:
    """Faults by (field, reason)."""
    counts: FaultCounts = Counter()
    for fault in faults:
        counts[fault.field, str(fault.reason)] += len(fault.rows)
    return counts


def first_faults(batch: TypedBatch, own: Sequence[Fault], release: str) -> Rejects:
    """The first faults of a batch, those of a release being its own; without their values."""
    named = [("", fault) for fault in batch.faults] + [(release, fault) for fault in own]
    found = [
        (batch.source, row, fault.field, str(fault.reason), whose)
        for whose, fault in named
        for row in batch.reported(np.sort(fault.rows)[:FIRST])
    ]
    return sorted(found)[:FIRST]
