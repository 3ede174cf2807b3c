"""Hide some of the characters of each text. What is too short to keep what is kept is hidden whole.

All functions take a plain ``string`` array of any length and return one as long; null stays null.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_TABLE = 64


class Shape(NamedTuple):
    """Texts that match ``pattern`` (RE2) keep their ``first`` and ``last`` characters."""

    pattern: str
    first: int
    last: int


def whole(texts: pa.Array, char: str) -> pa.Array:
    """Every character hidden."""
    return _repeated(pc.utf8_length(texts), char)


def keep_ends(texts: pa.Array, first: int, last: int, char: str) -> pa.Array:
    """All but the first and last characters hidden."""
    length = pc.utf8_length(texts)
    hidden = pc.subtract(length, first + last)
    short = pc.less_equal(hidden, 0)
    stars = _repeated(pc.if_else(short, length, hidden), char)
    parts = [stars]
    if first:
        parts.insert(0, pc.utf8_slice_codeunits(texts, 0, first))
    if last:
        parts.append(pc.utf8_slice_codeunits(texts, -last))
    joined = pc.binary_join_element_wise(*parts, "") if len(parts) > 1 else stars
    return pc.if_else(short, stars, joined)


def hide_between(texts: pa.Array, first: int, last: int, char: str) -> pa.Array:
    """Characters ``first`` to ``last`` hidden, counted from 1, both included."""
    length = pc.utf8_length(texts)
    hidden = pc.subtract(pc.min_element_wise(length, last, skip_nulls=False), first - 1)
    short = pc.less_equal(hidden, 0)
    stars = _repeated(pc.if_else(short, length, hidden), char)
    head = pc.utf8_slice_codeunits(texts, 0, first - 1)
    joined = pc.binary_join_element_wise(head, stars, pc.utf8_slice_codeunits(texts, last), "")
    return pc.if_else(short, stars, joined)


def hide_before(texts: pa.Array, mark: str, char: str) -> pa.Array:
    """What stands before the first ``mark`` hidden; all of it where there is no mark, or nothing before it."""

    def masked(head: pa.Array, tail: pa.Array) -> pa.Array:
        joined = pc.binary_join_element_wise(whole(head, char), mark, tail, "")
        return pc.if_else(pc.equal(head, ""), None, joined)

    return _around(texts, mark, char, masked)


def hide_after(texts: pa.Array, mark: str, char: str) -> pa.Array:
    """What stands after the first ``mark`` hidden; all of it where there is no mark, or nothing after it."""

    def masked(head: pa.Array, tail: pa.Array) -> pa.Array:
        joined = pc.binary_join_element_wise(head, mark, whole(tail, char), "")
        return pc.if_else(pc.equal(tail, ""), None, joined)

    return _around(texts, mark, char, masked)


def hide_name_before(texts: pa.Array, mark: str, char: str) -> pa.Array:
    """What stands before the first ``mark`` hidden but for its first character, if it has more than that one."""

    def masked(head: pa.Array, tail: pa.Array) -> pa.Array:
        joined = pc.binary_join_element_wise(keep_ends(head, 1, 0, char), mark, tail, "")
        return pc.if_else(pc.equal(head, ""), None, joined)

    return _around(texts, mark, char, masked)


def by_shape(
    texts: pa.Array, shapes: Sequence[Shape], char: str, otherwise: Callable[[pa.Array, str], pa.Array] = whole
) -> pa.Array:
    """Each text masked by the first shape it has; texts without one as ``otherwise`` says."""
    masked = None
    left = pc.is_valid(texts)
    for shape in shapes:
        fits = pc.and_(left, pc.fill_null(pc.match_substring_regex(texts, shape.pattern), False))
        if pc.any(fits).as_py():
            kept = keep_ends(texts, shape.first, shape.last, char)
            masked = kept if masked is None else pc.if_else(fits, kept, masked)
            left = pc.and_not(left, fits)
        if not pc.any(left).as_py():
            return texts if masked is None else masked
    rest = otherwise(texts, char)
    return rest if masked is None else pc.if_else(left, rest, masked)


def _repeated(times: pa.Array, char: str) -> pa.Array:
    most = pc.max(times).as_py() or 0
    if most <= _TABLE:
        return pa.array([char * n for n in range(most + 1)]).take(times)
    return pc.binary_repeat(pa.scalar(char), times)


def _around(texts: pa.Array, mark: str, char: str, masked: Callable[[pa.Array, pa.Array], pa.Array]) -> pa.Array:
    found = pc.match_substring(texts, mark)
    every = texts.null_count == 0 and pc.all(found).as_py()
    halves = pc.split_pattern(texts if every else texts.filter(found), mark, max_splits=1).flatten()
    # Every text that has the mark falls into exactly two: halves[2 i] and halves[2 i + 1].
    head, tail = (halves.take(pa.array(np.arange(start, len(halves), 2))) for start in (0, 1))
    result = masked(head, tail) if every else pc.replace_with_mask(texts, found, masked(head, tail))
    safe = pc.and_(pc.fill_null(found, False), pc.is_valid(result))
    return result if pc.all(safe).as_py() else pc.if_else(safe, result, whole(texts, char))
