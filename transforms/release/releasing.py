"""The release pass: typed records to released ones, and a shard to a part."""

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.fingerprint import Fingerprints, combine, fingerprint
from beam_deid.transforms.decide.deciding import ReleaseDecision
from beam_deid.transforms.decide.proving import joint_key
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.measure.measuring import identity_signature, source_key
from beam_deid.transforms.policy.roles import released_fields
from beam_deid.transforms.release.shuffle import Pieces
from beam_deid.transforms.risk.histogram import Counts, row_digest, total
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import Part, WrittenPart
from beam_deid.transforms.treat.rejected import Rejects
from beam_deid.transforms.treat.treatment import Treatment
from beam_deid.transforms.treat.typed import Records, read_typed


@dataclass
class PartFacts:
    """What was written of one release, for the proof.

    Attributes:
        files: The parts.
        attempts: The attempt at each shard whose pieces count, by the shard's number.
        classes: Fingerprints and records of every combination of all released values that was written, ascending by key.
        digest: Order-free digest of the records.
        read: Records read.
        suppressed: Records suppressed.
        rejected: Records rejected.
    """

    files: list[WrittenPart] = field(default_factory=list)
    attempts: dict[int, str] = field(default_factory=dict)
    classes: tuple[Fingerprints, Counts] = field(default_factory=lambda: total([]))
    digest: int = 0
    read: int = 0
    suppressed: int = 0
    rejected: int = 0

    @classmethod
    def merge(cls, parts: list["PartFacts"]) -> "PartFacts":
        """All parts together; associative, and in the order of the parts' names."""
        return cls(
            sorted((file for part in parts for file in part.files), key=lambda file: file.path),
            {shard: attempt for part in parts for shard, attempt in part.attempts.items()},
            total(part.classes for part in parts),
            sum(part.digest for part in parts) % 2**64,
            sum(part.read for part in parts),
            sum(part.suppressed for part in parts),
            sum(part.rejected for part in parts),
        )


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


Quota = np.ndarray
"""The number of the quota that each row falls under, int64 (n,); -1 for none."""


