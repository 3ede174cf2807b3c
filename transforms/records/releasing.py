"""The release pass: typed records to released ones, and a shard to a part."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.fingerprint import Keys, fingerprint
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.records.deciding import ReleaseDecision
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.layout import CLASSES, SOURCE, Layout
from beam_deid.transforms.records.parts import Part
from beam_deid.transforms.records.pieces import Pieces
from beam_deid.transforms.records.treatment import Treatment
from beam_deid.transforms.records.typed import Records, read_typed
from beam_deid.transforms.risk.histogram import Counts, row_digest, total


@dataclass
class PartFacts:
    """What was written of one release, for the proof.

    Attributes:
        files: ``{path, rows, sha256}`` of each part.
        classes: Keys and records of the classes written, ascending by key.
        digest: Order-free digest of all measured columns.
        read: Records read.
        suppressed: Records suppressed.
        rejected: Records rejected.
    """

    files: list[dict[str, object]] = field(default_factory=list)
    classes: tuple[Keys, Counts] = field(default_factory=lambda: total([]))
    digest: int = 0
    read: int = 0
    suppressed: int = 0
    rejected: int = 0

    @classmethod
    def merge(cls, parts: list["PartFacts"]) -> "PartFacts":
        """All parts together; associative, and in the order of the parts' names."""
        return cls(
            sorted((file for part in parts for file in part.files), key=lambda file: str(file["path"])),
            total(part.classes for part in parts),
            sum(part.digest for part in parts) % 2**64,
            sum(part.read for part in parts),
            sum(part.suppressed for part in parts),
            sum(part.rejected for part in parts),
        )


Rejects = list[tuple[str, int, str, str, str]]
"""Rows of ``rejected.parquet``: file, row, field, reason, release ("" where it holds for all)."""


@dataclass
class RunFacts:
    """What the release pass did, by release, and what it rejected."""

    releases: dict[str, PartFacts] = field(default_factory=dict)
    rejects: Rejects = field(default_factory=list)

    @classmethod
    def merge(cls, parts: list["RunFacts"]) -> "RunFacts":
        """All parts together; associative, and independent of their order."""
        names = dict.fromkeys(name for part in parts for name in part.releases)
        return cls(
            {name: PartFacts.merge([p.releases[name] for p in parts if name in p.releases]) for name in names},
            sorted(reject for part in parts for reject in part.rejects),
        )


class Releaser:
    """Makes released batches of one release, and keeps the facts that its proof needs.

    Raises:
        KeyFault: A key cannot be resolved.
    """

    def __init__(self, job: Job, decision: ReleaseDecision) -> None:
        self._layout = Layout.of(job.policy, decision.release, job.releases)
        self._treatment = Treatment(job, decision.release, decision.rounds[0].levels)
        self._later = [
            (pa.array(before.passed), Treatment(job, decision.release, one.levels, self._layout.open))
            for before, one in itertools.pairwise(decision.rounds)
        ]
        self._subject = job.policy.subject
        self._suppressed = pa.array(decision.suppressed)
        self.schema = release_schema(job, decision)
        self._facts = PartFacts()
        self._classes: list[tuple[Keys, Counts]] = []

    def release(self, records: Records, unsound: int) -> tuple[pa.RecordBatch, Keys, list[Fault]]:
        """Treat and suppress a batch.

        Args:
            records: Sound records.
            unsound: How many more were read that could not be; they are counted as rejected.

        Returns:
            The released batch, the class key of each of its rows, and the faults that this release's actions found.
        """
        treated, sound, faults = self._treatment.apply(records)
        records = records.where(sound)
        length = len(records)
        keys = {name: fingerprint(treated[name]) for name in self._layout.measured}
        again = np.ones(length, dtype=bool)
        for passed, treatment in self._later:
            again &= _among(self._key(CLASSES, keys, length), passed)
            _recode(records, treated, keys, again, treatment)
        classes = self._key(CLASSES, keys, length)
        kept = np.ones(length, dtype=bool)
        if len(self._suppressed):
            kept = ~_among(classes, self._suppressed)
        self._count(records, classes, keys, kept)
        self._facts.read += len(sound) + unsound
        self._facts.rejected += unsound + int((~sound).sum())
        batch = pa.RecordBatch.from_arrays(
            [_decoded(treated[name]) for name in self.schema.names], schema=self.schema
        )
        return (batch if kept.all() else batch.filter(pa.array(kept))), classes[kept], faults

    def count_classes(self, classes: Keys) -> None:
        """Count rows as written, by their class keys."""
        self._classes.append((classes, np.ones(len(classes), np.int64)))

    @property
    def facts(self) -> PartFacts:
        """The facts of all batches so far."""
        self._facts.classes = total([self._facts.classes, *self._classes])
        self._classes = []
        return self._facts

    def _count(self, records: Records, classes: Keys, keys: dict[str, Keys], kept: np.ndarray) -> None:
        rows = np.flatnonzero(kept)
        ones = np.ones(len(rows), np.int64)
        parts = [classes, self._key(SOURCE, keys, len(records)), *(keys[n] for n in self._layout.sensitive)]
        if self._subject is not None:
            parts.append(fingerprint(records.columns[self._subject]))
        self._facts.digest = (self._facts.digest + row_digest([part[rows] for part in parts], ones)) % 2**64
        self._facts.suppressed += len(records) - len(rows)

    def _key(self, projection: str, keys: dict[str, Keys], length: int) -> Keys:
        spec = self._layout.projections[projection]
        return spec.key(spec.fixed_key(keys, length), keys)


