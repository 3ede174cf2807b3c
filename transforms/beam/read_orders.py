"""`ReadOrders`: files of orders as a collection, read as a run reads them."""

from collections.abc import Iterator, Sequence
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.error_handling import ErrorHandler
from apache_beam.typehints.decorators import no_annotations
from typing_extensions import Self

from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.elements import ElementKind
from beam_deid.transforms.beam.from_batches import FromBatches, output_kind, row_type
from beam_deid.transforms.beam.told import RejectedRow
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.publish.embedded_job import GivenPolicy, policy_of
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.as_written import Unread, read_as_written, wanted_columns

WHERE = "ReadOrders"


class ReadOrders(beam.PTransform):
    """Read files of any format that a run reads, as the policy's ``input`` says.

    Heads of files are read where the pipeline is built. Columns that ``input.combine`` makes of others are left to `Deidentify`.
    A row that cannot be read ends the pipeline, unless an error handler takes it.

    Args:
        policy: The policy: a path, a mapping, or a `Policy`.
        inputs: One glob, or several.
        output: What the records are to be: ``pyarrow.RecordBatch``, ``pyarrow.Table``, ``beam.Row``, ``dict``, or a class of named
            tuples.

    Raises:
        PolicyError: The policy is wrong, or the columns of a file are not those that it classifies.
        UsageError: No file matches, or records cannot be given out as ``output``.
        InputError: A file cannot be read, or there is no row in any.
    """

    def __init__(self, policy: GivenPolicy, inputs: str | Sequence[str], output: type = pa.RecordBatch) -> None:
        super().__init__()
        made = policy_of(policy)
        self._prepared = prepare(made, [inputs] if isinstance(inputs, str) else list(inputs))
        self._output = output
        self._columns = wanted_columns(made)
        self._kind = output_kind(output, self._columns)
        self._error_handler: ErrorHandler | None = None

    def with_error_handler(self, error_handler: ErrorHandler | None) -> Self:
        """Give rows that cannot be read to one of Beam's error handlers, as `RejectedRow`; with None, end at the first one."""
        self._error_handler = error_handler
        return self

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, begin: beam.pvalue.PBegin) -> beam.PCollection:
        """Spread shards, and read each."""
        register_coders()
        shards = begin | "Shards" >> beam.Create(list(self._prepared.shards), reshuffle=False)
        read = beam.ParDo(_Read(self._prepared.job, self._columns, self._error_handler is not None))
        typed = read.with_output_types(pa.RecordBatch, rejected=RejectedRow)
        found = shards | "Spread" >> beam.Reshuffle() | "Read" >> typed.with_outputs("rejected", main="batches")
        if self._error_handler is not None:
            self._error_handler.add_error_pcollection(found.rejected)
        kind = self._kind or ElementKind.BATCH
        return found.batches | "From batches" >> FromBatches(kind, self._type_of(kind))

    def _type_of(self, kind: ElementKind) -> Any:
        """The type of the records, as Beam is told it."""
        if kind is not ElementKind.ROW or self._output is not beam.Row:
            return self._output
        types = self._prepared.job.types
        return row_type({name: types.get(name, pa.string()) for name in self._columns}, None)


class _Read(beam.DoFn):
    """Reads shards.

    Args:
        job: The run that its policy would be.
        columns: The columns that are read.
        handled: Whether somebody takes rows that cannot be read.
    """

    def __init__(self, job: Job, columns: Sequence[str], handled: bool) -> None:
        self._job = job
        self._columns = columns
        self._handled = handled

    def process(self, shard: Shard) -> Iterator[Any]:
        chunks = read_as_written(shard, self._job, self._columns)
        while True:
            chunk = guarded(WHERE, next, chunks, None)
            if chunk is None:
                return
            for unread in chunk.unread:
                yield TaggedOutput("rejected", self._rejected(unread))
            yield chunk.batch

    def _rejected(self, unread: Unread) -> RejectedRow:
        if self._handled:
            return RejectedRow(unread.file, unread.row, unread.field, unread.reason)
        reported = unread.row
        reason = unread.reason
        raise InputError(
            f"row {reported} cannot be read ({reason})",
            unread.file,
            "Mend the file, or take what cannot be read with .with_error_handler(…)",
        )


__all__ = ["ReadOrders", "RejectedRow"]
