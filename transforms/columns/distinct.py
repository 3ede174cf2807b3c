"""Work on the distinct values of a column instead of its rows."""

from collections.abc import Callable

import pyarrow as pa


def plain(column: pa.Array) -> pa.Array:
    """The column as one array without a dictionary, text as ``string``, bytes as they are.

    A chunked column is put together; a null column becomes a text column of nulls.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        column = column.dictionary_decode()
    kind = column.type
    if kind != pa.string() and (is_text(kind) or pa.types.is_null(kind)):
        column = column.cast(pa.string())
    return column


def is_text(kind: pa.DataType) -> bool:
    """Whether a type is text, in whatever layout."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    view = getattr(pa.types, "is_string_view", None)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or (view is not None and view(kind))


def plain_type(kind: pa.DataType) -> pa.DataType:
    """A type without its dictionary."""
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def encoded(column: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The column as ``(codes, values)``: ``values[codes]`` is the column, null codes its nulls.

    ``values`` holds no null. It may hold a value twice, or one that no row has, where the column came with a
    dictionary of its own; so a result must depend on the value alone.
    """
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.DictionaryArray):
        fits = len(column.dictionary) <= len(column) and column.dictionary.null_count == 0
        if fits:
            return column.indices, plain(column.dictionary)
    coded = plain(column).dictionary_encode()
    return coded.indices, coded.dictionary


def per_distinct(column: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Apply ``function`` to the distinct values and spread its result over the rows.

    Args:
        column: Any column.
        function: From n values, none of them null, to n results.

    Returns:
        A plain array as long as the column, null where the column is.
    """
    codes, values = encoded(column)
    return function(values).take(codes)


def per_value(column: pa.Array, function: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Apply a kernel that keeps nulls: to the dictionary where the column has one, else to every row.

    For work that is cheaper than finding the distinct values of a column.
    """
    if isinstance(column, pa.DictionaryArray):
        return per_distinct(column, function)
    return function(plain(column))
