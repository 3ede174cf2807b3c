"""One schema for all batches of a collection, or of a window: what is null in one is text in another, and no fault."""

from collections.abc import Iterable

import apache_beam as beam
import pyarrow as pa

from beam_deid.transforms.beam.coders import FactsCoder
from beam_deid.transforms.beam.elements import PLACE
from beam_deid.transforms.columns.kinds import arrow_type
from beam_deid.transforms.columns.one_type import one_type
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.run.workers import guarded

WHERE = "Deidentify"

Schemas = frozenset[tuple[tuple[str, pa.DataType], ...]]
"""Every schema that a batch has: the names and types of its columns."""

Types = dict[str, pa.DataType]
"""The type that each column has in all batches once it is read as the policy says."""


class OneSchema(beam.PTransform):
    """Batches → the type of each column, one element for each window.

    Args:
        policy: The policy; where a field has a kind, that tells the type.
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.
        everywhere: Whether an empty collection has a schema, too.
    """

    def __init__(self, policy: Policy, complete: bool, everywhere: bool) -> None:
        super().__init__()
        self._policy = policy
        self._complete = complete
        self._everywhere = everywhere

    def expand(self, batches: beam.PCollection[pa.RecordBatch]) -> beam.PCollection[Types]:
        """Collect the schemas, of which there are few, and find the one."""
        together = beam.CombineGlobally(_Collect())
        return (
            batches
            | "Schemas" >> (together if self._everywhere else together.without_defaults())
            | "One"
            >> beam.Map(lambda found: guarded(WHERE, types_of, self._policy, found, self._complete)).with_output_types(
                dict
            )
        )


def types_of(policy: Policy, schemas: Schemas, complete: bool) -> Types:
    """The type of each column in all batches.

    Args:
        policy: The policy.
        schemas: The schemas that there are.
        complete: See `OneSchema`.

    Raises:
        PolicyError: A column has no field, or a field no column.
        InputError: No type holds the values of all batches.
    """
    shapes = sorted({tuple(name for name, _ in schema) for schema in schemas})
    if not complete and shapes:
        shapes = [tuple(dict.fromkeys(name for names in shapes for name in names))]
    for names in shapes:
        check_columns(policy, {WHERE: names})
        if len({*names}) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(
                "there are two columns of this name", f"field {twice}", "Rename one of them before Deidentify"
            )
    types: Types = {}
    for name in policy.fields:
        kind = policy.kind(name)
        given = {one for schema in schemas for column, one in schema if column == name}
        found = one_type({arrow_type(kind, one) for one in given if not pa.types.is_null(one)})
        if found is None:
            raise InputError(
                f"its values have no one type: {', '.join(sorted(map(str, given)))}",
                f"field {name}",
                "Give the field a kind in the policy, or convert them before Deidentify, for example to text",
            )
        types[name] = arrow_type(kind, found)
    return types


class _Collect(beam.CombineFn):
    def get_accumulator_coder(self) -> FactsCoder:
        return FactsCoder()

    def create_accumulator(self) -> Schemas:
        return frozenset()

    def add_input(self, accumulator: Schemas, element: pa.RecordBatch) -> Schemas:
        schema = zip(element.schema.names, element.schema.types, strict=True)
        return accumulator | {tuple(one for one in schema if one[0] != PLACE)}

    def merge_accumulators(self, accumulators: Iterable[Schemas]) -> Schemas:
        return frozenset().union(*accumulators)

    def extract_output(self, accumulator: Schemas) -> Schemas:
        return accumulator
