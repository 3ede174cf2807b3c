"""The types of columns that are read, and the refusal of all others: lists, structs and the like are values within values."""

import pyarrow as pa

from beam_deid.transforms.errors import InputError

_READ = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_time,
)
"""The types that are read, as they are or as values of a dictionary."""


def check_readable(schema: pa.Schema) -> None:
    """See that all columns are of types that are read.

    Args:
        schema: The columns of somebody's table, without those that are passed over.

    Raises:
        InputError: One is of a type that is never read.
    """
    check_flat(schema)
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not any(is_read(kind) for is_read in _READ):
            raise InputError(
                f"a column of type {kind} is never read",
                f"field {field.name}",
                "Convert it before, for example to text, or drop it or name it in input.ignore of the policy",
            )


def check_flat(schema: pa.Schema) -> None:
    """See that no column holds values within values.

    Args:
        schema: The columns, without those that are passed over.

    Raises:
        InputError: One does.
    """
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_nested(kind):
            # What a type holds is left out: the names in a struct may be data.
            raise never_read(field.name, str(kind).partition("<")[0])


def never_read(name: str, kind: str) -> InputError:
    """The error for a column of values within values, which are of a kind that is called so."""
    return InputError(
        f"values of type {kind} are never read",
        f"field {name}",
        "Flatten them before: put what is needed into columns of their own, such as buyer.city, and drop the rest or name it in "
        "input.ignore of the policy",
    )
