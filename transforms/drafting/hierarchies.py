"""How a quasi-identifier could be coarsened: a hierarchy, calendar units, ranges, rounded bins, first characters.

What is derived from values says nothing of anybody: cut points are rounded to 1, 2 or 5 times a power of ten, and where a
sample has few values they do not come from it at all. Words of the data never stand in a draft.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.hierarchies.hierarchy_file import read_hierarchy
from beam_deid.transforms.actions.hierarchies.table import TableHierarchy
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.drafting.facts import Facts
from beam_deid.transforms.drafting.judging import Judged, masked
from beam_deid.transforms.drafting.name_rule import Group
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Role

Action = str | dict[str, Any]

KEPT = 20
"""Up to so many distinct values a list of choices may be kept as it is."""

_OF_ADDRESSES = "cn_districts"
_FEW_VALUES = 100
_QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.95)
_PLAIN_BINS = (10, 100, 1000)
_MONTH = 31
_TWO_YEARS = 731
_SHORTEST_CODE = 4
_LONGEST_CODE = 10


def suggest(judged: Judged) -> Action | None:
    """What a release could do with a column that is a quasi-identifier, or an address; None where somebody must find something.

    Of an address the place stays, by the hierarchy that reads addresses, where it can be told of all of them.
    """
    facts = judged.facts
    kind = judged.kind
    if kind is ADDRESS and _within(facts, _OF_ADDRESSES):
        return {"generalize": {"hierarchy": _OF_ADDRESSES}}
    if Role.DIRECT in judged.role or not facts.values or not facts.distinct:
        return None
    if masked(facts):
        return {"generalize": {"masks": [{"keep_first": 1}]}}
    if kind is not None and kind.is_time:
        return {"generalize": {"calendar": _calendar(facts, kind, judged.group)}}
    if facts.is_number:
        return _numbers(judged)
    if judged.group is Group.PLACE:
        named = next((name for name in ("cn_divisions", "cn_districts") if _within(facts, name)), None)
        if named is not None:
            return {"generalize": {"hierarchy": named}}
        code = _code(facts)
        if code:
            return {"generalize": {"prefix": code}}
    return "keep" if facts.distinct <= KEPT else None


def rounded(value: float) -> float:
    """The nearest of 1, 2, 5 and 10 times a power of ten; the sign stays, and 0."""
    if not value or not math.isfinite(value):
        return 0
    power = math.floor(math.log10(abs(value)))
    scale = abs(value) / 10.0**power
    step = min((1, 2, 5, 10), key=lambda one: abs(one - scale))
    nearest = math.copysign(float(f"{step}e{power}"), value)
    return int(nearest) if nearest == int(nearest) else nearest


def _numbers(judged: Judged) -> Action | None:
    facts = judged.facts
    if judged.group is Group.AGE and facts.reads_as is INTEGER:
        return {"generalize": {"ranges": [5, 10, 20]}}
    if facts.distinct == 1:
        return "keep"
    values, counts = _floats(facts)
    if judged.group in (Group.TIME, Group.OTHER, Group.TRAIT) and facts.reads_as is INTEGER:
        if facts.distinct <= KEPT and judged.group is not Group.TIME:
            return "keep"
        if judged.group is Group.OTHER:
            return None  # codes have no order
        width = max(1, int(rounded((values.max() - values.min()) / 12)))
        return {"generalize": {"ranges": [width, 2 * width, 4 * width]}}
    if judged.group is Group.PLACE:
        return {"generalize": {"prefix": _code(facts) or [1]}} if facts.distinct > KEPT else "keep"
    return {"generalize": _bins(values, counts)}


def _bins(values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Rounded quantiles of what is not zero, and every second of them as a coarser level."""
    there = values != 0
    cuts: list[float] = []
    if counts[there].sum() >= _FEW_VALUES:
        order = np.argsort(values[there])
        along = np.cumsum(counts[there][order]) / counts[there].sum()
        quantiles = values[there][order][np.searchsorted(along, _QUANTILES)]
        cuts = sorted({rounded(float(one)) for one in quantiles} - {0})
    cuts = cuts or list(_PLAIN_BINS)
    coarser = cuts[1::2]
    levels = {"levels": [coarser]} if 0 < len(coarser) < len(cuts) else {}
    return {"bins": cuts, **levels}


def _calendar(facts: Facts, kind: Kind | None, group: Group) -> list[str]:
    if group is Group.AGE:
        return ["year"]
    typed = facts.typed if facts.is_time else to_kind(facts.typed, kind)[0]
    if pa.types.is_timestamp(typed.type) and typed.type.tz is not None:
        typed = pc.local_timestamp(typed)
    first, last = pc.min_max(pc.cast(typed, pa.date32(), safe=False).cast(pa.int32())).as_py().values()
    if last - first <= _MONTH:
        return ["day", "week", "month"]
    return ["week", "month", "quarter", "year"] if last - first <= _TWO_YEARS else ["month", "quarter", "year"]


def _within(facts: Facts, hierarchy: str) -> bool:
    """Whether all values stand in a hierarchy of places: one that does not would be rejected in a run."""
    if not facts.placed:
        return False
    return TableHierarchy(read_hierarchy(hierarchy)).base(facts.texts).faults is None


def _code(facts: Facts) -> list[int]:
    """How many first characters of a code could stay, as of a postcode: half of them and fewer."""
    longest = int(pc.max(pc.utf8_length(facts.texts)).as_py())
    plain = bool(pc.all(pc.match_substring_regex(facts.texts, r"^[A-Za-z]{0,3}[0-9][A-Za-z0-9 -]*$")).as_py())
    if not plain or not _SHORTEST_CODE <= longest <= _LONGEST_CODE:
        return []
    return [length for length in (longest - 2, longest - 3, longest - 4) if length >= 1]


def _floats(facts: Facts) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    values = pc.cast(facts.typed, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return values, facts.counts
