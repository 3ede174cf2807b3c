"""What an attacker knows of a released field, and how it is compared: as it is, nearly, masked, or coarser."""

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.hierarchies.hierarchy_file import read_hierarchy
from beam_deid.transforms.actions.hierarchies.table import TableHierarchy
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.distinct import is_text, per_distinct, plain
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.columns.numbers import as_numbers, distance, is_ordered
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.risk.probes import Numbers

MOST_MASKS = 64
_STAR = "*"
_NEAR = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>[dhms]?)")
_HOW = "Write FIELD, FIELD~2d or FIELD~10 (nearly), FIELD~mask, or FIELD~HIERARCHY"


@dataclass(frozen=True)
class On:
    """A field that is joined on.

    Attributes:
        field: Its name, on both sides.
        within: Greatest distance, in seconds for dates and times; None where values must be equal.
        unit: The distance's unit; none for numbers.
        masked: Whether released values may be masked with stars.
        hierarchy: Hierarchy whose groups may be released instead of its leaves.
    """

    field: str
    within: float | None = None
    unit: str = ""
    masked: bool = False
    hierarchy: str | None = None

    @classmethod
    def read(cls, text: str) -> "On":
        """Parse ``FIELD`` or ``FIELD~HOW``.

        Raises:
            UsageError: It is written otherwise.
        """
        field, mark, how = text.partition("~")
        if not field or (mark and not how):
            raise UsageError("this is no field to join on", text, _HOW)
        if not how:
            return cls(field)
        if how == "mask":
            return cls(field, masked=True)
        near = _NEAR.fullmatch(how)
        if near:
            return cls(field, within=distance(how), unit=near["unit"])
        return cls(field, hierarchy=how)

    def check(self, ours: pa.DataType, theirs: pa.DataType) -> str | None:
        """Why columns of these types cannot be compared so; None if they can."""
        if self.within is not None:
            if not (is_ordered(ours) and is_ordered(theirs)):
                return f"{self.field} is {theirs} here and {ours} in the dataset; only numbers, dates and times can be near"
            if (pa.types.is_temporal(ours), pa.types.is_temporal(theirs)) != (bool(self.unit),) * 2:
                return f"{self.field} is {ours}: a distance of times needs a unit (d, h, m, s), and one of numbers has none"
            return None
        if self.masked or self.hierarchy:
            return None if is_text(ours) and is_text(theirs) else f"{self.field} must be text on both sides"
        same = f"{self.field} is {theirs} here and {ours} in the dataset, so nothing would match"
        return None if _alike(ours, theirs) else same


def _alike(ours: pa.DataType, theirs: pa.DataType) -> bool:
    """Whether equal values of two types have equal fingerprints: texts of any layout, whole numbers of any width."""
    same = (is_text, pa.types.is_integer, pa.types.is_floating)
    return ours == theirs or any(kind(ours) and kind(theirs) for kind in same)


class Spelling(NamedTuple):
    """One way in which a release may spell a known value: its keys, shape (n,), and which rows have it so (None: all)."""

    keys: Fingerprints
    there: npt.NDArray[np.bool_] | None = None


