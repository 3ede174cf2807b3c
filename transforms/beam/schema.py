"""What is known of a collection only while it is read: the one schema of its batches, beside the run's secret."""

from dataclasses import replace

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton

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
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.
        everywhere: Whether an empty collection has a schema, too.
        secret: What is known of the run as a whole, a side input.
    """

    def __init__(self, policy: Policy, complete: bool, everywhere: bool, secret: AsSingleton) -> None:
        super().__init__()
        self._policy = policy
        self._complete = complete
        self._everywhere = everywhere
        self._secret = secret

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[Given]:
        """Collect the schemas, and find the one."""
        return (
            batches
            | "Schemas" >> beam.Map(Schemas.of, without=PLACE).with_output_types(Schemas)
            | "All" >> Merge(Schemas, self._everywhere)
            | "One" >> beam.Map(self._given, self._secret).with_output_types(Given)
        )

    def _given(self, schemas: Schemas, secret: Given) -> Given:
        types = guarded(WHERE, types_of, self._policy, schemas, self._complete)
        return replace(secret, types=types)
