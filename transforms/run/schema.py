"""One schema for all batches of a collection, or of a window: what is null in one is text in another, and no fault."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from beam_deid.transforms.columns.one_type import one_type
from beam_deid.transforms.columns.read_as import arrow_type
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.model import Policy

WHERE = "Deidentify"


@dataclass(frozen=True)
class Schemas:
    """Every schema that a batch has, of which there are few.

    Attributes:
        found: The names and types of the columns of each.
    """

    found: frozenset[tuple[tuple[str, pa.DataType], ...]] = frozenset()

    @classmethod
    def of(cls, batch: pa.RecordBatch, without: str) -> "Schemas":
        """The schema of one batch, without a column that is ours."""
        columns = zip(batch.schema.names, batch.schema.types, strict=True)
        return cls(frozenset([tuple(column for column in columns if column[0] != without)]))

    @classmethod
    def merge(cls, parts: Sequence["Schemas"]) -> "Schemas":
        """All of them; associative."""
        return cls(frozenset().union(*(part.found for part in parts)))


def types_of(policy: Policy, schemas: Schemas, complete: bool, where: str = WHERE) -> dict[str, pa.DataType]:
    """The type of each column in all batches.

    Args:
        policy: The policy.
        schemas: The schemas that there are.
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.
        where: What the batches were given to, as messages call it.

    Raises:
        PolicyError: A column has no field, or a field no column.
        InputError: No type holds the values of all batches.
    """
    shapes = sorted({tuple(name for name, _ in schema) for schema in schemas.found})
    if not complete and shapes:
        shapes = [tuple(dict.fromkeys(name for names in shapes for name in names))]
    for names in shapes:
        check_columns(policy, {where: names})
        check_different(names, where)
    types: dict[str, pa.DataType] = {}
    for name in policy.fields:
        kind = policy.reading(name)
        given = {one for schema in schemas.found for column, one in schema if column == name}
        if not given:  # no batch has the optional column: it is read as an empty one of a text file is
            given = {pa.string()}
        found = one_type({arrow_type(kind, one) for one in given if not pa.types.is_null(one)})
        if found is None:
            raise several_types(name, given, where)
        types[name] = arrow_type(kind, found)
    return types


def check_different(names: Sequence[str], where: str) -> None:
    """See that no two columns have one name.

    Raises:
        InputError: Some have.
    """
    if len({*names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError("there are two columns of this name", f"field {twice}", f"Rename one of them before {where}")


def several_types(name: str, types: Iterable[pa.DataType], where: str) -> InputError:
    """The error for a column whose values have no type that holds them all."""
    given = ", ".join(sorted(map(str, types)))
    return InputError(
        f"its values have no one type: {given}",
        f"field {name}",
        f"Give the field a kind in the policy, or convert them before {where}, for example to text",
    )
