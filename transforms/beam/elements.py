"""What somebody's collection may hold, and the types that it, or an Arrow schema, declares."""

import datetime
import decimal
from collections.abc import Mapping
from enum import Enum
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.typehints import typehints
from apache_beam.typehints.native_type_compatibility import convert_to_beam_type
from apache_beam.typehints.row_type import RowTypeConstraint
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms.errors import InputError, UsageError

WHERE = "Deidentify"
KNOWN = "record batches, Arrow tables, Beam rows, named tuples or dicts"
_MAPPINGS = (typehints.DictConstraint, typehints.MappingHint.MappingTypeConstraint)
_DECLARED = {
    bool: pa.bool_(),
    bytes: pa.binary(),
    float: pa.float64(),
    int: pa.int64(),
    str: pa.string(),
    Timestamp: pa.timestamp("us"),
}
_PYTHON = (
    (pa.types.is_integer, int),
    (pa.types.is_floating, float),
    (pa.types.is_boolean, bool),
    (pa.types.is_timestamp, Timestamp),
    (pa.types.is_date, datetime.date),
    (pa.types.is_decimal, decimal.Decimal),
)


class ElementKind(Enum):
    """What a collection holds."""

    BATCH = "pyarrow.RecordBatch"
    TABLE = "pyarrow.Table"
    ROW = "beam.Row"
    DICT = "dict"

    @property
    def in_arrow(self) -> bool:
        """Whether its elements are many records each, which have all columns."""
        return self in (ElementKind.BATCH, ElementKind.TABLE)


def element_kind(element_type: Any) -> ElementKind | None:
    """What a collection of this type holds; None where Beam does not know it, so that its elements must tell.

    Raises:
        UsageError: It is none that we treat.
    """
    if element_type in (typehints.Any, Any):
        return None
    if isinstance(element_type, type) and issubclass(element_type, pa.RecordBatch):
        return ElementKind.BATCH
    if isinstance(element_type, type) and issubclass(element_type, pa.Table):
        return ElementKind.TABLE
    if element_type is beam.Row or row_fields(element_type) is not None:
        return ElementKind.ROW
    if isinstance(element_type, _MAPPINGS) or (isinstance(element_type, type) and issubclass(element_type, Mapping)):
        return ElementKind.DICT
    raise UsageError(f"the collection holds {element_type}", WHERE, f"It takes {KNOWN}: convert its elements before it")


def kind_of(element: Any) -> ElementKind:
    """What an element is.

    Raises:
        InputError: It is none that we treat.
    """
    if isinstance(element, Mapping):
        return ElementKind.DICT
    if isinstance(element, pa.RecordBatch):
        return ElementKind.BATCH
    if isinstance(element, pa.Table):
        return ElementKind.TABLE
    if hasattr(element, "_asdict") or isinstance(element, beam.Row):
        return ElementKind.ROW
    name = f"{type(element).__module__}.{type(element).__qualname__}"
    raise InputError(f"an element is a {name}", WHERE, f"It takes {KNOWN}: convert its elements before it")


def row_fields(element_type: Any) -> dict[str, Any] | None:
    """The Python type of each field of a row, by its name; None where the type tells none."""
    if not isinstance(element_type, RowTypeConstraint):
        element_type = RowTypeConstraint.from_user_type(element_type) if isinstance(element_type, type) else None
    return None if element_type is None else dict(element_type._fields)


def without_none(declared: Any) -> Any:
    """A declared type without null."""
    declared = convert_to_beam_type(declared)
    return typehints.get_concrete_type_from_nullable(declared) if typehints.is_nullable(declared) else declared


def arrow_type_of(declared: Any) -> pa.DataType | None:
    """The Arrow type of a field that is declared in Python; None where the values tell it."""
    declared = without_none(declared)
    if isinstance(declared, type) and issubclass(declared, np.generic):
        try:
            return pa.from_numpy_dtype(declared)
        except pa.ArrowNotImplementedError:
            return None
    return _DECLARED.get(declared) if isinstance(declared, type) else None


def python_type(arrow: pa.DataType) -> Any:
    """The Python type of a released value, for a Beam row's schema."""
    for is_one, kind in _PYTHON:
        if is_one(arrow):
            return in_schema(kind | None)
    return in_schema(str | None)


def in_schema(declared: Any) -> Any:
    """A declared type as Beam's schemas know it, to which ``str | None`` would be anything."""
    return convert_to_beam_type(declared)
