"""Beam's elements to Arrow batches and back: batches as they are, rows of a schema, dicts."""

import datetime
import decimal
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.transforms.window import BoundedWindow
from apache_beam.typehints import typehints
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.ignoring import NOTHING_IGNORED, Ignored
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.treat.given import PLACE

_ROWS = 10_000
_DECLARED = {
    bool: pa.bool_(),
    bytes: pa.binary(),
    float: pa.float64(),
    int: pa.int64(),
    str: pa.string(),
    Timestamp: pa.timestamp("us"),
}
_READABLE = (str, bool, int, float, decimal.Decimal, datetime.date)
"""What a policy's kind can read; of the last there are also dates with a time."""


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
    if element_type is beam.Row or row_fields(element_type) is not None:
        return ElementKind.ROW
    if element_type is dict or isinstance(element_type, typehints.DictConstraint):
        return ElementKind.DICT
    raise UsageError(
        f"the collection holds {element_type}",
        "Deidentify",
        "It takes record batches, Beam rows, named tuples or dicts; say which: … | beam.Map(f).with_output_types(dict)",
    )


def row_fields(element_type: Any) -> dict[str, Any] | None:
    """The Python type of each field of a row, by its name; None where the type tells none."""
    if not isinstance(element_type, RowTypeConstraint):
        element_type = RowTypeConstraint.from_user_type(element_type) if isinstance(element_type, type) else None
    return None if element_type is None else dict(element_type._fields)


class ToBatches(beam.PTransform):
    """Elements → record batches.

    Args:
        kind: What the collection holds.
        fields: The Python type of each field, where the collection's type tells it.
        kinds: What the fields hold, where that is known: their values need not be of one type, for the kind reads them.
        ignored: Fields that are passed over.
    """

    def __init__(
        self,
        kind: ElementKind,
        fields: Mapping[str, Any] | None = None,
        kinds: Mapping[str, Kind] | None = None,
        ignored: Ignored = NOTHING_IGNORED,
    ) -> None:
        super().__init__()
        self._ignored = ignored
        self._kind = kind
        self._kinds = dict(kinds or {})
        self._types = (
            None if fields is None else {name: arrow_type_of(fields[name]) for name in ignored.without(fields)}
        )

    def expand(self, elements: beam.PCollection) -> beam.PCollection[pa.RecordBatch]:
        """Batches of a fixed number of rows; small ones that are given are put together."""
        if self._kind is ElementKind.BATCH:
            return elements | "Gather" >> beam.ParDo(_Gather(self._ignored)).with_output_types(pa.RecordBatch)
        return (
            elements
            | "Gather" >> beam.BatchElements(min_batch_size=_ROWS, max_batch_size=_ROWS)
            | "To Arrow"
            >> beam.ParDo(_ToArrow(self._kind, self._types, self._kinds, self._ignored)).with_output_types(
                pa.RecordBatch
            )
        )


class FromBatches(beam.PTransform):
    """Record batches → elements of the given type."""

    def __init__(self, kind: ElementKind, element_type: Any) -> None:
        super().__init__()
        self._kind = kind
        self._type = element_type

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection:
        """Elements of the kind that came in."""
        if self._kind is ElementKind.BATCH:
            return batches
        if self._kind is ElementKind.DICT:
            return batches | "To dicts" >> beam.FlatMap(_dicts).with_output_types(dict)
        return batches | "To rows" >> beam.FlatMap(_rows).with_output_types(self._type)


class _Gather(beam.DoFn):
    """Puts small batches together: the work on a batch costs the same, be it of one row or of thousands."""

    def __init__(self, ignored: Ignored) -> None:
        self._ignored = ignored

    def start_bundle(self) -> None:
        self._waiting: dict[tuple[BoundedWindow, pa.Schema], list[pa.RecordBatch]] = {}
        self._rows = 0

    def process(self, batch: pa.RecordBatch, window: BoundedWindow = beam.DoFn.WindowParam) -> Iterator[Any]:
        batch = _without(batch, self._ignored)
        if batch.num_rows >= _ROWS:
            yield batch
            return
        self._waiting.setdefault((window, batch.schema.remove_metadata()), []).append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS:
            yield from self.finish_bundle()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        waiting = self._waiting
        self._waiting = {}
        self._rows = 0
        for (window, schema), batches in waiting.items():
            yield WindowedValue(_together(schema, batches), window.max_timestamp(), (window,))


