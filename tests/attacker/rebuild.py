"""Releases made again from their source in pandas, field by field, as a policy says; nothing of the product is used."""

import csv
import itertools
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

HIERARCHIES = Path(__file__).parents[2] / "configs" / "hierarchies"
ZONES = ("Asia/Shanghai", "UTC")
NUMBERS = {"integer", "number", "decimal"}
TIMES = {"date", "timestamp"}


def written(column: pa.Array | pa.ChunkedArray) -> pd.Series:
    """The values of a column as a file tells them apart: one text for each distinct value, None for null.

    Floats are told apart by their bits, so that -0.0 is not 0.0; texts by their bytes, so that two forms of é differ. What is
    a text and what is a number never meet; integers of all widths do.
    """
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    column = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    kind = column.type
    if pa.types.is_floating(kind):
        tag = "f"
        values = column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False).view(np.int64)
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        times = column.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False)
        tag = "t"
        values = times.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        tag = "s"
        values = column.fill_null("").to_numpy(zero_copy_only=False)
    elif pa.types.is_integer(kind):
        tag = "i"
        values = column.fill_null(0).to_numpy(zero_copy_only=False)
    elif pa.types.is_decimal(kind):
        texts = ["" if value is None else f"{value.normalize():f}" for value in column.to_pylist()]
        tag = "d"
        values = np.array(texts, dtype=object)
    else:
        tag = "o"
        values = np.array([str(value) for value in column.to_pylist()], dtype=object)
    # One text for all rows that have it.
    codes, distinct = pd.factorize(values)
    names = np.array([*(f"{tag}:{value}" for value in distinct), None], dtype=object)
    codes[column.is_null().to_numpy(zero_copy_only=False)] = len(distinct)
    return pd.Series(names[codes], dtype=object)


def candidates(
    name: str,
    spec: Any,
    field: dict[str, Any],
    source: pa.Table,
    policy: dict[str, Any],
    label: dict[str, Any],
    kind: pa.DataType,
) -> Iterator[pd.Series]:
    """What a released field may hold for each record of the source, as `written`, the most likely first.

    Nothing comes where the action is none that can be done again here; the field is then opaque.
    """
    action, options = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    options = options or {}
    column = _source(name, source, policy)
    if column is None:
        return
    if action == "keep":
        yield from _kept(column, kind)
    elif action == "generalize" and not (label.get("search") or {}).get("rounds"):
        level = options.get("level", ((label.get("search") or {}).get("levels") or {}).get(name))
        level = ((label.get("search") or {}).get("levels") or {}).get(name, level)
        if level is None:
            return
        for texts in _generalized(column, options, level, field.get("kind"), policy):
            if texts is not None:
                names = {text: f"s:{text}" for text in texts.dropna().unique()}
                yield texts.map(names).astype(object).where(texts.notna(), None)


def _source(name: str, source: pa.Table, policy: dict[str, Any]) -> pa.ChunkedArray | list[pd.Series] | None:
    """A column, or the columns that the policy puts together."""
    parts = (policy.get("input") or {}).get("combine", {}).get(name)
    if parts:
        missing = [part for part in parts if part not in source.column_names]
        return None if missing else [source.column(part).to_pandas().astype(object) for part in parts]
    return source.column(name) if name in source.column_names else None


def _kept(column: Any, kind: pa.DataType) -> Iterator[pd.Series]:
    if isinstance(column, list):
        return
    if column.type == kind or pa.types.is_dictionary(column.type):
        yield written(column)
        return
    try:
        yield written(column.cast(kind))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        values = column.to_pandas()
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            numbers = pd.to_numeric(values.astype(str).where(values.notna()).str.strip(), errors="coerce")
            whole = pa.array(numbers.to_numpy(), pa.float64(), from_pandas=True)
            yield written(whole.cast(kind, safe=False))


def _generalized(
    column: Any, options: dict[str, Any], level: Any, kind: str | None, policy: dict[str, Any]
) -> Iterator[Any]:
    if "hierarchy" in options:
        yield from _by_hierarchy(column, options["hierarchy"], level)
        return
    if isinstance(column, list):
        return
    if "ranges" in options:
        yield _ranges(column, options["ranges"], options.get("start") or 0, level, kind)
    elif "bins" in options:
        coarser = [cuts for cuts in options.get("levels") or [] if isinstance(cuts, list)]
        yield _bins(column, [options["bins"], *coarser], level)
    elif "calendar" in options:
        yield from _calendar(column, options["calendar"], level)
    elif "prefix" in options:
        names = [*(f"first {length}" for length in options["prefix"]), "*"]
        at = _at(level, names)
        texts = _texts(column)
        yield _all(texts) if at == len(names) - 1 else texts.str.slice(0, options["prefix"][at])
    elif "masks" in options:
        ends = [(one.get("keep_first", 0), one.get("keep_last", 0)) for one in options["masks"]]
        names = [*(f"keep {first}+{last}" for first, last in ends), "*"]
        at = _at(level, names)
        texts = _texts(column)
        if at == len(names) - 1:
            yield _all(texts)