class Releaser:
    """Makes released batches of one release, and keeps the facts that its proof needs.

    Raises:
        KeyFault: A key cannot be resolved.
    """

    def __init__(self, job: Job, decision: ReleaseDecision) -> None:
        self._job = job
        self._layout = job.layouts[decision.release]
        self.decision = decision
        self._treatment = Treatment(job, decision.release, decision.rounds[0].levels)
        self._later = [
            (pa.array(before.passed), Treatment(job, decision.release, one.levels, self._layout.open))
            for before, one in itertools.pairwise(decision.rounds)
        ]
        self._suppressed = {columns: pa.array(keys) for columns, keys in decision.suppressed.items()}
        self.schema = release_schema(job, decision)
        self._facts = PartFacts()
        self._classes: list[tuple[Fingerprints, Counts]] = []

    def treat(self, records: Records) -> "Treated":
        """Treat a batch: its sound records as they would be released, before anything is suppressed."""
        treated, sound, faults = self._treatment.apply(records)
        kept = records.where(sound)
        shown = (name for name in self._layout.fields if name not in self._layout.keyed)
        keys = {name: fingerprint(treated[name], self._job.prints) for name in shown}
        again = np.ones(len(kept), dtype=bool)
        for passed, treatment in self._later:
            again &= _among(combine([keys[name] for name in self._layout.rest], len(kept)), passed)
            self._recode(kept, treated, keys, again, treatment)
        sources = {name: source_key(self._job, self._layout, name, kept) for name in self._layout.keyed}
        return Treated(kept, treated, keys | sources, sound, faults)

    def release(
        self, given: "Treated", unsound: int, joint: Fingerprints | None = None
    ) -> tuple[pa.RecordBatch, Fingerprints, Quota]:
        """Suppress what is not released of a batch.

        Args:
            given: The batch, treated.
            unsound: How many more were read that could not be; they are counted as rejected.
            joint: The key of each sound record's kind, where only so many of some kinds are released.

        Returns:
            The released batch, the key of all values of each of its rows, and which quota each row falls under, -1 for none.
        """
        length = len(given.records)
        values = self.all_keys(given)
        kept = np.ones(length, dtype=bool)
        quota = np.full(length, -1, np.int64)
        for columns, keys in self._suppressed.items():
            kept &= ~_among(combine([given.keys[name] for name in columns], length), keys)
        if joint is not None and len(self.decision.quotas[0]):
            place = np.searchsorted(self.decision.quotas[0], joint)
            place = np.minimum(place, len(self.decision.quotas[0]) - 1)
            under = (self.decision.quotas[0][place] == joint) & kept
            quota[under] = place[under]
            kept &= ~(under & (self.decision.quotas[1][place] == 0))
        self._facts.read += len(given.sound) + unsound
        self._facts.rejected += unsound + int((~given.sound).sum())
        self._facts.digest = (self._facts.digest + self._digest(given, values, kept, quota)) % 2**64
        self._facts.suppressed += length - int(kept.sum())
        batch = pa.RecordBatch.from_arrays(
            [_decoded(given.values[name]) for name in self.schema.names], schema=self.schema
        )
        return (batch if kept.all() else batch.filter(pa.array(kept))), values[kept], quota[kept]

    def all_keys(self, given: "Treated") -> Fingerprints:
        """The key of all released values of each sound record."""
        return combine([given.keys[name] for name in self._layout.fields], len(given.records))

    def count_classes(self, classes: Fingerprints) -> None:
        """Count rows as written, by the key of all their values."""
        self._classes.append((classes, np.ones(len(classes), np.int64)))

    @property
    def facts(self) -> PartFacts:
        """The facts of all batches so far."""
        self._facts.classes = total([self._facts.classes, *self._classes])
        self._classes = []
        return self._facts

    def _digest(self, given: "Treated", values: Fingerprints, kept: np.ndarray, quota: np.ndarray) -> int:
        """The digest of what is released for sure: of a kind of which only some are, every one is like the others."""
        sure = np.flatnonzero(kept & (quota < 0))
        signature = identity_signature(self._job, given.records)
        return row_digest([values[sure], signature[sure]], np.ones(len(sure), np.int64))

    def _recode(
        self,
        records: Records,
        treated: dict[str, pa.Array],
        keys: dict[str, Fingerprints],
        rows: np.ndarray,
        treatment: Treatment,
    ) -> None:
        """Give some rows the levels of another round, in place."""
        if not rows.any():
            return
        again, _, _ = treatment.apply(records.where(rows))
        for name, values in again.items():
            treated[name] = pc.replace_with_mask(_decoded(treated[name]), pa.array(rows), _decoded(values))
            keys[name] = fingerprint(treated[name], self._job.prints)


@dataclass(frozen=True)
class Treated:
    """A batch as a release would give it out, before anything is suppressed.

    Attributes:
        records: The sound records.
        values: Their released values, by field.
        keys: The keys of these; of a field that takes a key those of what it is made from.
        sound: Which of the records given are sound.
        faults: The faults of the others.
    """

    records: Records
    values: Mapping[str, pa.Array]
    keys: Mapping[str, Fingerprints]
    sound: np.ndarray
    faults: list[Fault]


def released_together(
    job: Job, releasers: Mapping[str, Releaser], records: Records, unsound: int
) -> dict[str, tuple[pa.RecordBatch, Fingerprints, Quota, list[Fault]]]:
    """Release a batch in every release of a job: batch, key of all values, quota of each row, and the actions' faults."""
    treated = {name: releaser.treat(records) for name, releaser in releasers.items()}
    found = {}
    for together in job.tables:
        joint = None
        if any(len(releasers[name].decision.quotas[0]) for name in together):
            joint = _joint(job, together, releasers, treated, records)
        for name in together:
            own = None if joint is None else joint[treated[name].sound]
            batch, values, quota = releasers[name].release(treated[name], unsound, own)
            found[name] = batch, values, quota, treated[name].faults
    return found


