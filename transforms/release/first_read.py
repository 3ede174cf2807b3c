"""The first read: records are measured, and those of releases that need no decision are written as they come."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.measure.aside import Aside
from beam_deid.transforms.measure.chunk_files import ChunkFile, ChunkWriter
from beam_deid.transforms.measure.chunks import CHUNK, chunks_of
from beam_deid.transforms.measure.measured import Histograms, Measured
from beam_deid.transforms.measure.measuring import MeasurePass, Measurer
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.outputs import PartsOutput, as_they_came
from beam_deid.transforms.release.releaser import Releaser
from beam_deid.transforms.release.releasing import Releasing
from beam_deid.transforms.release.supposing import Supposed, as_supposed, suppositions
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import discard_parts
from beam_deid.transforms.treat.typed import TypedBatch

MOST_REJECTS = 1_000
"""So many rejected values of a shard are told before anything is decided: a run with more is likely to be refused."""


@dataclass
class FirstRead:
    """What the first read found, and what it wrote. Parts merge in any order.

    Attributes:
        measured: What was measured.
        written: What was written of releases that need no decision, as far as it is known to be whole.
        chunks: Files of measured records that wait in the staging folder.
    """

    measured: Measured = field(default_factory=Measured)
    written: RunFacts = field(default_factory=RunFacts)
    chunks: tuple[ChunkFile, ...] = ()

    @classmethod
    def merge(cls, parts: Sequence["FirstRead"]) -> "FirstRead":
        """All parts together; associative."""
        measured = Measured.merge([part.measured for part in parts])
        written = RunFacts.merge([part.written for part in parts])
        return cls(measured, written, tuple(file for part in parts for file in part.chunks))


@dataclass(frozen=True)
class FirstPass:
    """The first read of a run, as workers are told of it.

    Attributes:
        measuring: What is measured.
        supposed: The releases that are written at once.
        staging: Folder that they are written to.
        waiting: Staging folder in which measured records wait; empty where they are handed on.
    """

    measuring: MeasurePass
    supposed: Mapping[str, Supposed]
    staging: str
    waiting: str = ""

    @classmethod
    def of(cls, job: Job, aside: Aside | None, staging: str, waiting: str = "") -> "FirstPass":
        """The first read of a run.

        Args:
            job: The run, on a worker.
            aside: Where records wait that are counted in buckets; None where all are counted in memory.
            staging: Folder from which rows can be taken back once they are written; empty where there is none.
            waiting: Staging folder in which measured records wait; empty where they are handed on.

        Raises:
            KeyFault: A key cannot be resolved.
        """
        supposed = suppositions(job, staging) if staging else {}
        return cls(MeasurePass(job, aside, tuple(supposed)), supposed, staging, waiting)

    @property
    def job(self) -> Job:
        """The run, on a worker."""
        return self.measuring.job

    @property
    def columns(self) -> tuple[str, ...]:
        """The input columns that it reads."""
        return self.measuring.columns

    @cached_property
    def _releasers(self) -> dict[str, Releaser]:
        return {name: Releaser(self.job, one) for name, one in self.supposed.items()}

    def __getstate__(self) -> dict[str, object]:
        """What is pickled: releasers hold keys and are made once on each worker."""
        names = ("measuring", "supposed", "staging", "waiting")
        return {name: getattr(self, name) for name in names}

    def begin(self, shard: Shard | None) -> "Reading":
        """Read a shard, or other batches.

        Raises:
            KeyFault: A key cannot be resolved.
            OutputError: A file cannot be written.
        """
        measurer = self.measuring.begin(shard)
        index = 0 if shard is None else shard.index
        outputs: dict[str, PartsOutput] = {}
        chunks: ChunkWriter | None = None
        with contextlib.ExitStack() as begun:  # of several outputs one may fail when others are open
            begun.callback(measurer.close)
            if self.waiting:
                chunks = ChunkWriter(self.waiting, index, self.job.prints)
                begun.callback(chunks.close)
            for name, releaser in self._releasers.items():
                outputs[name] = as_they_came(self.job, self.staging, releaser, index)
                begun.callback(outputs[name].close)
            begun.pop_all()
        return Reading(measurer, self._releasers, outputs, index, chunks)


class Reading:
    """The first read of a shard, or of any other piece of the input.

    Args:
        measurer: What counts the records.
        releasers: What makes released batches of releases that need no decision, by release.
        outputs: Where these go, by release.
        index: The shard's number.
        chunks: Where measured records go; None where they are handed on.
    """

    def __init__(
        self,
        measurer: Measurer,
        releasers: Mapping[str, Releaser],
        outputs: Mapping[str, PartsOutput],
        index: int,
        chunks: ChunkWriter | None = None,
    ) -> None:
        self._measurer = measurer
        self._chunks = chunks
        self._releasers = releasers
        self._outputs = outputs
        self._releasing = Releasing(outputs, index)
        self._writes = bool(outputs)

    def add(self, batch: TypedBatch) -> None:
        """Measure a batch, and release it.

        Raises:
            OutputError: It cannot be written.
        """
        treated = self._measurer.add(batch)
        if self._chunks is not None:
            for histograms in self._measurer.leave():
                self._chunks.write(chunk for _, chunk in chunks_of(histograms, CHUNK))
        if self._writes:
            released = {name: (one, self._releasers[name].release(one)) for name, one in treated.items()}
            self._releasing.write(batch, released)
            if self._releasing.told > MOST_REJECTS:
                self._give_up()

    def close(self) -> None:
        """Finish whatever is open, whatever fails of it.

        Raises:
            OutputError: Something cannot be finished.
        """
        with contextlib.ExitStack() as everything:
            everything.callback(self._measurer.close)
            if self._chunks is not None:
                everything.callback(self._chunks.close)
            if self._writes:
                everything.callback(self._releasing.close)

    def leave(self) -> Sequence[Histograms]:
        """Give away the records that were counted since: see `Measurer.leave`."""
        return self._measurer.leave()

    def result(self) -> FirstRead:
        """What was found and written, once it is closed."""
        written = self._releasing.result() if self._writes else RunFacts()
        chunks = () if self._chunks is None else (self._chunks.file,)
        return FirstRead(self._measurer.result(), written, chunks)

    def _give_up(self) -> None:
        """Leave the rows to a second read, and remove what was written of them."""
        self._writes = False
        for output in self._outputs.values():
            output.discard()
        self._releasing.rejects()


def settled(job: Job, decisions: Mapping[str, ReleaseDecision], written: RunFacts, staging: str) -> RunFacts:
    """Keep what the first read wrote as it was decided, and remove the rest.

    Args:
        job: The run, with its key of fingerprints.
        decisions: What was decided, by release; nothing where the run was refused.
        written: What was written.
        staging: The staging folder.

    Returns:
        What is kept.

    Raises:
        KeyFault: A key cannot be resolved.
    """
    if not written.releases:
        return RunFacts()
    kept = as_supposed(job, decisions, written, staging)
    for name, one in written.releases.items():
        if name not in kept.releases:
            with contextlib.suppress(OSError, OutputError):  # what is left goes with its folder
                discard_parts(staging, one.files)
    return kept