def _at(level: Any, names: list[str]) -> int:
    return level if isinstance(level, int) else names.index(level)


def _texts(column: pa.ChunkedArray) -> pd.Series:
    values = column.to_pandas().astype(object)
    return values.map(lambda value: unicodedata.normalize("NFC", str(value)), na_action="ignore").where(
        values.notna(), None
    )


def _all(values: pd.Series) -> pd.Series:
    return pd.Series("*", index=values.index, dtype=object).where(values.notna(), None)


def _floats(column: pa.ChunkedArray) -> pd.Series:
    values = column.to_pandas()
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float)
    return pd.to_numeric(values.astype(str).where(values.notna()).str.strip(), errors="coerce").astype(float)


def spelt(number: Any) -> str:
    """A number as a person writes it."""
    text = format(number if isinstance(number, Decimal) else Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _ranges(column: pa.ChunkedArray, widths: list[Any], start: Any, level: Any, kind: str | None) -> pd.Series:
    values = _floats(column)
    names = [*(f"by {spelt(width)}" for width in widths), "*"]
    at = _at(level, names)
    if at == len(names) - 1:
        return _all(values)
    exact = [Decimal(repr(number)) for number in (*widths, start)]
    integers = (pa.types.is_integer(column.type) or kind == "integer") and all(
        number == int(number) for number in exact
    )
    finest = exact[0]
    width = exact[at]
    begin = exact[-1]
    place = (values - float(begin)) / float(finest)
    near = place.round()
    number = near.where((place - near).abs() <= 1e-9, np.floor(place))

    def name(number: float) -> str:
        low = begin + (int(number) // int(width / finest)) * width
        if not integers or low < 0:
            return f"[{spelt(low)},{spelt(low + width)})"
        return spelt(low) if width == 1 else f"{spelt(low)}-{spelt(low + width - 1)}"

    return _mapped(number, name)


def _mapped(values: pd.Series, name: Any) -> pd.Series:
    names = {value: name(value) for value in values.dropna().unique()}
    return values.map(names).astype(object).where(values.notna(), None)


def _bins(column: pa.ChunkedArray, levels: list[list[Any]], level: Any) -> pd.Series:
    values = _floats(column)
    names = [*(f"{len(cuts) + 1} bins" for cuts in levels), "*"]
    at = _at(level, names)
    if at == len(names) - 1:
        return _all(values)
    cuts = levels[at]
    between = [
        f"[{spelt(low)},{spelt(high)})" if low < 0 else f"{spelt(low)}-{spelt(high)}"
        for low, high in itertools.pairwise(cuts)
    ]
    labels = np.array([f"<{spelt(cuts[0])}", *between, f">={spelt(cuts[-1])}"], dtype=object)
    number = np.searchsorted(np.array(cuts, float), values.fillna(0).to_numpy(), side="right")
    return pd.Series(labels[number]).where(values.notna(), None)


FORMATS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}


def _calendar(column: pa.ChunkedArray, units: list[str], level: Any) -> Iterator[pd.Series]:
    at = _at(level, [*units, "*"])
    if at == len(units):
        yield _all(column.to_pandas().astype(object))
        return
    values = column.to_pandas()
    if pa.types.is_date(column.type):
        times = [pd.to_datetime(values)]
    elif pa.types.is_timestamp(column.type):
        times = [values]
    elif pd.api.types.is_numeric_dtype(values) or values.dropna().astype(str).str.fullmatch(r"\d{10,13}").all():
        seconds = pd.to_numeric(values)
        seconds = seconds.where(seconds < 1e11, seconds / 1000)
        whole = pd.to_datetime(seconds, unit="s", utc=True)
        times = [whole.dt.tz_convert(zone) for zone in ZONES]
    else:
        texts = values.astype(str).where(values.notna())
        try:
            times = [pd.to_datetime(texts, format="ISO8601", errors="coerce")]
        except ValueError:
            times = [pd.to_datetime(texts, errors="coerce", utc=True)]
        if not pd.api.types.is_datetime64_any_dtype(times[0]):
            cut = texts.str.slice(0, 19).str.replace("T", " ")
            times = [pd.to_datetime(cut, errors="coerce")]
    # Times with a zone count in their own, or in the world's.
    times += [moment.dt.tz_convert("UTC") for moment in times if moment.dt.tz is not None]
    for moment in times:
        if units[at] == "quarter":
            texts = moment.dt.year.astype("Int64").astype(str) + "-Q" + moment.dt.quarter.astype("Int64").astype(str)
        else:
            days = moment.dt.floor("h") if units[at] == "hour" else moment.dt.tz_localize(None).dt.normalize()
            texts = _mapped(days, lambda day: day.strftime(FORMATS[units[at]]))
        yield texts.astype(object).where(moment.notna(), None)


def _by_hierarchy(column: Any, name: str, level: Any) -> Iterator[pd.Series]:
    if name == "cn_districts":
        yield from _districts(column, level)
        return
    if isinstance(column, list):
        return
    path = HIERARCHIES / f"{name}.csv" if "/" not in name and "." not in name else Path(name)
    names, rows, other = hierarchy(str(path))
    at = _at(level, names)
    texts = _texts(column)
    # Values are compared without the spaces around them, in one of Unicode's forms.
    leaves = texts.str.strip().map(lambda leaf: other.get(leaf, leaf), na_action="ignore")
    above = {leaf: [leaf, *path][at] if at < len(names) - 1 else "*" for leaf, path in rows.items()}
    yield leaves.map(above).astype(object).where(texts.notna(), None)


@cache
def hierarchy(path: str) -> tuple[list[str], dict[str, list[str]], dict[str, str]]:
    """Names of the levels, what stands above each leaf, and the leaves of other spellings."""
    names: list[str] = []
    rows: dict[str, list[str]] = {}
    other: dict[str, str] = {}
    for line in Path(path).read_text("utf-8-sig").splitlines():
        if line.startswith("# levels:"):
            names = [cell.strip() for cell in line.removeprefix("# levels:").split(";")]
        elif line.strip() and not line.startswith("#"):
            leaf, *above = (cell.strip() for cell in next(csv.reader([line], delimiter=";")))
            if len(above) == 1 and above[0].startswith("="):
                other[leaf] = above[0][1:]
            else:
                rows[leaf] = above if above[-1] == "*" else [*above, "*"]
    depth = len(next(iter(rows.values())))
    return names or ["value", *(f"level {number}" for number in range(1, depth)), "*"], rows, other


def _districts(column: Any, level: Any) -> Iterator[pd.Series]:
    """By province, city and district in columns of their own; whole addresses are not read here."""
    if not isinstance(column, list) or len(column) != 3:
        return
    at = _at(level, ["district", "city", "province", "region", "*"])
    parts = pd.DataFrame(dict(enumerate(column)))
    given = parts.notna().any(axis=1)
    if at == 4:
        yield pd.Series("*", index=parts.index, dtype=object).where(given, None)
        return
    known, regions = _places()
    province = parts[0]
    if at == 3:
        yield province.map(regions).astype(object)
    elif at == 2:
        yield province.where(province.isin(list(regions)), None)
    else:
        joined = [
            None
            if not all(isinstance(part, str) for part in row) or row not in known
            else (row[1] if at else "".join(dict.fromkeys(row)))
            for row in parts.itertuples(index=False, name=None)
        ]
        yield pd.Series(joined, dtype=object)


@cache
def _places() -> tuple[set[tuple[str, str, str]], dict[str, str]]:
    rows = [line.split(";") for line in (HIERARCHIES / "cn_districts.csv").read_text("utf-8-sig").splitlines()]
    known = {(row[2], row[1], row[0]) for row in rows if len(row) == 3}
    _, cities, _ = hierarchy(str(HIERARCHIES / "cn_divisions.csv"))
    return known, {path[0]: path[1] for path in cities.values()}


def explains(made: pd.Series, released: pd.Series) -> bool:
    """Whether the source holds each released value at least as often as it was released."""
    have = made.value_counts(dropna=False)
    want = released.value_counts(dropna=False)
    return bool((have.reindex(want.index, fill_value=0) >= want).all())


def texts_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as plain text where it is encoded as a dictionary."""
    return pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
