"""`AssessReidentification`: what a collection of records discloses, as one element of evidence."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import BoundedWindow
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.elements import element_kind, row_fields
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.beam.to_batches import ToBatches
from beam_deid.transforms.beam.told import Evidence
from beam_deid.transforms.beam.whole_windows import WholeWindows
from beam_deid.transforms.beam.windows import at_end, condition_of
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.assessment import assess
from beam_deid.transforms.dataset.counted import Counted, Counting
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.errors import InputError, InternalFault, UsageError
from beam_deid.transforms.frames.window import as_table
from beam_deid.transforms.run.job import BATCH_ROWS, Given
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.given import PLACE

WHERE = "AssessReidentification"


class AssessReidentification(beam.PTransform):
    """Measure what records disclose as they are, and say which label they would get and why.

    Takes what `Deidentify` takes. Gives one `Evidence` for each window, whose document is what ``beam-deid assess --json`` prints,
    but for joins with tables; an empty collection has evidence, too.

    Args:
        quasi: The quasi-identifiers.
        sensitive: The sensitive fields.
        subject: The field that says whom a record is about; each record is a person of its own if not given.
        **options: More of `beam_deid.transforms.dataset.question.Question`: ``sharing``, ``k``, ``most``,
            ``population``, ``frequencies``.

    Raises:
        UsageError: No quasi-identifier is named, an option is unknown, or the collection's type is not known.
    """

    def __init__(
        self, quasi: Iterable[str], sensitive: Iterable[str] = (), subject: str | None = None, **options: Any
    ) -> None:
        super().__init__()
        try:
            self._question = Question(tuple(quasi), tuple(sensitive), subject, **options)
        except TypeError:
            raise UsageError(f"there is no such option: {', '.join(options)}", WHERE, "See its documentation") from None
        if not self._question.quasi:
            raise UsageError(
                "no quasi-identifier is named", WHERE, "Name the attributes that others may know of a person"
            )

    def expand(self, rows: beam.PCollection) -> beam.PCollection[Evidence]:
        """Count, merge, conclude."""
        register_coders()
        everywhere = not condition_of(rows.windowing, rows.is_bounded, WHERE)
        to_batches = ToBatches(element_kind(rows.element_type), row_fields(rows.element_type), everywhere=everywhere)
        batches = (rows | "To batches" >> to_batches).batches
        if not rows.is_bounded:
            window = beam.Map(_window_assessed, self._question).with_output_types(Evidence)
            return batches | "Windows" >> WholeWindows() | "Assess" >> window
        secret = beam.pvalue.AsSingleton(rows.pipeline | "Secret" >> RunSecret())
        return (
            batches
            | "Count" >> beam.ParDo(_Count(self._question), secret).with_output_types(Counted)
            | "Merge" >> Merge(Counted, everywhere)
            | "Assess" >> beam.Map(self._assessed, secret).with_output_types(Evidence)
        )

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of it: names of fields, never a value."""
        question = self._question
        return {"quasi": ", ".join(question.quasi), "sensitive": ", ".join(question.sensitive)}

    def _assessed(self, counted: Counted, secret: Given) -> Evidence:
        return guarded(WHERE, _evidence, self._question, counted, _key_of(secret))


def _evidence(question: Question, counted: Counted, key: FingerprintKey) -> Evidence:
    return Evidence.of(assess(question, counted, key).to_document())


def _window_assessed(batches: list[pa.RecordBatch], question: Question, window: Any = beam.DoFn.WindowParam) -> Any:
    """The evidence of a window of a stream, which one worker counts."""
    return at_end(guarded(WHERE, _assessed_batches, batches, question), window)


def _assessed_batches(batches: list[pa.RecordBatch], question: Question) -> Evidence:
    key = FingerprintKey.new()
    counting = Counting(question, key)
    for batch in as_table(batches, (), WHERE).to_batches(BATCH_ROWS):
        counting.add(_columns(batch, question))
    return _evidence(question, counting.result(), key)


def _key_of(secret: Given) -> FingerprintKey:
    """The key of the fingerprints: there is no register here that would have another."""
    if secret.fingerprint_key is None:
        raise InternalFault("the key of fingerprints is not here", WHERE)
    return secret.fingerprint_key


def _columns(batch: pa.RecordBatch, question: Question) -> dict[str, pa.Array]:
    """The columns of a batch, all that are asked for among them."""
    for name in question.read:
        if name not in batch.schema.names:
            raise InputError(f"there is no field {name}", WHERE, f"The records have: {', '.join(batch.schema.names)}")
    return {name: column for name, column in zip(batch.schema.names, batch.columns, strict=True) if name != PLACE}


class _Count(beam.DoFn):
    def __init__(self, question: Question) -> None:
        self._question = question

    def start_bundle(self) -> None:
        self._counting: dict[BoundedWindow, Counting] = {}

    def process(self, batch: pa.RecordBatch, secret: Given, window: BoundedWindow = beam.DoFn.WindowParam) -> None:
        if window not in self._counting:
            self._counting[window] = Counting(self._question, _key_of(secret))
        guarded(WHERE, self._counting[window].add, _columns(batch, self._question))

    def finish_bundle(self) -> Iterator[WindowedValue]:
        for window, counting in self._counting.items():
            yield at_end(counting.result(), window)
        self._counting = {}


__all__ = ["AssessReidentification"]
