"""The release pass over typed batches: released to the outputs of all releases, rejects told, facts counted for the proof."""

import contextlib
from collections.abc import Mapping, Sequence

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.outputs import Output, PartOutput
from beam_deid.transforms.release.releaser import Released, Releaser, TreatedBatch, release_together
from beam_deid.transforms.release.shuffle import Pieces
from beam_deid.transforms.risk.histogram import Counts, total
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import Part
from beam_deid.transforms.treat.rejected import Rejects
from beam_deid.transforms.treat.typed import TypedBatch, read_typed


class Releasing:
    """The release pass over a shard, or over any other piece of the input, in all releases of a job.

    Args:
        job: The run, on a worker.
        releasers: What makes the released batches, by release.
        outputs: Where they go, by release.
    """

    def __init__(self, job: Job, releasers: Mapping[str, Releaser], outputs: Mapping[str, Output]) -> None:
        self._job = job
        self._releasers = releasers
        self._outputs = outputs
        self._facts = {name: PartFacts() for name in releasers}
        self._written: dict[str, list[tuple[Fingerprints, Counts]]] = {name: [] for name in releasers}
        self._rejects: Rejects = []

    def add(self, batch: TypedBatch) -> None:
        """Release a batch.

        Raises:
            OutputError: It cannot be written.
        """
        self._reject(batch, batch.faults, "")
        for name, (treated, released) in release_together(self._job, self._releasers, batch.records).items():
            self._reject(batch, treated.faults, name)
            self._count(name, batch, treated, released)
            self._outputs[name].write(released)

    def close(self) -> None:
        """Finish all outputs, whatever one of them raises.

        Raises:
            OutputError: One cannot be finished.
        """
        with contextlib.ExitStack() as outputs:
            for output in self._outputs.values():
                outputs.callback(output.close)

    def rejects(self) -> Rejects:
        """What was rejected since this was asked last."""
        rejects = self._rejects
        self._rejects = []
        return rejects

    def facts(self) -> RunFacts:
        """What was done, once all outputs are closed."""
        for name, facts in self._facts.items():
            facts.classes = total([facts.classes, *self._written[name]])
            facts.files = list(self._outputs[name].files)
            self._written[name] = []
        return RunFacts(self._facts)

    def _count(self, name: str, batch: TypedBatch, treated: TreatedBatch, released: Released) -> None:
        facts = self._facts[name]
        facts.read += batch.read
        facts.rejected += batch.read - len(treated.records)
        facts.suppressed += released.suppressed
        facts.digest = (facts.digest + released.digest) % 2**64
        if not self._releasers[name].decision.shuffled:  # else they are counted when parts are put together
            self._written[name].append((released.keys, np.ones(len(released.keys), np.int64)))

    def _reject(self, batch: TypedBatch, faults: Sequence[Fault], release: str) -> None:
        for fault in faults:
            for row in batch.reported(fault.rows):
                self._rejects.append((batch.source, row, fault.field, str(fault.reason), release))


def release_shard(shard: Shard, job: Job, decisions: Mapping[str, ReleaseDecision], staging: str) -> RunFacts:
    """Write one part, or its pieces, of every release from one shard.

    Name and bytes of a part depend on shard, policy and keys alone.

    Args:
        shard: What to read.
        job: The run, on a worker.
        decisions: The decision of each release.
        staging: Folder in which each release has one of its own.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
        OutputError: A part cannot be written.
    """
    releasers = {name: Releaser(job, decision) for name, decision in decisions.items()}
    outputs = {name: _output(shard, job, releaser, staging) for name, releaser in releasers.items()}
    releasing = Releasing(job, releasers, outputs)
    try:
        for batch in read_typed(shard, job, job.columns):
            releasing.add(batch)
    finally:
        releasing.close()
    facts = releasing.facts()
    facts.rejects = releasing.rejects()
    for name, part in facts.releases.items():
        part.attempts[shard.index] = outputs[name].attempt
    return facts


def _output(shard: Shard, job: Job, releaser: Releaser, staging: str) -> Output:
    decision = releaser.decision
    if decision.shuffled:
        return Pieces(job, staging, decision, shard.index, releaser.schema)
    kind = job.policy.releases[decision.release].format
    return PartOutput(Part(staging, decision.release, shard.index, kind, releaser.schema))
