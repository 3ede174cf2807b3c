"""The release pass over typed batches: released to the outputs of all releases, rejects told, facts counted for the proof."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from beam_deid.transforms.decide.decision import Proof, ReleaseDecision
from beam_deid.transforms.formats.format import Fault, Shard
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.outputs import Output, Outputs
from beam_deid.transforms.release.releaser import Released, Releaser, release_together
from beam_deid.transforms.release.shuffle import Piece
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.treat.rejected import Rejects
from beam_deid.transforms.treat.treated import TreatedBatch
from beam_deid.transforms.treat.typed import TypedBatch


@dataclass(frozen=True)
class ReleasePass:
    """The release pass of a run, as workers are told of it: without a key of the policy.

    Attributes:
        job: The run, on a worker.
        decisions: What was decided, by release.
        outputs: Where released rows go.
    """

    job: Job
    decisions: Mapping[str, ReleaseDecision]
    outputs: Outputs

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that it reads."""
        return self.job.columns

    @cached_property
    def _releasers(self) -> dict[str, Releaser]:
        return {name: Releaser(self.job, decision) for name, decision in self.decisions.items()}

    def begin(self, shard: Shard | None) -> "ReleasingAgain":
        """Release a shard, or other batches.

        Raises:
            KeyFault: A key cannot be resolved.
            OutputError: A file cannot be written.
        """
        outputs: dict[str, Output] = {}
        with contextlib.ExitStack() as begun:  # of several outputs one may fail when others are open
            for name, releaser in self._releasers.items():
                outputs[name] = self.outputs.open(self.job, self.decisions[name], releaser, shard)
                begun.callback(outputs[name].close)
            begun.pop_all()
        return ReleasingAgain(self.job, self._releasers, outputs, 0 if shard is None else shard.index)

    def __getstate__(self) -> dict[str, object]:
        """What is pickled: releasers hold keys and are made on each worker."""
        return {"job": self.job, "decisions": self.decisions, "outputs": self.outputs}


class Releasing:
    """Released rows of a shard, or of any other piece of the input, on their way to the outputs of several releases.

    Args:
        outputs: Where they go, by release.
        index: The shard's number.
    """

    def __init__(self, outputs: Mapping[str, Output], index: int) -> None:
        self._outputs = outputs
        self._index = index
        self._facts = {name: PartFacts() for name in outputs}
        self._rejects: Rejects = []

    def write(self, batch: TypedBatch, released: Mapping[str, tuple[TreatedBatch, Released]]) -> None:
        """Take a batch, with what each release makes of it.

        Raises:
            OutputError: It cannot be written.
        """
        self._reject(batch, batch.faults, "")
        for name, (treated, rows) in released.items():
            self._reject(batch, treated.faults, name)
            self._count(name, batch, treated, rows)
            self._outputs[name].write(rows)

    def close(self) -> None:
        """Finish all outputs, whatever one of them raises.

        Raises:
            OutputError: One cannot be finished.
        """
        with contextlib.ExitStack() as outputs:
            for output in self._outputs.values():
                outputs.callback(output.close)

    def take(self, least: int = BATCH_ROWS) -> list[Piece]:
        """Rows that go on to a collection: see `Output.take`."""
        return [piece for output in self._outputs.values() for piece in output.take(least)]

    @property
    def told(self) -> int:
        """How many rejected values nobody has asked for yet."""
        return len(self._rejects)

    def rejects(self) -> Rejects:
        """What was rejected since this was asked last."""
        rejects = self._rejects
        self._rejects = []
        return rejects

    def result(self) -> RunFacts:
        """What was done, once all outputs are closed, with the rejects that nobody has asked for."""
        for name, facts in self._facts.items():
            output = self._outputs[name]
            facts.files = list(output.files)
            if output.attempt:
                facts.attempts = {self._index: output.attempt}
        return RunFacts(self._facts, self.rejects())

    def _count(self, name: str, batch: TypedBatch, treated: TreatedBatch, released: Released) -> None:
        facts = self._facts[name]
        facts.read += batch.read
        facts.rejected += batch.read - len(batch.records) + treated.rejected
        facts.withheld.update(treated.withheld)
        facts.suppressed += released.suppressed
        facts.nbytes += released.batch.nbytes
        facts.proof = Proof.merge((facts.proof, released.proof))

    def _reject(self, batch: TypedBatch, faults: Sequence[Fault], release: str) -> None:
        for fault in faults:
            for row in batch.reported(fault.rows):
                self._rejects.append((batch.source, row, fault.field, str(fault.reason), release))


class ReleasingAgain(Releasing):
    """The release pass over a piece of the input: records that were measured before, treated again as was decided.

    Args:
        job: The run, on a worker.
        releasers: What makes the released batches, by release.
        outputs: Where they go, by release.
        index: The shard's number.
    """

    def __init__(self, job: Job, releasers: Mapping[str, Releaser], outputs: Mapping[str, Output], index: int) -> None:
        super().__init__(outputs, index)
        self._job = job
        self._releasers = releasers

    def add(self, batch: TypedBatch) -> None:
        """Release a batch.

        Raises:
            OutputError: It cannot be written.
        """
        self.write(batch, release_together(self._job, self._releasers, batch.records))
