"""The columns of a table in memory in the form of those of files: flat, of types that can be read, each name once."""

from collections import Counter

import pyarrow as pa

from beam_deid.transforms.columns.readable import check_readable
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.ignoring import Ignored


def flat_columns(table: pa.Table, ignored: Ignored, where: str) -> pa.Table:
    """A table's columns as files have them: fields of structs under dotted paths, without those that are passed over.

    Args:
        table: The table, n rows.
        ignored: The names that are passed over.
        where: What the table was given to, as messages call it.

    Raises:
        InputError: Two columns have one name, or one is of a type that is never read.
    """
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    places = [place for place, name in enumerate(table.column_names) if name not in ignored]
    table = table.select(places)
    _check_names(table.column_names, where)
    check_readable(table.schema)
    # What a schema says of itself may be data: pandas writes an index there.
    names = table.column_names
    return pa.Table.from_arrays(table.columns, names=names).unify_dictionaries()


def _check_names(names: list[str], where: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            "there are two columns of this name", f"field {min(twice)}", f"Rename one of them before {where}"
        )
    if not names:
        raise InputError("the table has no column", where, "Give it one that has")
