"""Columns told by their names and values: whose order they are from, which field each is, and what its values look like."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.distinct import encoded, plain
from beam_deid.transforms.recognisers.platforms.catalogue import UNKNOWN, Field, Platform, platforms
from beam_deid.transforms.recognisers.platforms.ciphertext import parse
from beam_deid.transforms.recognisers.screen import Screen

_CIPHERTEXTS = ("platform_ciphertext", "bare_ciphertext")
_LEAST = 2  # names that a table must share with a platform, so that one `order_id` decides nothing


@dataclass(frozen=True)
class ColumnFound:
    """What a column was recognised as.

    Attributes:
        column: Its name.
        name: The platform's field that it is named after, or None.
        spec: What the platform's file says of that field, or None.
        values: Values that are not null.
        distinct: Distinct ones of them.
        forms: How many values have each form, the commonest first; a value counts once.
        platforms: Whose ciphertexts stand in it, and how many of each.
        holds: What those hold, and how many of each.
    """

    column: str
    name: str | None
    spec: Field | None
    values: int
    distinct: int
    forms: Counter[str] = field(default_factory=Counter)
    platforms: Counter[str] = field(default_factory=Counter)
    holds: Counter[str] = field(default_factory=Counter)

    @property
    def form(self) -> str | None:
        """The form of most values, if at least half of them have one."""
        best = self.forms.most_common(1)
        return best[0][0] if best and best[0][1] * 2 >= self.values else None

    def share(self, form: str) -> float:
        """The share of the values that have a form."""
        return self.forms[form] / self.values if self.values else 0.0


@dataclass(frozen=True)
class TableFound:
    """What a table was recognised as.

    Attributes:
        platform: The platform that it is most likely from, or None.
        confidence: How sure that is, from 0 to 1: share of the columns that bear the platform's names, and whether signatures
            agree.
        candidates: Every platform's share of the columns' names, the greatest first.
        columns: Each column, by name.
    """

    platform: str | None
    confidence: float
    candidates: Mapping[str, float]
    columns: Mapping[str, ColumnFound]


def recognise(columns: Mapping[str, pa.Array]) -> TableFound:
    """Recognise a table, or a sample of it.

    Args:
        columns: Its columns by name, of any type, plain or dictionary-encoded.
    """
    candidates = by_names(list(columns))
    best = next(iter(candidates), None)
    where = platforms().get(best) if best else None
    found = {name: recognise_column(name, column, where) for name, column in columns.items()}
    signed = sum((one.platforms for one in found.values()), Counter[str]())
    del signed[UNKNOWN]
    if best is None and signed:
        best = signed.most_common(1)[0][0]
        return TableFound(best, 0.5, {**candidates, best: 0.0}, found)
    confidence = candidates[best] if best else 0.0
    if best and signed:
        agree = signed[best] / signed.total()
        confidence = (confidence + agree) / 2
    return TableFound(best, round(confidence, 3), candidates, found)


def by_names(names: Sequence[str]) -> dict[str, float]:
    """The share of a table's column names that each platform has, the greatest first; none that shares fewer than two."""
    shares = {}
    for one in platforms().values():
        known = sum(one.field_of(name) is not None for name in names)
        whole = sum(name.lower() in one.names for name in names)
        if known >= min(_LEAST, len(names)) and known:
            # Of platforms that know as many names, the one that knows them in full is meant.
            shares[one.name] = (known + whole / 100) / (len(names) * 1.01)
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))


def recognise_column(name: str, column: pa.Array, where: Platform | None) -> ColumnFound:
    """Recognise one column, as one of a platform's or of nobody's."""
    field_name = where.field_of(name) if where else None
    spec = where.fields[field_name] if where and field_name else None
    codes, values = encoded(column)
    texts = plain(values) if _is_text(values.type) else plain(pc.cast(values, pa.string()))
    times = np.bincount(codes.drop_null().to_numpy(zero_copy_only=False), minlength=len(texts))
    names, numbers = classify(texts, spec, where)
    forms: Counter[str] = Counter()
    for number, form in enumerate(names):
        forms[form] = int(times[numbers == number].sum())
    ciphers = [number for number, form in enumerate(names) if form in _CIPHERTEXTS]
    whose = Counter[str]()
    holds = Counter[str]()
    rows = np.flatnonzero(np.isin(numbers, ciphers))
    if len(rows):
        parsed = parse(texts.take(pa.array(rows)))
        whose = _weighted(parsed.column("platform"), times[rows])
        holds = _weighted(parsed.column("holds"), times[rows])
    return ColumnFound(name, field_name, spec, int(times.sum()), int((times > 0).sum()), +forms, whose, holds)


def classify(
    texts: pa.Array, spec: Field | None = None, where: Platform | None = None
) -> tuple[list[str], npt.NDArray[np.int8]]:
    """The form of each text: the first that it has of its field's, else of all recognisers'.

    Args:
        texts: Shape (n,), strings; the work is done for each, so give distinct ones.
        spec: The field that they belong to, if known.
        where: Its platform.

    Returns:
        Names of forms, and for each text the number of its form, shape (n,), −1 for none.
    """
    from beam_deid.transforms.recognisers import BY_NAME, RECOGNISERS

    screen = Screen.of(texts)
    numbers = np.full(len(texts), -1, np.int8)
    names: list[str] = []
    expected = spec.forms if spec else ()
    for form in expected:
        shape = where.shapes.get(form) if where else None
        if shape is not None:
            fits = pc.match_substring_regex(screen.texts, rf"\A(?:{shape})\z").fill_null(False)
            rows = np.flatnonzero(fits.to_numpy(zero_copy_only=False))
        else:
            rows = BY_NAME[form].rows(screen)
        _mark(names, numbers, form, rows)
    rows = np.arange(len(texts))
    rest = screen
    for one in RECOGNISERS:
        if one.name in expected:
            continue
        _mark(names, numbers, one.name, rows[one.rows(rest)])
        # What has a form is not looked at again, as soon as that is much.
        left = np.flatnonzero(numbers[rows] < 0)
        if len(left) * 4 < len(rows) * 3:
            rows = rows[left]
            rest = rest.of_rows(left)
    return names, numbers


def _mark(names: list[str], numbers: npt.NDArray[np.int8], form: str, rows: npt.NDArray[np.int64]) -> None:
    fresh = rows[numbers[rows] < 0]
    if len(fresh):
        if form not in names:
            names.append(form)
        numbers[fresh] = names.index(form)


def _weighted(labels: pa.Array, times: npt.NDArray[np.int64]) -> Counter[str]:
    coded = labels.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return +Counter(
        {name: int(times[codes == number].sum()) for number, name in enumerate(coded.dictionary.to_pylist())}
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))
