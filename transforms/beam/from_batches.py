"""Arrow batches to the elements that somebody wants: what the collection held, or another kind, in the types that are declared."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
import pyarrow as pa
from apache_beam.pvalue import AsSingleton
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.beam.elements import (
    WHERE,
    ElementKind,
    arrow_type_of,
    in_schema,
    python_type,
    row_fields,
    without_none,
)
from beam_deid.transforms.columns.one_type import exactly, one_type
from beam_deid.transforms.columns.python_values import python_values
from beam_deid.transforms.errors import InputError, UsageError

_OUTPUTS = {
    pa.RecordBatch: ElementKind.BATCH,
    pa.Table: ElementKind.TABLE,
    beam.Row: ElementKind.ROW,
    dict: ElementKind.DICT,
}


def output_kind(output: Any, released: tuple[str, ...]) -> ElementKind | None:
    """What the caller wants released records to be; None for what came in.

    Args:
        output: One of the types, or a class of named tuples; None for what came in.
        released: The names of the released fields.

    Raises:
        UsageError: It is none of them, or the class has other fields.
    """
    if output is None:
        return None
    if output in _OUTPUTS:
        return _OUTPUTS[output]
    fields = row_fields(output)
    if fields is None:
        raise UsageError(
            f"{output} is nothing that released records can be",
            f"{WHERE}(output=…)",
            "Give dict, beam.Row, pyarrow.RecordBatch, pyarrow.Table, or a class of named tuples",
        )
    if {*fields} != {*released}:
        raise UsageError(
            f"{output.__name__} has other fields than the release: {', '.join(sorted({*fields} ^ {*released}))}",
            f"{WHERE}(output=…)",
            f"Give it these: {', '.join(released)}",
        )
    return ElementKind.ROW


class FromBatches(beam.PTransform):
    """Record batches → elements.

    Args:
        kind: What the elements are to be; a side input where the collection's elements told it.
        element_type: Their type, as Beam is told it.
    """

    def __init__(self, kind: ElementKind | AsSingleton, element_type: Any) -> None:
        super().__init__()
        self._kind = kind
        self._type = element_type

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection:
        """Elements of that kind."""
        if self._kind is ElementKind.BATCH:
            return batches
        convert = beam.ParDo(_Convert(self._type), self._kind)
        return batches | "Convert" >> convert.with_output_types(self._type)


class _Convert(beam.DoFn):
    """Makes elements of a batch.

    Args:
        element_type: Their type; of rows, it may declare the types of fields.
    """

    def __init__(self, element_type: Any) -> None:
        is_class = isinstance(element_type, type) and element_type is not beam.Row
        fields = row_fields(element_type) or {}
        self._make: Callable[..., Any] = element_type if is_class and fields else beam.Row
        self._declared = {name: arrow_type_of(kind) for name, kind in fields.items()} if is_class else {}
        self._times = tuple(name for name, kind in fields.items() if without_none(kind) is Timestamp)

    def process(self, batch: pa.RecordBatch, kind: ElementKind) -> Iterator[Any]:
        if kind is ElementKind.BATCH:
            return iter([batch])
        if kind is ElementKind.TABLE:
            return iter([pa.Table.from_batches([batch])])
        if kind is ElementKind.DICT:
            return self._dicts(batch)
        return self._rows(batch)

    def _dicts(self, batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
        names = batch.schema.names
        columns = [python_values(column) for column in batch.columns]
        return (dict(zip(names, row, strict=True)) for row in _across(columns, batch.num_rows))

    def _rows(self, batch: pa.RecordBatch) -> Iterator[Any]:
        names = batch.schema.names
        columns = [self._values(name, column) for name, column in zip(names, batch.columns, strict=True)]
        return (self._make(**dict(zip(names, row, strict=True))) for row in _across(columns, batch.num_rows))

    def _values(self, name: str, column: pa.Array) -> list[Any]:
        declared = self._declared.get(name)
        if declared is not None and column.type != declared:
            column = _declared(column, name, declared)
        if name not in self._times:
            return python_values(column)
        micros = column.cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        return [None if value is None else Timestamp(micros=value) for value in micros]


def _declared(column: pa.Array, name: str, declared: pa.DataType) -> pa.Array:
    """A column in the type that a class declares for it."""
    try:
        if one_type([column.type, declared]) == declared:
            return exactly(column, declared)
    except pa.ArrowInvalid:
        pass
    raise InputError(
        f"it is released as {column.type}, and the output's class declares {declared}",
        f"field {name}",
        "Declare it as it is released, or give the field another kind in the policy",
    )


def row_type(released: dict[str, pa.DataType | None], given: dict[str, Any] | None) -> RowTypeConstraint:
    """The type of released rows.

    Args:
        released: The Arrow type that each released field has; None where it is the one that was given.
        given: The Python type of each given field, where the collection's type tells it.
    """
    fields = [
        (name, in_schema((given or {}).get(name, Any)) if arrow is None else python_type(arrow))
        for name, arrow in released.items()
    ]
    return RowTypeConstraint.from_fields(fields)


def _across(columns: list[list[Any]], rows: int) -> Iterator[tuple[Any, ...]]:
    """The values of each row; of no columns there are rows as well."""
    return zip(*columns, strict=True) if columns else itertools.repeat((), rows)
