"""What hierarchies over numbers share: which values are numbers, and how a number is written in a label."""

from decimal import Decimal
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.number import NUMBER

# The integer stays one, so that 5 is written "5".
Number = int | Annotated[float, Field(allow_inf_nan=False)]
"""A number in a policy."""

NUMBERS = (NUMBER, *(kind for kind in KINDS if kind.is_number and kind is not NUMBER))
"""The kinds that hold numbers."""


def is_number(kind: pa.DataType) -> bool:
    """Whether a type is an integer, a float or a decimal."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def numbers(column: pa.Array) -> tuple[npt.NDArray[np.float64], Bools, Bools]:
    """A column of numbers as ``(values, valid, faults)``, each of shape (n,).

    ``values`` are float64, finite and 0.0 where not ``valid``. Faults are values that are no finite number; all
    values of a column of another type are.
    """
    column = plain(column)
    given = pc.is_valid(column).to_numpy(zero_copy_only=False)
    if not is_number(column.type):
        return np.zeros(len(column)), np.zeros(len(column), dtype=bool), given
    floats = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    valid = given & np.isfinite(floats)
    return np.where(valid, floats, 0.0), valid, given & ~valid


def spelt(number: Decimal | float | int) -> str:
    """A number as a person writes it: 50, 0.5, without an exponent."""
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
