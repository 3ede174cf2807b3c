"""What is known of a collection only while it is read: the one schema of its batches, beside the run's secret."""

from dataclasses import replace

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton

from beam_deid.transforms.beam.elements import ElementKind
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.job import Given
from beam_deid.transforms.run.schema import WHERE, Schemas, types_of
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.given import PLACE


class OneSchema(beam.PTransform):
    """Batches → a `Given` for each window, with the type of each column.

    Args:
        policy: The policy; where a field has a kind, that tells the type.
        kind: What the collection holds, or a side input that tells it. A column that is not in a dict is null there; all else
            must have every column.
        everywhere: Whether an empty collection has a schema, too.
        secret: What is known of the run as a whole, a side input.
    """

    def __init__(self, policy: Policy, kind: ElementKind | AsSingleton, everywhere: bool, secret: AsSingleton) -> None:
        super().__init__()
        self._policy = policy
        self._kind = kind
        self._everywhere = everywhere
        self._secret = secret

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[Given]:
        """Collect the schemas, and find the one."""
        return (
            batches
            | "Schemas" >> beam.Map(Schemas.of, without=PLACE).with_output_types(Schemas)
            | "All" >> Merge(Schemas, self._everywhere)
            | "One" >> beam.Map(self._given, self._secret, self._kind).with_output_types(Given)
        )

    def _given(self, schemas: Schemas, secret: Given, kind: ElementKind) -> Given:
        types = guarded(WHERE, types_of, self._policy, schemas, kind is not ElementKind.DICT)
        return replace(secret, types=types)
