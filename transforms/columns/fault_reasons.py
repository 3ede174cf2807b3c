"""Why texts could not be read as their kind, as far as their form tells it."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import is_text, plain
from beam_deid.transforms.columns.number_words import YUAN
from beam_deid.transforms.columns.read_as import DAMAGED, given_text, without_last_digits
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.terms import Reason

_SEPARATED = r"\A[^0-9A-Za-z]{0,3}[0-9]+(?:[.,' _\x{a0}\x{202f}’][0-9]+)+\D{0,3}\z"
_BESIDE = r"\A(?:[^0-9\s]{1,3} *[-+]?[0-9][0-9.,]*|[-+]?[0-9][0-9.,]* *[^0-9\s.,%]{1,3})\z"
"""A number with a sign or word beside it, which may be a currency."""
_FRACTION = rf"\A(?:[-+ ]|{'|'.join(YUAN)})*[0-9]+\.[0-9]+ *(?:%|{'|'.join(YUAN)})?\z"
_THOUSANDS = r"\A\D{0,3}[0-9]{1,3}\.[0-9]{3}\D{0,3}\z"
"""A number with a point where there may be one between groups of three digits."""
_NOT_WHOLE = r"\A-?[0-9]+(?:\.[0-9]+(?:[eE]-[0-9]+)?|[eE]-[0-9]+)\z"
"""A number that comes as a number and is no whole one, in the digits that Arrow gives it."""
_PLAIN = r"\A[-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?\z"
_DATE = r"\A\s*(?:[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{2,4}(?:\D.*)?|[0-9]{5}(?:\.[0-9]+)?)\s*\z"


def reasons(column: pa.Array, reading: Reading) -> Iterator[tuple[Reason, pa.Array]]:
    """Tell faults apart.

    Args:
        column: Values as they came that could not be read, of any scalar type, shape (n,).
        reading: How they were to be read.

    Yields:
        A reason, and a mask (n,), never null, of those that have it: each value has one.
    """
    values = plain(column)
    rest = pa.array(np.ones(len(values), bool))
    several = without_last_digits(values)
    if several is not None and not reading.identifies:
        several = pc.and_(several, pc.is_finite(values.cast(pa.float64()))).fill_null(False)
    if several is not None:
        yield Reason.DAMAGED_BY_EXCEL, several
        rest = pc.and_not(rest, several)
    texts, _ = given_text(values, reading)
    for reason, pattern in _patterns(reading, values.type):
        found = pc.and_(rest, pc.match_substring_regex(texts, pattern).fill_null(False))
        if pc.any(found, min_count=0).as_py():
            yield reason, found
            rest = pc.and_not(rest, found)
    if pc.any(rest, min_count=0).as_py():
        yield Reason.WRONG_TYPE, rest


def _patterns(reading: Reading, given: pa.DataType) -> Iterator[tuple[Reason, str]]:
    target = reading.arrow
    if reading.identifies or target is None or pa.types.is_string(target) or pa.types.is_integer(target):
        yield Reason.DAMAGED_BY_EXCEL, DAMAGED
    if target is None:
        return
    if not is_text(given):
        yield from _patterns_of_numbers(target)
        return
    if pa.types.is_temporal(target) and not reading.formats:
        yield Reason.AMBIGUOUS_TIME, _DATE
    if pa.types.is_decimal(target) and reading.decimal == ".":
        yield Reason.TOO_MANY_DECIMALS, _FRACTION
    if pa.types.is_floating(target):
        yield Reason.INEXACT_NUMBER, _PLAIN
    if pa.types.is_integer(target) and reading.decimal == ".":
        yield Reason.AMBIGUOUS_NUMBER, _THOUSANDS
        yield Reason.NOT_WHOLE, _FRACTION
    if pa.types.is_decimal(target) or pa.types.is_floating(target) or pa.types.is_integer(target):
        yield Reason.AMBIGUOUS_NUMBER, _SEPARATED
        yield Reason.AMBIGUOUS_NUMBER, _BESIDE


def _patterns_of_numbers(target: pa.DataType) -> Iterator[tuple[Reason, str]]:
    """The same of values that came as numbers, which can be read in one way alone."""
    if pa.types.is_floating(target):
        yield Reason.INEXACT_NUMBER, _PLAIN
    if pa.types.is_integer(target):
        yield Reason.NOT_WHOLE, _NOT_WHOLE
    if pa.types.is_decimal(target):
        yield Reason.TOO_MANY_DECIMALS, _finer_than(target.scale)


def _finer_than(places: int) -> str:
    """Numbers with more digits behind the point than some places hold."""
    return rf"\A-?[0-9]+(?:\.[0-9]{{{places}}}[0-9]*[1-9]0*|(?:\.[0-9]+)?[eE]-[0-9]+)\z"