def _without(batch: pa.RecordBatch, ignored: Ignored) -> pa.RecordBatch:
    """A batch without the columns that are passed over."""
    names = batch.schema.names
    read = [number for number, name in enumerate(names) if name not in ignored]
    return batch if len(read) == len(names) else batch.select(read)


def _together(schema: pa.Schema, batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    table = pa.Table.from_batches([batch.replace_schema_metadata(None) for batch in batches], schema)
    places = np.concatenate([np.arange(batch.num_rows) for batch in batches])
    table = table.unify_dictionaries().append_column(PLACE, pa.array(places))
    columns = [pa.concat_arrays(column.chunks) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


class _ToArrow(beam.DoFn):
    def __init__(
        self,
        kind: ElementKind,
        types: Mapping[str, pa.DataType | None] | None,
        kinds: Mapping[str, Kind],
        ignored: Ignored,
    ) -> None:
        self._ignored = ignored
        self._kind = kind
        self._types = types
        self._kinds = kinds

    def process(self, elements: list[Any]) -> Iterator[pa.RecordBatch]:
        if self._types is not None:
            names: Sequence[str] = tuple(self._types)
            values: Callable[[str], list[Any]] = lambda name: [getattr(row, name) for row in elements]  # noqa: E731
        else:
            rows = [_as_dict(row) for row in elements] if self._kind is ElementKind.ROW else elements
            names = self._ignored.without(dict.fromkeys(name for row in rows for name in row))
            values = lambda name: [row.get(name) for row in rows]  # noqa: E731
        yield pa.RecordBatch.from_arrays([self._column(name, values(name)) for name in names], names=list(names))

    def _column(self, name: str, values: list[Any]) -> pa.Array:
        # Beam's Timestamp is not Arrow's.
        values = [value.to_utc_datetime() if isinstance(value, Timestamp) else value for value in values]
        declared = None if self._types is None else self._types[name]
        try:
            try:
                return pa.array(values, declared)
            except (pa.ArrowException, OverflowError, TypeError, ValueError):
                if name not in self._kinds:
                    raise
                return as_text(values)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            raise InputError(
                "its values have no one type",
                f"field {name}",
                "Give the field a kind in the policy, or convert them before Deidentify, for example to text",
            ) from None


def as_text(values: Sequence[Any]) -> pa.Array:
    """Values of several types as the text that a kind reads, each type as in a column of its own, shape (n,).

    Raises:
        TypeError: A value is of a type that no kind reads.
    """
    texts: list[str | None] = [None] * len(values)
    rows: dict[type, list[int]] = {}
    for row, value in enumerate(values):
        if value is not None:
            rows.setdefault(type(value), []).append(row)
    for kind, those in rows.items():
        if not issubclass(kind, _READABLE):
            raise TypeError(kind.__name__)
        read, _ = to_text(pa.array([values[row] for row in those]))
        for row, text in zip(those, read.to_pylist(), strict=True):
            texts[row] = text
    return pa.array(texts, pa.string())


def arrow_type_of(declared: Any) -> pa.DataType | None:
    """The Arrow type of a field that is declared in Python; None where the values tell it."""
    declared = convert_to_beam_type(declared)
    if typehints.is_nullable(declared):
        declared = typehints.get_concrete_type_from_nullable(declared)
    if isinstance(declared, type) and issubclass(declared, np.generic):
        try:
            return pa.from_numpy_dtype(declared)
        except pa.ArrowNotImplementedError:
            return None
    return _DECLARED.get(declared) if isinstance(declared, type) else None


def _as_dict(row: Any) -> dict[str, Any]:
    return dict(row._asdict()) if hasattr(row, "_asdict") else dict(row.as_dict())


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
