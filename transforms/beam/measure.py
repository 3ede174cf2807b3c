"""Shards to one `Measured`: the first read."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import apache_beam as beam
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.coders import FactsCoder
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Tasks

WHERE = "measuring"


class MeasureShards(beam.DoFn):
    """Measure each shard, ``workers`` at a time."""

    def __init__(self, job: Job, workers: int) -> None:
        self._job = job
        self._workers = workers

    def start_bundle(self) -> None:
        """Begin a bundle of shards."""
        PROGRESS.start(WHERE)
        self._tasks = Tasks(self._workers, WHERE)

    def process(self, shard: Shard, key: FingerprintKey) -> Iterator[Measured]:
        """One shard."""
        for measured in self._tasks.submit(measure_shard, shard, replace(self._job, fingerprint_key=key)):
            PROGRESS.add(measured.read)
            yield measured

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Whatever is still under way."""
        for measured in self._tasks.rest():
            PROGRESS.add(measured.read)
            yield GlobalWindows.windowed_value(measured)


class MergeMeasured(beam.CombineFn):
    """Merge what was measured. The accumulator is a list that is merged when it grows."""

    def get_accumulator_coder(self) -> FactsCoder:
        """Facts are not encoded to be measured."""
        return FactsCoder()

    def create_accumulator(self) -> list[Measured]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[Measured], element: Measured) -> list[Measured]:
        """Take one in."""
        accumulator.append(element)
        return accumulator if len(accumulator) < 16 else [Measured.merge(accumulator)]

    def merge_accumulators(self, accumulators: Iterable[list[Measured]]) -> list[Measured]:
        """Join accumulators."""
        return [measured for accumulator in accumulators for measured in accumulator]

    def extract_output(self, accumulator: list[Measured]) -> Measured:
        """All of it."""
        return Measured.merge(accumulator)


class Measure(beam.PTransform):
    """Shards → one `Measured`.

    Args:
        job: The run.
        workers: Processes on this machine.
        key: The key of the run's fingerprints, a collection of one element.
    """

    def __init__(self, job: Job, workers: int, key: beam.PCollection) -> None:
        super().__init__()
        self._job = job
        self._workers = workers
        self._key = key

    def expand(self, shards: beam.PCollection[Shard]) -> beam.PCollection[Measured]:
        """Read and merge."""
        return (
            shards
            | "Measure" >> beam.ParDo(MeasureShards(self._job, self._workers), beam.pvalue.AsSingleton(self._key))
            | "Merge" >> beam.CombineGlobally(MergeMeasured()).with_output_types(Measured)
        )
