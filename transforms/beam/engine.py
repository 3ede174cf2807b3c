"""The engine: records of any source measured, decided, released to any sink, and proved."""

from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsMultiMap, AsSingleton
from apache_beam.typehints.decorators import no_annotations

from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.decide import KEPT, Decide
from beam_deid.transforms.beam.measure import Measure
from beam_deid.transforms.beam.release import Release, Sides
from beam_deid.transforms.beam.sink import Sink
from beam_deid.transforms.beam.source import Source
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.run.job import Job

BOUNDS = Bounds()


class Engine(beam.PTransform):
    """Elements, and what is known of their run only while it runs → whatever the sink makes of them.

    Args:
        job: The run.
        source: What the elements are.
        sink: Where released rows go.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
    """

    def __init__(self, job: Job, source: Source, sink: Sink, max_rejects: float) -> None:
        super().__init__()
        self._job = job
        self._source = source
        self._sink = sink
        self._max_rejects = max_rejects

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, inputs: tuple[beam.PCollection, beam.PCollection]) -> Any:
        """Two passes over the elements, with the decision as side input of the second, or one where that is enough."""
        register_coders()
        elements, known = inputs
        given = AsSingleton(known)
        outputs = self._sink.outputs
        staging = "" if outputs is None else outputs.staging
        measured = elements | "Measure" >> Measure(self._job, self._source, staging, given, BOUNDS)
        source = self._source
        decide = Decide(
            self._job, self._sink.decider, self._max_rejects, BOUNDS, source.deciding, staging, source.waiting
        )
        deciding = beam.ParDo(decide, given, AsMultiMap(measured.records)).with_output_types(Decision, kept=RunFacts)
        decided = measured.facts | "Decide" >> deciding.with_outputs(KEPT, main="decision")
        sides = Sides(given, AsSingleton(decided.decision))
        if outputs is None:
            return self._sink.finish(None, decided.decision, sides)
        release = Release(self._job, self._source, outputs, sides, decided.kept)
        return self._sink.finish(elements | "Release" >> release, decided.decision, sides)
