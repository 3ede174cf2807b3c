"""What released values look like: each distinct text is searched for identifiers, and for the form of a digest, once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.kinds import to_kind
from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.risk.recovery.digests import Digests
from beam_deid.transforms.terms import Kind

_HELD = 1 << 17
"""Distinct values of a column that are held back before they are searched, so that what repeats is searched once."""
_KNOWN = 1 << 12
"""Distinct values of a column that are kept to tell whether a batch brings any other."""


@dataclass
class Scanned:
    """What was found in the values of some columns; mergeable, and free of values.

    Attributes:
        hits: Values that look like an identifier, by (field, recogniser); distinct ones, as far as they were held together.
        digests: What has the form of a digest, by field.
    """

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: dict[str, Digests] = field(default_factory=dict)

    @classmethod
    def merge(cls, parts: Sequence["Scanned"]) -> "Scanned":
        """All parts together; associative."""
        names = dict.fromkeys(name for part in parts for name in part.digests)
        return cls(
            sum((part.hits for part in parts), Counter()),
            {name: Digests.merge([part.digests[name] for part in parts if name in part.digests]) for name in names},
        )


class Scanner:
    """Searches columns, batch by batch."""

    def __init__(self) -> None:
        self._held: dict[str, list[pa.Array]] = {}
        self._known: dict[str, pa.Array] = {}
        self._done: list[Scanned] = []

    def add(self, name: str, column: pa.Array) -> None:
        """Search a column's values, now or later; times and booleans hide nothing."""
        if not can_hide_identifiers(column.type):
            return
        if self._nothing_new(name, column):
            return
        held = self._held.setdefault(name, [])
        values = pc.unique(column)
        held.append(values.dictionary_decode() if isinstance(values, pa.DictionaryArray) else values)
        known = self._known.get(name)
        if len(values) <= _KNOWN and (known is None or len(known) <= _KNOWN):
            self._known[name] = _distinct([*([] if known is None else [known]), held[-1].drop_null()])
        if sum(map(len, held)) > _HELD:
            held[:] = [_distinct(held)]
            if len(held[0]) > _HELD // 2:
                self._done.append(scan(name, held.pop()))

    def _nothing_new(self, name: str, column: pa.Array) -> bool:
        """Whether a look at a dictionary, or at the least and greatest number, tells that all values are known."""
        known = self._known.get(name)
        if known is None or not 0 < len(known) <= _KNOWN:
            return False
        kind = column.type
        if pa.types.is_dictionary(kind) and kind.value_type == known.type and len(column.dictionary) <= _KNOWN:
            there = column.dictionary.drop_null()
            return bool(pc.all(pc.is_in(there, value_set=known), min_count=0).as_py())
        if pa.types.is_integer(kind) and kind == known.type:
            ends, own = pc.min_max(column), pc.min_max(known)
            low, high, least, most = (value.as_py() for value in (*ends.values(), *own.values()))
            return low is not None and most - least + 1 == len(known) and least <= low and high <= most
        return False

    def result(self) -> Scanned:
        """What was found in everything that was added."""
        self._done += (scan(name, _distinct(held)) for name, held in self._held.items() if held)
        self._held = {}
        self._done = [Scanned.merge(self._done)]
        return self._done[0]


def scan(name: str, values: pa.Array) -> Scanned:
    """Search distinct values, shape (n,), of any type."""
    texts, unreadable = to_kind(values, Kind.TEXT)
    texts = texts.drop_null()
    hits = Counter({(name, one.name): pc.sum(one.find(texts)).as_py() or 0 for one in RECOGNISERS})
    # What cannot be searched may hold anything.
    hits[name, "unreadable_bytes"] = int(unreadable is not None)
    digests = Digests.of(texts)
    return Scanned(+hits, {name: digests} if digests.found else {})


def can_hide_identifiers(column_type: pa.DataType) -> bool:
    """Whether a released column of this type could hold a mobile or card number: all but times and booleans."""
    if pa.types.is_dictionary(column_type):
        column_type = column_type.value_type
    return not (pa.types.is_temporal(column_type) or pa.types.is_boolean(column_type))


def _distinct(columns: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.chunked_array(columns)) if len(columns) > 1 else pc.unique(columns[0])
