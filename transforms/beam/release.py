"""Shards and the decision to parts in staging: the second read."""

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any

import apache_beam as beam
import numpy as np
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.coders import FactsCoder
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.release.releasing import PartFacts, RunFacts, release_shard
from beam_deid.transforms.release.shuffle import assemble
from beam_deid.transforms.risk.histogram import total
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Tasks

WHERE = "releasing"


class ReleaseShards(beam.DoFn):
    """Write the parts of each shard, ``workers`` at a time."""

    def __init__(self, job: Job, staging: str, workers: int) -> None:
        self._job = job
        self._staging = staging
        self._workers = workers

    def start_bundle(self) -> None:
        """Begin a bundle of shards."""
        PROGRESS.start(WHERE)
        self._tasks = Tasks(self._workers, WHERE)
        self._orders: bytes | None = None

    def process(self, shard: Shard, decision: Decision, key: FingerprintKey) -> Iterator[RunFacts]:
        """One shard. A refused run writes nothing."""
        if decision.refused:
            return
        if self._orders is None:
            # Pickled once for all shards. Of keys of the policy it holds only where they are.
            orders = {name: order.without_proof() for name, order in decision.releases.items()}
            self._orders = pickle.dumps((replace(self._job, fingerprint_key=key), orders, self._staging))
        for facts in self._tasks.submit(_release, shard, self._orders):
            yield _counted(facts)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Whatever is still under way."""
        for facts in self._tasks.rest():
            yield GlobalWindows.windowed_value(_counted(facts))


class MergeFacts(beam.CombineFn):
    """Merge the facts of all parts."""

    def get_accumulator_coder(self) -> FactsCoder:
        """Facts are not encoded to be measured."""
        return FactsCoder()

    def create_accumulator(self) -> list[RunFacts]:
        """Nothing yet."""
        return []

    def add_input(self, accumulator: list[RunFacts], element: RunFacts) -> list[RunFacts]:
        """Take one in."""
        accumulator.append(element)
        return accumulator if len(accumulator) < 16 else [RunFacts.merge(accumulator)]

    def merge_accumulators(self, accumulators: Iterable[list[RunFacts]]) -> list[RunFacts]:
        """Join accumulators."""
        return [facts for accumulator in accumulators for facts in accumulator]

    def extract_output(self, accumulator: list[RunFacts]) -> RunFacts:
        """All of it."""
        return RunFacts.merge(accumulator)


class Release(beam.PTransform):
    """Shards → the facts of all parts, which stand in staging."""

    def __init__(self, job: Job, staging: str, workers: int, decision: Any, key: beam.PCollection) -> None:
        super().__init__()
        self._job = job
        self._staging = staging
        self._workers = workers
        self._decision = decision
        self._key = key

    def expand(self, shards: beam.PCollection[Shard]) -> beam.PCollection[RunFacts]:
        """Read, treat, write, and merge the facts."""
        writer = ReleaseShards(self._job, self._staging, self._workers)
        return (
            shards
            | "Write" >> beam.ParDo(writer, beam.pvalue.AsSingleton(self._decision), beam.pvalue.AsSingleton(self._key))
            | "Merge" >> beam.CombineGlobally(MergeFacts()).with_output_types(RunFacts)
        )


class AssembleParts(beam.DoFn):
    """Put together the parts of releases whose rows are mixed, ``workers`` at a time."""

    def __init__(self, job: Job, staging: str, workers: int) -> None:
        self._job = job
        self._staging = staging
        self._workers = workers

    def start_bundle(self) -> None:
        """Begin a bundle of parts."""
        self._tasks = Tasks(self._workers, WHERE)

    def process(
        self, part: tuple[str, int], decision: Decision, released: RunFacts, key: FingerprintKey
    ) -> Iterator[RunFacts]:
        """One part; ``released`` is here because every piece must stand before any part is put together."""
        name, number = part
        order = decision.releases[name].without_proof()
        attempts = released.releases[name].attempts
        job = replace(self._job, fingerprint_key=key)
        yield from self._tasks.submit(_assemble, job, order, self._staging, number, attempts)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Whatever is still under way."""
        for facts in self._tasks.rest():
            yield GlobalWindows.windowed_value(facts)


class Assemble(beam.PTransform):
    """The facts of all shards → the facts of every part that is put together from pieces."""

    def __init__(self, job: Job, staging: str, workers: int, decision: Any, key: beam.PCollection) -> None:
        super().__init__()
        self._job = job
        self._staging = staging
        self._workers = workers
        self._decision = decision
        self._key = key

    def expand(self, facts: beam.PCollection[RunFacts]) -> beam.PCollection[RunFacts]:
        """Name the parts, spread them, put them together."""
        worker = AssembleParts(self._job, self._staging, self._workers)
        parts = self._decision | "Parts" >> beam.FlatMap(mixed_parts) | "Spread" >> beam.Reshuffle()
        return parts | "Assemble" >> beam.ParDo(
            worker,
            beam.pvalue.AsSingleton(self._decision),
            beam.pvalue.AsSingleton(facts),
            beam.pvalue.AsSingleton(self._key),
        )


def mixed_parts(decision: Decision) -> list[tuple[str, int]]:
    """The parts that are to be put together: release and number."""
    return [(name, part) for name, order in decision.releases.items() if order.mixed for part in range(order.parts)]


def _assemble(job: Job, decision: ReleaseDecision, staging: str, part: int, attempts: dict[int, str]) -> RunFacts:
    file, made = assemble(job, decision, staging, part, attempts)
    counted = total([(made.values, np.ones(len(made.values), np.int64))])
    return RunFacts({decision.release: PartFacts([file], classes=counted, suppressed=made.left_out)})


def _counted(facts: RunFacts) -> RunFacts:
    PROGRESS.add(max((part.read for part in facts.releases.values()), default=0))
    return facts


def _release(shard: Shard, orders: bytes) -> RunFacts:
    return release_shard(shard, *_orders(orders))


@lru_cache(maxsize=1)
def _orders(orders: bytes) -> Any:
    return pickle.loads(orders)  # noqa: S301 - made by this process's parent
