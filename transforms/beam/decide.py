"""One `FirstRead`, and the chunks of its records, to one `Decision`, and to what of the first read stands.

The chunks of files wait in the staging folder; those of a collection, which has none, come through the engine.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from beam_deid.transforms.beam.display import job_display
from beam_deid.transforms.beam.metrics import StepMetrics
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.chunk_files import read_chunks
from beam_deid.transforms.measure.chunks import SHARES, Bounds
from beam_deid.transforms.measure.gathering import are_many, gather
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.first_read import FirstRead, settled
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.workers import guarded, processes

WHERE = "deciding"
RELEASING = "releasing"
KEPT = "kept"
"""The output of what of the first read stands, a `RunFacts` for each decision."""
_ALONE = threading.Lock()
"""Of many records one window is counted at a time in a process: each takes its cores, and memory for as many buckets."""


class Decider(Protocol):
    """How a sink has its releases decided."""

    def decide(self, job: Job, measured: Measured, max_rejects: float, workers: int) -> Decision:
        """The decision, if it is one that the sink can act on."""
        ...


class Decide(beam.DoFn):
    """Chooses levels and suppressed classes, and decides the labels. What was written before it was decided is kept or removed.

    Few records are counted in memory. Many are counted in buckets: the disk of the worker that decides, where TMPDIR says, must
    hold what was measured of all of them, eight bytes for each measured column of each record, and some three times as much while
    they are counted. The folder is private, and gone when the decision is made or fails; where a worker was killed, a later one
    on its machine removes it.

    Of chunks that come through the engine Beam holds some in the memory of that worker until the decision is made, in case they are
    asked for again. Where the engine answers for many shares at once these are the first 102 of all `SHARES`: a twentieth of the
    chunks, and of few chunks up to some hundred. Beside them there are 100 MB in its cache of answers. An engine that runs in this
    process holds all chunks.

    Args:
        job: The run.
        decider: The sink's part of it.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        bounds: How many records are counted in memory.
        workers: Processes that count buckets; None for as many as the worker that decides has cores.
        staging: Folder that releases were written to which need no decision; empty where none was.
        waiting: Staging folder in which the measured records wait; empty where they come as chunks.
    """

    def __init__(
        self,
        job: Job,
        decider: Decider,
        max_rejects: float,
        bounds: Bounds,
        workers: int | None,
        staging: str = "",
        waiting: str = "",
    ) -> None:
        self._job = job
        self._staging = staging
        self._waiting = waiting
        self._decider = decider
        self._max_rejects = max_rejects
        self._bounds = bounds
        self._workers = workers
        self._metrics = StepMetrics(WHERE)
        self._released = StepMetrics(RELEASING)

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of the step."""
        return {**job_display(self._job), "max_rejects": self._max_rejects}

    def process(self, first: FirstRead, given: Given, records: Mapping[int, Iterable[pa.RecordBatch]]) -> Iterator[Any]:
        """The decision. Shares of the records are asked for one after the other, so that no answer holds all of them."""
        measured = first.measured
        PROGRESS.know_rows(measured.read)
        PROGRESS.start(WHERE)
        self._metrics.count(measured.read, measured.rejected, measured.nbytes)
        job = self._job.given(given)
        chunks = self._chunks(job, first, records)
        decision = guarded(WHERE, self._decided, job, measured, chunks)
        kept = guarded(WHERE, settled, job, decision.releases, first.written, self._staging)
        decision = replace(decision, kept=tuple(kept.releases))
        self._tell(decision, kept)
        yield TaggedOutput(KEPT, kept)
        yield decision

    def _chunks(
        self, job: Job, first: FirstRead, records: Mapping[int, Iterable[pa.RecordBatch]]
    ) -> Iterator[pa.RecordBatch]:
        if self._waiting:
            return read_chunks(self._waiting, first.chunks, job.prints)
        return (chunk for share in range(SHARES) for chunk in records[share])

    def _tell(self, decision: Decision, kept: RunFacts) -> None:
        """Tell what is released already. Where it is not all, the second read tells of the records."""
        if decision.left:
            self._released.count(0, 0, kept.nbytes)
            return
        PROGRESS.start(RELEASING, reads=True)
        PROGRESS.add(kept.read)
        self._released.count(kept.read, kept.rejected, kept.nbytes)

    def _decided(self, job: Job, measured: Measured, chunks: Iterable[pa.RecordBatch]) -> Decision:
        if not are_many(measured, self._bounds):
            gathered = gather(job, measured, chunks, self._bounds, None)
            return self._decider.decide(job, gathered, self._max_rejects, self._workers or 1)
        with _ALONE, SpillFolder() as folder, processes(self._asked(job)) as workers:
            gathered = gather(job, measured, chunks, self._bounds, folder)
            return self._decider.decide(job, gathered, self._max_rejects, workers)

    def _asked(self, job: Job) -> int | None:
        # An object that fetches the key may be of the caller's own class, which other processes do not know.
        return self._workers if job.secret is None else 1
