"""The row filter of a release: which records it is about, by their values. Data, and no code."""

import math
import re
from typing import Annotated, Any

import pyarrow as pa
from pydantic import BeforeValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.label.options import Section

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr | None
"""A value as a policy writes it."""


_OFFSET = re.compile(r"(?:[Zz]|[-+][0-9]{2}:?[0-9]{2})\s*$")
_TIME_OF_DAY = re.compile(r"[:时点]|上午|下午|[0-9 ][AaPp]\.?[Mm]\b|^\s*[0-9]+\.[0-9]+\s*$")
"""What a time of day is written with; a spreadsheet writes it as a fraction."""
_DIGITS_OF_A_DAY = 8


class Condition(Section):
    """What a value must be. A value or a list of values is short for ``any``."""

    any: tuple[Scalar, ...] | None = Field(
        None, min_length=1, description="The values, of which a record must have one"
    )
    begin: Scalar = Field(None, alias="from", description="The least value")
    to: Scalar = Field(None, description="The greatest value")
    below: Scalar = Field(None, description="The least value that is too great")
    null: StrictBool | None = Field(None, description="true: there must be no value; false: there must be one")

    @property
    def bounds(self) -> dict[str, Scalar]:
        """The bounds of a range that are said, as the policy calls them."""
        named = {"from": self.begin, "to": self.to, "below": self.below}
        return {name: value for name, value in named.items() if value is not None}

    @model_validator(mode="after")
    def _one_thing(self) -> "Condition":
        said = [self.any is not None, bool(self.bounds), self.null is not None]
        if sum(said) != 1:
            raise ValueError("say values, or a range by from, to or below, or null: one of these")
        if self.to is not None and self.below is not None:
            raise ValueError("to is the greatest value, and below the least that is too great; say one")
        return self


def _as_condition(value: Any) -> Any:
    if isinstance(value, Condition | dict):
        return value
    return {"any": value if isinstance(value, list | tuple) else [value]}


Where = dict[str, Annotated[Condition, BeforeValidator(_as_condition, json_schema_input_type=Any)]]
"""Conditions by field. A record must meet all of them."""


def is_bare_date(value: Scalar) -> bool:
    """Whether a value, which can be read as a time, is written as a day without a time of day."""
    if value is None:
        return False
    text = str(value).strip()
    written = _OFFSET.sub("", text) if ":" in text or text.endswith(("Z", "z")) else text
    digits = sum(character.isdigit() for character in written)
    return digits <= _DIGITS_OF_A_DAY and _TIME_OF_DAY.search(written) is None


def as_time(value: Scalar) -> Scalar:
    """A value that is compared with times: 20260305 is written for a day, and is no number of seconds."""
    return str(value) if type(value) is int else value


def read_values(values: tuple[Scalar, ...], reading: Reading) -> tuple[pa.Array, int | None]:
    """Read a policy's values as those of a field are read.

    Args:
        values: The values, none null.
        reading: How the field is read.

    Returns:
        The values, shape (n,), and the number of the first that cannot be one of that field.
    """
    parts = []
    for number, value in enumerate(values):
        read = _read(value, reading)
        if read is None:
            return pa.nulls(0), number
        parts.append(read)
    return pa.concat_arrays(_of_one_type(parts)), None


def _read(value: Scalar, reading: Reading) -> pa.Array | None:
    """One value (1,) as a field's; None if it cannot be one."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if reading.arrow is not None and pa.types.is_temporal(reading.arrow):
        value = as_time(value)
    try:
        column, wrong = to_kind(pa.array([value]), reading)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OverflowError):
        return None
    is_wrong = column.null_count or (wrong is not None and wrong[0].as_py())
    return None if is_wrong else column


def _of_one_type(parts: list[pa.Array]) -> list[pa.Array]:
    kinds = {part.type for part in parts}
    if len(kinds) < 2:
        return parts
    return [pa.array([str(part[0].as_py())]) for part in parts]