class Knowledge:
    """Makes the columns of a release and those of an attacker comparable.

    Args:
        on: The fields that are joined on.
        masks: The shapes of masks that the release has, by field that is masked: see `shapes`.
        key: The key of both sides' fingerprints.

    Raises:
        PolicyError: There is no such hierarchy.
    """

    def __init__(self, on: Sequence[On], masks: Mapping[str, Sequence[str]], key: FingerprintKey) -> None:
        self._key = key
        self._equal = [one for one in on if one.within is None]
        self._near = [one for one in on if one.within is not None]
        self._spell: dict[str, Callable[[pa.Array], list[Spelling]]] = {}
        self._hierarchies: dict[str, TableHierarchy] = {}
        for one in self._equal:
            if one.masked:
                self._spell[one.field] = _masked(masks[one.field], key)
            elif one.hierarchy:
                self._hierarchies[one.field] = TableHierarchy(read_hierarchy(one.hierarchy))
                self._spell[one.field] = _coarser(self._hierarchies[one.field], key)

    def released(self, columns: Mapping[str, pa.Array], length: int) -> tuple[Fingerprints, Numbers]:
        """Key of each released row, shape (n,), and what need only be near, shape (n, r)."""
        keys = []
        for one in self._equal:
            hierarchy = self._hierarchies.get(one.field)
            column = columns[one.field]
            keys.append(fingerprint(column if hierarchy is None else _leaves(hierarchy, column), self._key))
        return combine(keys, length), self._numbers(columns, length)

    def probes(
        self, columns: Mapping[str, pa.Array], length: int
    ) -> tuple[npt.NDArray[np.int64], Fingerprints, Numbers, Numbers]:
        """Row, key, and least and greatest values of each probe of an attacker's rows."""
        ways = [self._spell.get(one.field, self._as_it_is)(columns[one.field]) for one in self._equal]
        rows = []
        keys = []
        for chosen in itertools.product(*ways):
            there = np.ones(length, bool)
            for spelling in chosen:
                if spelling.there is not None:
                    there &= spelling.there
            found = np.flatnonzero(there)
            rows.append(found)
            keys.append(combine([spelling.keys[found] for spelling in chosen], len(found)))
        row = np.concatenate(rows)
        key = np.concatenate(keys)
        if len(rows) > 1:  # two spellings may be the same one
            once = np.unique(np.stack([row.astype(np.uint64), key]), axis=1)
            row = once[0].astype(np.int64)
            key = once[1]
        values = self._numbers(columns, length)[row]
        within = np.array([one.within for one in self._near], np.float64)
        return row, key, values - within, values + within

    def _as_it_is(self, column: pa.Array) -> list[Spelling]:
        return [Spelling(fingerprint(column, self._key))]

    def _numbers(self, columns: Mapping[str, pa.Array], length: int) -> Numbers:
        if not self._near:
            return np.empty((length, 0))
        return np.stack([as_numbers(columns[one.field]) for one in self._near], axis=1)


def shapes(values: pa.Array) -> pa.Array:
    """The distinct shapes of masks among texts: an x for each character that is left, a star for each that is not."""
    texts = pc.unique(plain(values)).drop_null()
    return pc.unique(pc.replace_substring_regex(texts, "[^*]", "x"))


def _masked(masks: Sequence[str], key: FingerprintKey) -> Callable[[pa.Array], list[Spelling]]:
    def spell(column: pa.Array) -> list[Spelling]:
        return [_as_masked(column, shape, key) for shape in masks]

    return spell


def _as_masked(column: pa.Array, shape: str, key: FingerprintKey) -> Spelling:
    """An attacker's values as a mask of this shape would leave them; only values of its length have it."""
    fits = pc.equal(pc.utf8_length(plain(column)), len(shape)).fill_null(False)
    pieces = []
    for hidden, run in itertools.groupby(enumerate(shape), key=lambda pair: pair[1] == _STAR):
        places = [place for place, _ in run]
        stars = pa.scalar(_STAR * len(places))
        pieces.append(stars if hidden else pc.utf8_slice_codeunits(plain(column), places[0], places[-1] + 1))
    masked = pc.binary_join_element_wise(*pieces, pa.scalar("")) if len(pieces) > 1 else pieces[0]
    if isinstance(masked, pa.Scalar):
        masked = pa.array([shape] * len(column), pa.string())
    return Spelling(fingerprint(masked, key), fits.to_numpy(zero_copy_only=False))


def _coarser(hierarchy: TableHierarchy, key: FingerprintKey) -> Callable[[pa.Array], list[Spelling]]:
    def spell(column: pa.Array) -> list[Spelling]:
        leaves = _leaves(hierarchy, column)
        own = hierarchy.base(column)
        known = pc.is_valid(own.values).to_numpy(zero_copy_only=False)
        above = (
            per_distinct(own.values, partial(hierarchy.at, level=level))
            for level in range(1, len(hierarchy.levels) - 1)
        )
        return [Spelling(fingerprint(leaves, key)), *(Spelling(fingerprint(groups, key), known) for groups in above)]

    return spell


def _leaves(hierarchy: TableHierarchy, column: pa.Array) -> pa.Array:
    """Values as the hierarchy spells its leaves; what is no leaf stays as it is."""
    return pc.coalesce(hierarchy.base(column).values, plain(column))
