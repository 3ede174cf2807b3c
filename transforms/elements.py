"""Beam's elements to Arrow batches and back: batches as they are, rows, dicts."""

import datetime
import decimal
from collections.abc import Iterator
from enum import Enum
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.typehints import typehints
from apache_beam.typehints.row_type import RowTypeConstraint

from beam_deid.transforms.errors import InputError, UsageError

_ROWS = 10_000


class ElementKind(Enum):
    """What a collection holds."""

    BATCH = "pyarrow.RecordBatch"
    ROW = "beam.Row"
    DICT = "dict"


def element_kind(element_type: Any) -> ElementKind:
    """What a collection of this type holds.

    Raises:
        UsageError: It is none that we treat, or Beam does not know it.
    """
    if element_type is pa.RecordBatch:
        return ElementKind.BATCH
    if isinstance(element_type, RowTypeConstraint) or element_type is beam.Row:
        return ElementKind.ROW
    if element_type is dict or isinstance(element_type, typehints.DictConstraint):
        return ElementKind.DICT
    raise UsageError(
        f"the collection holds {element_type}", "Deidentify",
        "It takes record batches, Beam rows or dicts; say which: … | beam.Map(f).with_output_types(dict)",
    )  # fmt: skip


class ToBatches(beam.PTransform):
    """Elements → record batches."""

    def __init__(self, kind: ElementKind) -> None:
        super().__init__()
        self._kind = kind

    def expand(self, elements: beam.PCollection) -> beam.PCollection[pa.RecordBatch]:
        """Batches of a fixed number of rows; batches that are given stay as they are."""
        if self._kind is ElementKind.BATCH:
            return elements
        return (
            elements
            | "Gather" >> beam.BatchElements(min_batch_size=_ROWS, max_batch_size=_ROWS)
            | "To Arrow" >> beam.ParDo(_ToArrow(self._kind))
        )


class FromBatches(beam.PTransform):
    """Record batches → elements of the given type."""

    def __init__(self, kind: ElementKind, element_type: Any) -> None:
        super().__init__()
        self._kind, self._type = kind, element_type

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection:
        """Elements of the kind that came in."""
        if self._kind is ElementKind.BATCH:
            return batches
        if self._kind is ElementKind.DICT:
            return batches | "To dicts" >> beam.FlatMap(_dicts).with_output_types(dict)
        return batches | "To rows" >> beam.FlatMap(_rows).with_output_types(self._type)


class _ToArrow(beam.DoFn):
    def __init__(self, kind: ElementKind) -> None:
        self._kind = kind

    def process(self, elements: list[Any]) -> Iterator[pa.RecordBatch]:
        rows = [_as_dict(element) for element in elements] if self._kind is ElementKind.ROW else elements
        names = list(dict.fromkeys(name for row in rows for name in row))
        columns = []
        for name in names:
            try:
                columns.append(pa.array([_arrow_value(row.get(name)) for row in rows]))
            except (pa.ArrowException, OverflowError, TypeError, ValueError):
                raise InputError(
                    "its values have no one type", f"field {name}", "Convert them before Deidentify, for example to text"
                ) from None
        yield pa.RecordBatch.from_arrays(columns, names=names)


def _as_dict(row: Any) -> dict[str, Any]:
    return dict(row._asdict()) if hasattr(row, "_asdict") else dict(row.as_dict())


def _arrow_value(value: Any) -> Any:
    # Beam's Timestamp is not Arrow's.
    return value.to_utc_datetime() if isinstance(value, beam.utils.timestamp.Timestamp) else value


def _dicts(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    return list(batch.to_pylist())


def _rows(batch: pa.RecordBatch) -> list[beam.Row]:
    return [beam.Row(**row) for row in batch.to_pylist()]


def python_type(arrow: pa.DataType) -> Any:
    """The Python type of a released value, for a Beam row's schema."""
    if pa.types.is_integer(arrow):
        return int | None
    if pa.types.is_floating(arrow):
        return float | None
    if pa.types.is_boolean(arrow):
        return bool | None
    if pa.types.is_timestamp(arrow):
        return datetime.datetime | None
    if pa.types.is_date(arrow):
        return datetime.date | None
    if pa.types.is_decimal(arrow):
        return decimal.Decimal | None
    return str | None