def _among(keys: Keys, some: pa.Array) -> np.ndarray:
    found = pc.is_in(pa.array(keys), value_set=some)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _recode(
    records: Records, treated: dict[str, pa.Array], keys: dict[str, Keys], rows: np.ndarray, treatment: Treatment
) -> None:
    """Give some rows the levels of another round, in place."""
    if rows.any():
        again, _, _ = treatment.apply(records.where(rows))
        for name, values in again.items():
            treated[name] = pc.replace_with_mask(_decoded(treated[name]), pa.array(rows), _decoded(values))
            keys[name] = fingerprint(treated[name])


def release_schema(job: Job, decision: ReleaseDecision) -> pa.Schema:
    """The schema of a release, with its label and each field's treatment in the metadata."""
    fields = []
    spec = job.policy.releases[decision.release]
    for name in released_fields(job.policy, decision.release):
        facts = decision.label.fields[name]
        metadata = {
            "beam_deid.role": ",".join(facts.role), "beam_deid.action": facts.action,
            "beam_deid.recoverability": facts.recoverability,
        }  # fmt: skip
        if facts.key is not None:
            metadata["beam_deid.key"] = f"{facts.key['id']}:{facts.key['check']}"
        fields.append(pa.field(name, spec.fields[name].output_type(job.type_of(name)), metadata=metadata))
    return pa.schema(
        fields,
        metadata={
            "beam_deid.label": str(decision.label.label), "beam_deid.release": decision.release,
            "beam_deid.run": job.run,
        },
    )  # fmt: skip


def release_shard(shard: Shard, job: Job, decisions: dict[str, ReleaseDecision], staging: str) -> RunFacts:
    """Write one part of every release from one shard. Name and bytes depend on shard, policy and keys alone.

    Args:
        shard: What to read.
        job: The run.
        decisions: The decision of each release.
        staging: Folder in which each release has one of its own.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
        OutputError: A part cannot be written.
    """
    releasers = {name: Releaser(job, decision) for name, decision in decisions.items()}
    rejects: Rejects = []
    outputs = {name: _output(shard, job, decisions[name], releaser, staging) for name, releaser in releasers.items()}
    try:
        for records, faults, read in read_typed(shard, job, job.columns):
            rejects += _rejects(shard.path, faults, "")
            for name, releaser in releasers.items():
                batch, classes, own = releaser.release(records, read - len(records))
                rejects += _rejects(shard.path, own, name)
                outputs[name](batch, classes)
    finally:
        for output in outputs.values():
            output.close()
    for name, releaser in releasers.items():
        releaser.facts.files += outputs[name].files
    return RunFacts({name: releaser.facts for name, releaser in releasers.items()}, rejects)


class _Direct:
    """A part in the order of the source."""

    def __init__(self, part: Part, releaser: Releaser) -> None:
        self._part, self._releaser = part, releaser

    def __call__(self, batch: pa.RecordBatch, classes: Keys) -> None:
        self._part.write(batch)
        self._releaser.count_classes(classes)

    def close(self) -> None:
        self._part.close()

    @property
    def files(self) -> list[dict[str, object]]:
        return [self._part.facts]


def _output(
    shard: Shard, job: Job, decision: ReleaseDecision, releaser: Releaser, staging: str
) -> "_Direct | Pieces":
    if decision.mixed:
        return Pieces(staging, decision.release, shard.index, decision.parts, releaser.schema)
    kind = job.policy.releases[decision.release].format
    return _Direct(Part(staging, decision.release, shard.index, kind, releaser.schema), releaser)


def _rejects(path: str, faults: list[Fault], release: str) -> Iterator[tuple[str, int, str, str, str]]:
    for fault in faults:
        for row in fault.rows.tolist():
            yield path, row, fault.field, str(fault.reason), release


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
