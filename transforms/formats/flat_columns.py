"""Records inside records as columns of their own, called by their paths: ``receiver.mobile``."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.storage.limits import check_columns

Keys = tuple[str, ...]


def flat_schema(schema: pa.Schema, path: str) -> pa.Schema:
    """The columns of a file whose records may hold records.

    Raises:
        InputError: A column is a list, a map or a union, is named twice, or there are too many.
    """
    fields = [pa.field(".".join(keys), kind) for keys, kind in _leaves(schema)]
    check_columns(len(fields), path)
    twice = [name for name, count in Counter(field.name for field in fields).items() if count > 1]
    if twice:
        raise InputError("a column is there twice", f"{path}: {min(twice)}", "Rename one of them")
    for field in fields:
        if pa.types.is_nested(field.type):
            what = f"columns of type {field.type} are not read"
            raise InputError(
                what, f"{path}: {field.name}", "Write it without that column, or a row for each of its items"
            )
    return pa.schema(fields)


def places_of(schema: pa.Schema) -> dict[str, Keys]:
    """Where each flat column stands: its keys from a column of the file down."""
    return {".".join(keys): keys for keys, _ in _leaves(schema)}


def flat_batch(batch: pa.RecordBatch, places: Mapping[str, Keys], columns: Sequence[str]) -> pa.RecordBatch:
    """The wanted columns of a batch; what stands in a record that is null is null."""
    arrays = []
    for name in columns:
        top, *keys = places[name]
        column = batch.column(top)
        arrays.append(pc.struct_field(column, list(keys)) if keys else column)
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _leaves(schema: pa.Schema) -> Iterator[tuple[Keys, pa.DataType]]:
    for field in schema:
        yield from _leaves_of(field, ())


def _leaves_of(field: pa.Field, above: Keys) -> Iterator[tuple[Keys, pa.DataType]]:
    keys = (*above, field.name)
    if pa.types.is_struct(field.type):
        for number in range(field.type.num_fields):
            yield from _leaves_of(field.type.field(number), keys)
    else:
        yield keys, field.type
