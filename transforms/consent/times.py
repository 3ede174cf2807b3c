"""What a ledger says of when something was done: by a flag and a time beside it, or by a time alone."""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.columns.numbers import NULL, as_moments
from beam_deid.transforms.columns.read_as import to_kind, to_text
from beam_deid.transforms.columns.reading import Reading
from beam_deid.transforms.columns.words import words
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP

DAY = 86_400_000_000
"""Microseconds."""
NEVER = NULL
UNKNOWN = np.iinfo(np.int64).max
"""A time later than all others, for what happened nobody knows when."""
ANY_ZONE = 14 * 3_600_000_000
"""How far clocks anywhere are ahead of UTC, at most."""
Moments = npt.NDArray[np.int64]
"""Microseconds since 1970 by the ledger's clocks, shape (n,)."""

_YES = (
    "同意",
    "已同意",
    "授权",
    "已授权",
    "granted",
    "撤回",
    "已撤回",
    "撤销",
    "已撤销",
    "withdrawn",
    "revoked",
    "√",
    "✓",
)
_NO = ("不同意", "未同意", "拒绝", "已拒绝", "未授权", "denied", "refused", "未撤回", "未撤销", "×", "✗")


@dataclass(frozen=True)
class Said:
    """What a column says was done, of n rows.

    Attributes:
        done: Whether it was, shape (n,).
        denied: Whether it is said that it was not, shape (n,).
        strange: Whether something stands there that nobody can read, shape (n,).
        at: When it was, by the column itself; `NEVER` where it does not say.
    """

    done: Bools
    denied: Bools
    strange: Bools
    at: Moments


def said(column: pa.Array, zone: str | None) -> Said:
    """Read a column of flags, of times, or of both, shape (n,).

    Args:
        column: The column.
        zone: The zone of whose clocks times with an offset are told.
    """
    column = plain(column)
    if pa.types.is_temporal(column.type):
        return _of(pa.nulls(len(column), pa.bool_()), moments(column, zone), _there(column))
    if pa.types.is_boolean(column.type):
        return _of(column, np.full(len(column), NEVER, np.int64), _there(column))
    texts = pc.utf8_trim_whitespace(to_text(column)[0])
    texts = pc.if_else(pc.equal(texts, ""), None, texts)
    lower = pc.utf8_lower(texts)
    known = pc.if_else(pc.is_in(lower, words(*_YES)), "true", pc.if_else(pc.is_in(lower, words(*_NO)), "false", texts))
    flags, wrong = to_kind(known, Reading(BOOLEAN))
    if wrong is not None:
        flags = pc.if_else(wrong, None, flags)
    times = moments(pc.if_else(pc.is_null(flags), texts, None), zone)
    return _of(flags, times, _there(texts))


def moments(column: pa.Array, zone: str | None) -> Moments:
    """Times (n,); `NEVER` where none stands there, or none that can be read."""
    read, wrong = to_kind(column, Reading(TIMESTAMP, timezone=zone))
    return as_moments(read if wrong is None else pc.if_else(wrong, None, read))


def flagged(column: pa.Array, zone: str | None) -> Bools:
    """Of which rows (n,) a column says something: a flag that is not false, a time, or a name."""
    found = said(column, zone)
    return np.asarray(found.done | found.strange)


def by_clocks(moment: int, zone: str | None) -> int:
    """A moment in microseconds since 1970, UTC, as clocks of a zone show it."""
    if zone is None:
        return moment
    since = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc) + datetime.timedelta(microseconds=moment)
    offset = since.astimezone(ZoneInfo(zone)).utcoffset() or datetime.timedelta(0)
    return moment + offset // datetime.timedelta(microseconds=1)


def _of(flags: pa.Array, at: Moments, there: Bools) -> Said:
    true = _mask(flags)
    false = _mask(pc.invert(flags))
    done = true | (at != NEVER)
    return Said(done, false, there & ~done & ~false, at)


def _mask(flags: pa.Array) -> Bools:
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False))


def _there(column: pa.Array) -> Bools:
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
