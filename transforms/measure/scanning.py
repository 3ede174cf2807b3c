"""The scan of released values: each distinct text is searched once for identifiers and for the form of a digest.

It is searched as it is and as it reads (`respelled`), and counts once for each recogniser.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.meaning import CIPHERTEXTS, LEFT, PLATFORM_ID, SPELT
from beam_deid.transforms.recognisers.platforms.ciphertext import parse, rule_of
from beam_deid.transforms.recognisers.respelled import respelled
from beam_deid.transforms.recognisers.screen import Screen
from beam_deid.transforms.risk.recovery.digests import Digests

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
        ciphers: Whose ciphertexts, what is in them and what their index tells, by (field, platform, held, told).
        left: The fewest values that may be meant by a masked one, by (field, recogniser).
    """

    hits: Counter[tuple[str, str]] = field(default_factory=Counter)
    digests: dict[str, Digests] = field(default_factory=dict)
    ciphers: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    left: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def merge(cls, parts: Sequence["Scanned"]) -> "Scanned":
        """Merge parts. Merging is associative."""
        names = dict.fromkeys(name for part in parts for name in part.digests)
        return cls(
            sum((part.hits for part in parts), Counter()),
            {name: Digests.merge([part.digests[name] for part in parts if name in part.digests]) for name in names},
            sum((part.ciphers for part in parts), Counter()),
            {
                key: min(p.left[key] for p in parts if key in p.left)
                for key in dict.fromkeys(k for p in parts for k in p.left)
            },
        )


class Scanner:
    """Searches columns, batch by batch.

    Args:
        shapes: What values of columns look like whose name tells that they link records, in RE2, by column.
    """

    def __init__(self, shapes: Mapping[str, str] | None = None) -> None:
        self._shapes = shapes or {}
        self._held: dict[str, list[pa.Array]] = {}
        self._known: dict[str, pa.Array] = {}
        self._done: list[Scanned] = []

    def add(self, name: str, column: pa.Array) -> None:
        """Search a column's values, at once or later. Times and booleans are passed over: they can hold no identifier."""
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
                self._done.append(scan(name, held.pop(), self._shapes.get(name)))

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
            ends = pc.min_max(column)
            own = pc.min_max(known)
            low, high, least, most = (value.as_py() for value in (*ends.values(), *own.values()))
            return low is not None and most - least + 1 == len(known) and least <= low and high <= most
        return False

    def result(self) -> Scanned:
        """What was found in everything that was added."""
        self._done += (scan(name, _distinct(held), self._shapes.get(name)) for name, held in self._held.items() if held)
        self._held = {}
        self._done = [Scanned.merge(self._done)]
        return self._done[0]


def scan(name: str, values: pa.Array, shape: str | None = None) -> Scanned:
    """Search distinct values, shape (n,), of any type.

    Args:
        name: Their column.
        values: The values.
        shape: What they look like if they are a platform's identifiers, in RE2; None where the column's name tells no such thing.
    """
    texts, unreadable = to_text(values)
    texts = texts.drop_null()
    screen = Screen.of(texts)
    found = Scanned()
    hits = {one.name: np.zeros(len(texts), bool) for one in RECOGNISERS}
    kept = np.arange(len(texts))
    for one in RECOGNISERS:
        rows = one.rows(screen)
        hits[one.name][kept[rows]] = True
        if not len(rows):
            continue
        if one.name in CIPHERTEXTS:
            whole = _ciphers(found, name, screen.some(rows))
            # In a whole ciphertext nothing else is looked for: chance puts a mobile into one in thousands.
            left = np.setdiff1d(np.arange(len(screen)), rows[whole], assume_unique=True)
            screen = screen.of_rows(left)
            kept = kept[left]
        elif one.name in LEFT:
            fewest = LEFT[one.name](screen.some(rows))
            if np.isfinite(fewest).any():
                found.left[name, one.name] = float(np.nanmin(fewest))
    for rows, spelt in respelled(screen):
        again = Screen.of(spelt)
        for one in SPELT:
            hits[one.name][kept[rows[one.rows(again)]]] = True
    counted = Counter({(name, form): int(mask.sum()) for form, mask in hits.items()})
    if shape is not None:
        counted[name, PLATFORM_ID] = pc.sum(pc.match_substring_regex(texts, shape)).as_py() or 0
    # What cannot be searched may hold anything.
    counted[name, "unreadable_bytes"] = int(unreadable is not None)
    digests = Digests.of(texts)
    return Scanned(+counted, {name: digests} if digests.found else {}, found.ciphers, found.left)


def _ciphers(found: Scanned, name: str, texts: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Note whose ciphertexts these are; which texts (n,) are one as a whole."""
    parsed = parse(texts)
    whole = np.asarray(parsed.column("form").is_valid().to_numpy(zero_copy_only=False))
    indexed = pc.if_else(
        parsed.column("index").is_valid(),
        pc.if_else(pc.equal(parsed.column("form"), "prefix"), "prefix", parsed.column("form")),
        "none",
    )
    keys = pa.table(
        [parsed.column("platform").fill_null("unknown"), parsed.column("holds").fill_null(""), indexed],
        names=["platform", "holds", "indexed"],
    )
    for row in keys.group_by(keys.column_names).aggregate([([], "count_all")]).to_pylist():
        told = _told(row["platform"], row["indexed"])
        found.ciphers[name, row["platform"], row["holds"], told] += row["count_all"]
    return whole


def _told(platform: str, indexed: str) -> str:
    """What a platform's index reveals, for the report."""
    if indexed == "none":
        return ""
    if indexed == "prefix":
        return "all but the last eight digits of a telephone stand before it in clear"
    rule = rule_of(platform, "~" if indexed == "cipher_index" else "$") or rule_of(platform, "#")
    if rule is not None and rule.windows and indexed == "cipher_index":
        return "the index's length tells how long a name is, and equal ones join records"
    return (rule.index_says if rule else "") or "equal index strings join records"


def can_hide_identifiers(column_type: pa.DataType) -> bool:
    """Whether a released column of this type could hold a mobile or card number: all but times and booleans."""
    if pa.types.is_dictionary(column_type):
        column_type = column_type.value_type
    return not (pa.types.is_temporal(column_type) or pa.types.is_boolean(column_type))


def _distinct(columns: list[pa.Array]) -> pa.Array:
    return pc.unique(pa.chunked_array(columns)) if len(columns) > 1 else pc.unique(columns[0])
