"""What can be measured of a column: how it reads, how many distinct values it has, how they spread over people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.addresses import places_of
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import encoded, is_text
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.drafting.spellings import spelled
from beam_deid.transforms.drafting.telephones import of_north_america
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.recognisers import RECOGNISERS
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.boolean import BOOLEAN
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.number import NUMBER
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.recognisers.platforms.tables import ColumnFound

_EPOCHS = (
    (1_000_000_000, 2_500_000_000),
    (1_000_000_000_000, 2_500_000_000_000),
)  # seconds, milliseconds: 2001 to 2049
_DATE_LENGTH = 10
_LONG = 10**15
_CHECKED = tuple(kind for form in RECOGNISERS for kind in KINDS if kind.recogniser is form and kind.checked)
"""Kinds whose values prove themselves, in the order in which texts are searched for them."""
_FEW_CHECKED = 0.01


@dataclass(frozen=True)
class Facts:
    """A column of a sample. Its arrays hold values of the data: they stay here.

    Attributes:
        name: The column.
        reads_as: The kind as which every value can be read: a number, a time, a boolean; None where that is text alone.
        rows: Rows of the sample.
        values: Those that are not null.
        distinct: Distinct values.
        entropy: Shannon's entropy of the values in bits.
        counts: How often each distinct value occurs, shape (distinct,).
        texts: The distinct values as text, shape (distinct,).
        typed: The distinct values read as ``reads_as``, shape (distinct,); the texts where that is None.
        found: What recognisers say.
        alone: The share of the distinct values that one subject only has; None without a subject.
        formats: How its times are written; empty if that need not be said.
        undecided: What a person must decide about how it is written; empty where nothing is open.
    """

    name: str
    reads_as: Kind | None
    rows: int
    values: int
    distinct: int
    entropy: float
    counts: npt.NDArray[np.int64]
    texts: pa.Array
    typed: pa.Array
    found: ColumnFound
    alone: float | None = None
    formats: tuple[str, ...] = ()
    undecided: str = ""

    @property
    def distinct_share(self) -> float:
        """Distinct values by values; 0 where there are none."""
        return self.distinct / self.values if self.values else 0.0

    @property
    def is_text(self) -> bool:
        """Whether the values are neither numbers nor times."""
        return not (self.is_number or self.is_time)

    @property
    def is_number(self) -> bool:
        """Whether every value can be read as a number."""
        return self.reads_as is not None and self.reads_as.is_number

    @property
    def is_time(self) -> bool:
        """Whether every value can be read as a date or time."""
        return self.reads_as is not None and self.reads_as.is_time

    @cached_property
    def length(self) -> float:
        """The mean length of the distinct texts in characters; 0 of none."""
        return float(pc.mean(pc.utf8_length(self.texts)).as_py() or 0.0)

    @cached_property
    def numbered(self) -> float:
        """The share of the distinct texts in which digits stand."""
        digits = pc.match_substring_regex(self.texts, "[0-9]").to_numpy(zero_copy_only=False)
        return float(np.mean(digits)) if len(digits) else 0.0

    @cached_property
    def starred(self) -> float:
        """The share of the values in which asterisks hide something, whatever else they look like."""
        if not self.is_text or not self.values:
            return 0.0
        hidden = pc.match_substring(self.texts, "*").to_numpy(zero_copy_only=False)
        return float(self.counts[hidden].sum() / self.values)

    @cached_property
    def placed(self) -> float:
        """The share of the distinct texts that are, or begin with, a place in China."""
        if not self.is_text or not len(self.texts):
            return 0.0
        return float(np.mean(places_of(self.texts).is_valid().to_numpy(zero_copy_only=False)))

    @cached_property
    def valid(self) -> Mapping[Kind, float]:
        """The share of the distinct texts that pass the check of a kind which has one: check digits, prefixes in use."""
        seen = (kind for kind in _CHECKED if kind.recogniser is not None and kind.recogniser.name in self.found.forms)
        shares = {kind: kind.valid_share(self.texts) for kind in seen}
        return {kind: share for kind, share in shares.items() if share >= _FEW_CHECKED}

    @cached_property
    def epoch(self) -> bool:
        """Whether the values are whole numbers as large as seconds or milliseconds since 1970 of our days."""
        if self.reads_as is not INTEGER or not self.distinct:
            return False
        low, high = pc.min_max(self.typed).as_py().values()
        return any(first <= low and high <= last for first, last in _EPOCHS)


def facts_of(name: str, column: pa.Array, found: ColumnFound, options: InputOptions | None = None) -> Facts:
    """Measure a column.

    Args:
        name: Its name.
        column: Its values, shape (n,), of any scalar type.
        found: What recognisers say of it.
        options: How the input is written.
    """
    codes, values = _coded(column)
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    shares = counts / max(counts.sum(), 1)
    entropy = float(-(shares * np.log2(shares, where=shares > 0, out=np.zeros_like(shares))).sum())
    kind, typed = _reads_as(values)
    texts = _texts(values)
    total = int(counts.sum())
    found = of_north_america(found, texts)
    facts = Facts(name, kind, len(codes), total, len(values), abs(entropy), counts, texts, typed, found)
    written = spelled(texts, options or InputOptions()) if kind is None and is_text(values.type) else None
    if written is None:
        return facts
    return replace(facts, reads_as=written.kind, typed=written.typed, formats=written.formats, undecided=written.todo)


def unseen(name: str, found: ColumnFound, rows: int = 0) -> Facts:
    """The facts of a column that was not read."""
    none = pa.array([], pa.string())
    return Facts(name, None, rows, 0, 0, 0.0, np.zeros(0, np.int64), none, none, found)


def with_subject(facts: Facts, column: pa.Array, subject: pa.Array) -> Facts:
    """The facts with the share of the values that one subject only has.

    Args:
        facts: The facts of the column.
        column: Its values, shape (n,).
        subject: The subject of each row, shape (n,).
    """
    codes, values = _coded(column)
    people, _ = _coded(subject)
    there = (codes >= 0) & (people >= 0)
    if not there.any():
        return facts
    pairs = np.unique(codes[there].astype(np.int64) * (int(people.max()) + 1) + people[there])
    owners = np.bincount(pairs // (int(people.max()) + 1), minlength=len(values))
    return replace(facts, alone=float(np.mean(owners[owners > 0] == 1)))


def _coded(column: pa.Array) -> tuple[npt.NDArray[np.int64], pa.Array]:
    """Codes, −1 for null and for text that is empty or blank, and the distinct values, each of which occurs."""
    if is_text(column.type):
        blank = pc.equal(pc.utf8_trim_whitespace(column), "")
        if pc.any(blank).as_py():
            column = pc.if_else(blank, None, column)
    codes, values = encoded(column)
    return codes.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64), values


def _texts(values: pa.Array) -> pa.Array:
    try:
        return canonical_text(values)
    except UsageError:  # bytes
        return pa.array([], pa.string())


def _reads_as(values: pa.Array) -> tuple[Kind | None, pa.Array]:
    kind = values.type
    if pa.types.is_boolean(kind):
        return BOOLEAN, values
    if pa.types.is_integer(kind):
        return (None, _texts(values)) if _are_long(values) else (INTEGER, values)
    if pa.types.is_decimal(kind):
        return DECIMAL, values
    if pa.types.is_floating(kind):
        typed, faults = to_kind(values, NUMBER)
        return (NUMBER, typed) if faults is None else (None, _texts(values))
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return (DATE if pa.types.is_date(kind) else TIMESTAMP), values
    texts = _texts(values)
    if not len(texts) or len(texts) != len(values):
        return None, texts
    for one, looks_so in _LOOKS.items():
        if looks_so(texts):
            typed, faults = to_kind(texts, one)
            if faults is None and typed.null_count == 0:
                return one, typed
    return None, texts


def _are_long(values: pa.Array) -> bool:
    """Whether some whole number has more than fifteen digits, so that it is a number of something and no quantity."""
    bounds = pc.min_max(values).as_py()
    return bool(max(abs(bounds["min"] or 0), abs(bounds["max"] or 0)) >= _LONG)


def _matching(pattern: str) -> Callable[[pa.Array], bool]:
    return lambda texts: bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())


def _like_dates(texts: pa.Array) -> bool:
    return _like_times(texts) and bool(pc.all(pc.less_equal(pc.utf8_length(texts), _DATE_LENGTH)).as_py())


_like_times = _matching(r"^\s*[0-9]{4}\D")

# A number that begins with a zero is a code, and so is a whole one of more than fifteen digits.
_LOOKS: Mapping[Kind, Callable[[pa.Array], bool]] = {
    INTEGER: _matching(r"^\s*-?(0|[1-9][0-9]{0,14})\s*$"),
    DECIMAL: _matching(r"^\s*-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,2})?\s*$"),
    NUMBER: _matching(r"^\s*-?(0|[1-9][0-9]{0,14})?(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?\s*$"),
    BOOLEAN: _matching(r"^(?i:true|false)$"),
    DATE: _like_dates,
    TIMESTAMP: _like_times,
}