def _joint(
    job: Job,
    together: tuple[str, ...],
    releasers: Mapping[str, Releaser],
    treated: Mapping[str, Treated],
    records: Records,
) -> Fingerprints:
    """The key of each record's kind: all its values in every release that is tested together, and all its identities."""
    values = []
    for name in together:
        spread = np.zeros(len(records), np.uint64)
        spread[treated[name].sound] = releasers[name].all_keys(treated[name])
        values.append(spread)
    return joint_key(values, identity_signature(job, records))


def _among(keys: Fingerprints, some: pa.Array) -> np.ndarray:
    found = pc.is_in(pa.array(keys), value_set=some)
    return np.asarray(found.to_numpy(zero_copy_only=False))


def release_schema(job: Job, decision: ReleaseDecision) -> pa.Schema:
    """The schema of a release, with its label and each field's treatment in the metadata."""
    fields = []
    spec = job.policy.releases[decision.release]
    for name in released_fields(job.policy, decision.release):
        facts = decision.label.fields[name]
        metadata = {
            "beam_deid.role": ",".join(facts.role),
            "beam_deid.action": facts.action,
            "beam_deid.recoverability": facts.recoverability,
        }
        if facts.key is not None:
            metadata["beam_deid.key"] = f"{facts.key.id}:{facts.key.check}"
        fields.append(pa.field(name, spec.fields[name].output_type(job.type_of(name)), metadata=metadata))
    return pa.schema(
        fields,
        metadata={
            "beam_deid.label": str(decision.label.label),
            "beam_deid.release": decision.release,
            "beam_deid.run": job.run,
            "beam_deid.sharing": json.dumps(str(spec.sharing)),
            **{
                f"beam_deid.{name}": json.dumps(
                    plain(getattr(decision.label, name)), ensure_ascii=False, sort_keys=True
                )
                for name in ("environment", "attackers", "limits", "condition")
            },
        },
    )


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
            rejects += _rejects(shard.told or shard.path, faults, "")
            for name, (batch, values, quota, own) in released_together(
                job, releasers, records, read - len(records)
            ).items():
                rejects += _rejects(shard.told or shard.path, own, name)
                outputs[name](batch, values, quota)
    finally:
        for output in outputs.values():
            output.close()
    for name, releaser in releasers.items():
        releaser.facts.files += outputs[name].files
        releaser.facts.attempts[shard.index] = outputs[name].attempt
    return RunFacts({name: releaser.facts for name, releaser in releasers.items()}, rejects)


class _Direct:
    """A part in the order of the source."""

    def __init__(self, part: Part, releaser: Releaser) -> None:
        self._part = part
        self._releaser = releaser

    def __call__(self, batch: pa.RecordBatch, values: Fingerprints, quota: Quota) -> None:
        self._part.write(batch)
        self._releaser.count_classes(values)

    def close(self) -> None:
        self._part.close()

    @property
    def files(self) -> list[WrittenPart]:
        return [self._part.facts]

    @property
    def attempt(self) -> str:
        """None that others need: nothing is put together from it."""
        return ""


def _output(shard: Shard, job: Job, decision: ReleaseDecision, releaser: Releaser, staging: str) -> "_Direct | Pieces":
    if decision.mixed:
        return Pieces(job, staging, decision, shard.index, releaser.schema)
    kind = job.policy.releases[decision.release].format
    return _Direct(Part(staging, decision.release, shard.index, kind, releaser.schema), releaser)


def _rejects(path: str, faults: list[Fault], release: str) -> Iterator[tuple[str, int, str, str, str]]:
    for fault in faults:
        for row in fault.rows.tolist():
            yield path, row, fault.field, str(fault.reason), release


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
