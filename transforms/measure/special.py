"""Which records are about persons whom the law protects more, as bits of one measured column."""

import datetime
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.consent.times import said
from beam_deid.transforms.measure.record_keys import RecordKeys
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.special_persons import Special, Telling, is_sensitive, telling_age
from beam_deid.transforms.recognisers.id_card import under_14
from beam_deid.transforms.run.layout import Column

SPECIAL = Column("special")
"""The column."""

BITS: Mapping[Special, np.uint64] = {Special.SENSITIVE: np.uint64(1), Special.UNDER_14: np.uint64(2)}

_YEARS = 14
_LEAST_YEAR = 1900
_DATE = r"^\s*(?P<year>\d{4})(?:\D{0,2}(?P<month>\d{1,2}))?(?:\D{0,2}(?P<day>\d{1,2}))?"
_NUMBER = r"^\s*(?P<age>\d{1,3})\D*"
_MINOR = "(?i)^(?:未成年|[未不]满|儿童|小孩|child|kid|minor|under)"
_LAST_MONTH = 12
_LAST_DAY = 31


def special_bits(policy: Policy, special: Mapping[Special, tuple[str, ...]], keys: RecordKeys, at: str) -> Fingerprints:
    """Say of each record to which groups its person belongs by it.

    Args:
        policy: The policy.
        special: The fields by which: see `special_fields`.
        keys: The records.
        at: The time as of which persons have their age.

    Returns:
        `BITS` of each record, shape (n,), uint64.
    """
    rows = len(keys.records)
    on = datetime.date.fromisoformat(at[:10])
    young = np.zeros(rows, bool)
    for name in special.get(Special.UNDER_14, ()):
        young |= _is_under_14(policy, name, keys, on)
    holds = young.copy()
    for name in special.get(Special.SENSITIVE, ()):
        if is_sensitive(policy, name):
            holds |= _bools(keys.records.columns[name].is_valid())
    bits = np.zeros(rows, np.uint64)
    bits[holds] |= BITS[Special.SENSITIVE]
    bits[young] |= BITS[Special.UNDER_14]
    return bits


def _is_under_14(policy: Policy, name: str, keys: RecordKeys, on: datetime.date) -> Bools:
    """Whose records are of persons under fourteen by a field, shape (n,); what cannot be read says nothing.

    Of whom the year or the month of birth alone is known may be under fourteen, and counts.
    """
    telling = telling_age(policy, name)
    if telling is Telling.ID_CARD:
        return _bools(under_14(_plain(keys.spelt(name)), on))
    column = _plain(keys.records.columns[name])
    if telling is Telling.CHILD:
        return said(column, None).done | _bools(pc.match_substring_regex(pc.cast(column, pa.string()), _MINOR))
    if telling is Telling.AGE:
        ages = _ages(column)
        return (ages >= 0) & (ages < _YEARS)
    born = _born(column)
    today = on.year * 10_000 + on.month * 100 + on.day
    is_known = (born >= _LEAST_YEAR * 10_000) & (born // 10_000 <= on.year)
    return is_known & (born > today - _YEARS * 10_000)


def _born(column: pa.Array) -> np.ndarray:
    """The day of birth as the number yyyymmdd, shape (n,), int64: the last one possible; 0 where it is not known."""
    if pa.types.is_temporal(column.type):
        dates = pc.cast(column, pa.date32())
        return _day(_numbers(pc.year(dates)), _numbers(pc.month(dates)), _numbers(pc.day(dates)))
    parts = pc.extract_regex(pc.cast(column, pa.string()), _DATE)
    year, month, day = (_whole(pc.struct_field(parts, name)) for name in ("year", "month", "day"))
    return _day(year, np.where(month > 0, month, _LAST_MONTH), np.where(day > 0, day, _LAST_DAY))


def _day(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    return np.where(year > 0, year * 10_000 + month * 100 + day, 0)


def _ages(column: pa.Array) -> np.ndarray:
    """The age in whole years, shape (n,), int64; -1 where it is not known."""
    parts = pc.extract_regex(pc.cast(column, pa.string()), _NUMBER)
    return _whole(pc.struct_field(parts, "age"), unknown=-1)


def _whole(texts: pa.Array, unknown: int = 0) -> np.ndarray:
    """Digits as numbers, shape (n,), int64."""
    found = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
    return _numbers(pc.cast(found, pa.int64()), unknown)


def _numbers(column: pa.Array, unknown: int = 0) -> np.ndarray:
    found: np.ndarray = pc.fill_null(pc.cast(column, pa.int64()), unknown).to_numpy(zero_copy_only=False)
    return found


def _bools(column: pa.Array) -> Bools:
    found: Bools = pc.fill_null(column, False).to_numpy(zero_copy_only=False)
    return found


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
