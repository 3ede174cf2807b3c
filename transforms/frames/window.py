"""The batches of a window as one table, in an order that follows from its values.

An engine bundles records as it likes, and otherwise when it makes a window again after a worker has died. Nothing that is measured
or released may follow from that.
"""

import contextlib
from collections.abc import Container, Iterable, Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.by_values import by_values
from beam_deid.transforms.columns.one_type import exactly, one_type
from beam_deid.transforms.columns.read_as import exact_text
from beam_deid.transforms.run.schema import check_different, several_types
from beam_deid.transforms.treat.given import PLACE

Batches = Sequence[pa.RecordBatch]
_NARROW = {pa.float16(), pa.float32()}
"""Types whose values are not made wider: from which number on they stand for several would be forgotten."""


def one_of_each_schema(batches: Iterable[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """A batch without rows of each schema that there is."""
    schemas = dict.fromkeys(batch.schema.remove_metadata() for batch in batches)
    return [pa.RecordBatch.from_pylist([], schema=schema) for schema in schemas]


def as_table(batches: Batches, kinds: Container[str], where: str) -> pa.Table:
    """All rows in one table, in the order of their values.

    Args:
        batches: The batches, at least one. What is not in one of them is null there.
        kinds: The columns that are read by a kind, which also reads text: their values need not be of one type.
        where: What the batches were given to, as messages call it.

    Returns:
        Their columns in the order of the names, and `PLACE`: where each row was in its batch.

    Raises:
        InputError: A column has values of several types, or there are two of one name.
    """
    names = sorted({name for batch in batches for name in batch.schema.names} - {PLACE})
    for batch in batches:
        check_different(batch.schema.names, where)
    columns = {name: _column(batches, name, name in kinds, where) for name in names}
    order = by_values(columns) if columns else pa.array(np.arange(sum(map(len, batches))))
    places = pa.concat_arrays([_places(batch) for batch in batches])
    return pa.table({**columns, PLACE: places}).take(order)


def in_value_order(rows: pa.Table) -> pa.Table:
    """The same rows in the order of their values."""
    whole = rows.combine_chunks()
    columns = {name: _one_array(whole.column(name)) for name in whole.schema.names}
    return whole.take(by_values(columns)) if columns else whole


def _column(batches: Batches, name: str, has_kind: bool, where: str) -> pa.Array:
    """One column of all batches, in one type, or as the text that its kind reads."""
    pieces = [batch.column(name) if name in batch.schema.names else pa.nulls(len(batch)) for batch in batches]
    types = {piece.type for piece in pieces}
    target = one_type(types)
    is_widened = bool(types & _NARROW) and target not in _NARROW
    if target is not None and not is_widened:
        with contextlib.suppress(pa.ArrowInvalid):
            return pa.concat_arrays([_decoded(exactly(piece, target)) for piece in pieces])
    if has_kind:
        with contextlib.suppress(pa.ArrowInvalid):
            return pa.concat_arrays([_decoded(exact_text(piece)) for piece in pieces])
    raise several_types(name, types, where)


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def _places(batch: pa.RecordBatch) -> pa.Array:
    return batch.column(PLACE) if PLACE in batch.schema.names else pa.array(np.arange(len(batch), dtype=np.int64))


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)
