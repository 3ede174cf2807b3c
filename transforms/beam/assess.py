"""`AssessReidentification`: what a collection of records discloses, as one element of evidence."""

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.transforms.window import GlobalWindows
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.coders import register_coders
from beam_deid.transforms.beam.elements import ToBatches, element_kind
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.secret import RunSecret
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.assessment import assess
from beam_deid.transforms.dataset.counted import Counted, Counting
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.errors import InputError, InternalFault, UsageError
from beam_deid.transforms.run.job import Given
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.given import PLACE

WHERE = "AssessReidentification"


class AssessReidentification(beam.PTransform):
    """Measure what records disclose as they are, and say which label they would get and why.

    Takes Arrow record batches, Beam rows or dicts. Gives one dict, as ``beam-deid assess --json`` prints it, but for joins
    with tables; an empty collection has evidence too.

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

    def expand(self, rows: beam.PCollection) -> beam.PCollection[dict]:
        """Count, merge, conclude."""
        register_coders()
        secret = beam.pvalue.AsSingleton(rows.pipeline | "Secret" >> RunSecret())
        return (
            rows
            | "To batches" >> ToBatches(element_kind(rows.element_type))
            | "Count" >> beam.ParDo(_Count(self._question), secret).with_output_types(Counted)
            | "Merge" >> Merge(Counted)
            | "Assess" >> beam.Map(self._assessed, secret).with_output_types(dict)
        )

    def display_data(self) -> dict[str, Any]:
        """What an engine may show of it: names of fields, never a value."""
        question = self._question
        return {"quasi": ", ".join(question.quasi), "sensitive": ", ".join(question.sensitive)}

    def _assessed(self, counted: Counted, secret: Given) -> dict[str, Any]:
        return guarded(WHERE, _document, self._question, counted, _key_of(secret))


def _document(question: Question, counted: Counted, key: FingerprintKey) -> dict[str, Any]:
    return assess(question, counted, key).to_document()


def _key_of(secret: Given) -> FingerprintKey:
    """The key of the fingerprints: there is no register here that would have another."""
    if secret.fingerprint_key is None:
        raise InternalFault("the key of fingerprints is not here", WHERE)
    return secret.fingerprint_key


class _Count(beam.DoFn):
    def __init__(self, question: Question) -> None:
        self._question = question

    def start_bundle(self) -> None:
        self._counting: Counting | None = None

    def process(self, batch: pa.RecordBatch, secret: Given) -> None:
        question = self._question
        for name in question.read:
            if name not in batch.schema.names:
                raise InputError(
                    f"there is no field {name}", WHERE, f"The records have: {', '.join(batch.schema.names)}"
                )
        columns = {
            name: column for name, column in zip(batch.schema.names, batch.columns, strict=True) if name != PLACE
        }
        if self._counting is None:
            self._counting = Counting(question, _key_of(secret))
        guarded(WHERE, self._counting.add, columns)

    def finish_bundle(self) -> Iterator[WindowedValue]:
        if self._counting is not None:
            yield GlobalWindows.windowed_value(self._counting.result())


__all__ = ["AssessReidentification"]
