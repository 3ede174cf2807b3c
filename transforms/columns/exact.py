"""Whether numbers in floating point of 64 bits are the ones that were written: those that would be others are told."""

import pyarrow as pa
import pyarrow.compute as pc

_SURE_LENGTH = 15
"""Characters of a number of which every digit is kept."""


def cut_off(texts: pa.Array, values: pa.Array) -> pa.Array | None:
    """Which numbers do not come back in the digits that were written.

    Args:
        texts: Numbers as they are written, shape (n,).
        values: The same as float64, null where they could not be read.

    Returns:
        A boolean mask (n,), never null; None where all come back.
    """
    long = pc.or_(pc.greater(pc.utf8_length(texts), _SURE_LENGTH), pc.match_substring_regex(texts, "[eE]"))
    asked = pc.and_(long, values.is_valid()).fill_null(False)
    if not pc.any(asked, min_count=0).as_py():
        return None
    other = pc.not_equal(_digits(texts.filter(asked)), _digits(values.filter(asked).cast(pa.string())))
    if not pc.any(other).as_py():
        return None
    return pc.replace_with_mask(pc.and_(asked, False), asked, other)


def exact_floats(numbers: pa.Array) -> tuple[pa.Array, pa.Array | None]:
    """Whole numbers or floats (n,) as float64, null where they are others then; and a mask of those, None where there are none."""
    values = pc.cast(numbers, pa.float64(), safe=False)
    if not pa.types.is_integer(numbers.type):
        return values, None
    lost = cut_off(numbers.cast(pa.string()), values)
    return (values, None) if lost is None else (pc.if_else(lost, None, values), lost)


def _digits(texts: pa.Array) -> pa.Array:
    """The digits of numbers, without those zeros that only say where the point stands."""
    mantissa = pc.replace_substring_regex(pc.replace_substring_regex(texts, "[eE].*$", ""), "[-+.]", "")
    return pc.replace_substring_regex(mantissa, "^0+|0+$", "")
