"""The row filter of a release."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError

from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.policy.draft import Draft, DraftRelease
from beam_deid.transforms.policy.field_spec import kind_of
from beam_deid.transforms.policy.nearest import bare
from beam_deid.transforms.policy.where import Condition, Scalar, Where, is_bare_date, read_values
from beam_deid.transforms.policy.yaml_nodes import Path, Problem

_READER = TypeAdapter(Where)


def where_problems(draft: Draft, release: DraftRelease) -> Iterator[Problem]:
    """Conditions on what is no field, and values that the field can never have."""
    for field, written in release.named("where").items():
        path: Path = ("releases", release.name, "where", field)
        condition = _read(field, written)
        if field not in draft.fields:
            yield Problem(path, draft.no_field(field))
        elif condition is not None:
            yield from _values(draft, path, field, condition)


def _read(field: str, written: Any) -> Condition | None:
    try:
        return _READER.validate_python({field: written})[field]
    except ValidationError:
        return None  # the shape is told of elsewhere


def _values(draft: Draft, path: Path, field: str, condition: Condition) -> Iterator[Problem]:
    spec = draft.fields[field]
    if spec is None:
        return
    kind = kind_of(spec, (action for _, action in draft.actions_on(field)))
    if kind is None:
        return
    reading = Reading(kind, formats=spec.format, decimals=spec.decimals)
    if condition.bounds and pa.types.is_string(kind.arrow):
        yield Problem(path, f"{bare(field)} is of kind {kind}, which has no order; name its values")
        return
    # No value is shown: it may be a person's, and stands in the line that is named.
    for number, value in enumerate(condition.any or (), 1):
        if value is not None and not _is_one(value, reading):
            yield Problem(
                path, f"value {number} can be none of {bare(field)}, whose kind is {kind}; write it as the files do"
            )
        elif pa.types.is_timestamp(kind.arrow) and is_bare_date(value):
            yield Problem(
                path,
                f"value {number} is a day, and {bare(field)} has times; write {{from: DAY, to: DAY}} for all of it",
            )
    for bound, value in condition.bounds.items():
        if not _is_one(value, reading):
            yield Problem(
                path, f"{bound} can be no value of {bare(field)}, whose kind is {kind}; write it as the files do"
            )


def _is_one(value: Scalar, reading: Reading) -> bool:
    return read_values((value,), reading)[1] is None
