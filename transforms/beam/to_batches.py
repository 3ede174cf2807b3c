"""Elements of somebody's collection to Arrow batches: each window's by itself, in columns of the types that are declared."""

import datetime
import decimal
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.pvalue import AsSingleton, TaggedOutput
from apache_beam.transforms.window import BoundedWindow
from apache_beam.typehints.decorators import no_annotations
from apache_beam.utils.timestamp import Timestamp
from apache_beam.utils.windowed_value import WindowedValue

from beam_deid.transforms.beam.elements import WHERE, ElementKind, arrow_type_of, kind_of
from beam_deid.transforms.beam.merge import Merge
from beam_deid.transforms.beam.windows import at_end
from beam_deid.transforms.columns.read_as import exact_text
from beam_deid.transforms.columns.readable import check_flat, never_read
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.ignoring import NOTHING_IGNORED, Ignored
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.treat.given import PLACE

_ROWS = 10_000
_WAITING = 10 * _ROWS
"""Rows of all windows of a bundle that wait at most until they are a batch."""
_READABLE = (str, bool, int, float, decimal.Decimal, datetime.date)
"""What a policy's kind can read; of the last there are also dates with a time."""
_NESTED = (Mapping, list, tuple, set, frozenset)
"""What holds values of its own."""


class Batches(NamedTuple):
    """What a collection is as batches.

    Attributes:
        batches: Record batches.
        kind: What the collection holds; a side input where its elements tell it.
    """

    batches: beam.PCollection
    kind: ElementKind | AsSingleton


class ToBatches(beam.PTransform):
    """Elements → `Batches`.

    Args:
        kind: What the collection holds; None where its elements tell it.
        fields: The Python type of each field, where the collection's type tells it.
        kinds: What the fields hold, where that is known: their values need not be of one type, for the kind reads them.
        ignored: Fields that are passed over.
        everywhere: Whether an empty collection is of some kind, too.
    """

    def __init__(
        self,
        kind: ElementKind | None,
        fields: Mapping[str, Any] | None = None,
        kinds: Mapping[str, Kind] | None = None,
        ignored: Ignored = NOTHING_IGNORED,
        everywhere: bool = True,
    ) -> None:
        super().__init__()
        self._ignored = ignored
        self._kind = kind
        self._everywhere = everywhere
        types = None if fields is None else {name: arrow_type_of(fields[name]) for name in ignored.without(fields)}
        self._to_arrow = _ToArrow(types, dict(kinds or {}), ignored)

    @no_annotations  # Beam checks types of single collections alone, and warns of others
    def expand(self, elements: beam.PCollection) -> Batches:
        """Batches of a fixed number of rows; small ones that are given are put together."""
        if self._kind is None:
            return self._sorted(elements)
        batches = self._gathered(elements) if self._kind.in_arrow else self._columns(elements)
        return Batches(batches, self._kind)

    def _gathered(self, elements: beam.PCollection) -> beam.PCollection:
        return elements | "Gather" >> beam.ParDo(_Gather(self._ignored)).with_output_types(pa.RecordBatch)

    def _columns(self, rows: beam.PCollection) -> beam.PCollection:
        return rows | "To Arrow" >> beam.ParDo(self._to_arrow).with_output_types(pa.RecordBatch)

    def _sorted(self, elements: beam.PCollection) -> Batches:
        sort = beam.ParDo(_Sort()).with_outputs("arrow", "found", main="rows")
        found = elements | "Sort" >> sort
        kinds = found.found | "Kinds" >> Merge(_Kinds, self._everywhere) | "Kind" >> beam.Map(_one_kind)
        batches = (self._gathered(found.arrow), self._columns(found.rows)) | "Together" >> beam.Flatten()
        return Batches(batches, AsSingleton(kinds))


@dataclass(frozen=True)
class _Kinds:
    """What elements are that were seen."""

    found: frozenset[ElementKind] = frozenset()

    @classmethod
    def merge(cls, parts: Sequence["_Kinds"]) -> "_Kinds":
        return cls(frozenset().union(*(part.found for part in parts)))


def _one_kind(kinds: _Kinds) -> ElementKind:
    if len(kinds.found) > 1:
        names = ", ".join(sorted(kind.value for kind in kinds.found))
        raise InputError(f"the collection holds several things: {names}", WHERE, "Convert its elements to one of them")
    return next(iter(kinds.found), ElementKind.DICT)


class _Sort(beam.DoFn):
    """Elements of a collection whose type nobody knows: what is in Arrow, what is a row, and what there was in each window."""

    def start_bundle(self) -> None:
        self._found: dict[BoundedWindow, set[ElementKind]] = {}

    def process(self, element: Any, window: BoundedWindow = beam.DoFn.WindowParam) -> Iterator[Any]:
        kind = kind_of(element)
        self._found.setdefault(window, set()).add(kind)
        yield TaggedOutput("arrow", element) if kind.in_arrow else element

    def finish_bundle(self) -> Iterator[TaggedOutput]:
        for window, kinds in self._found.items():
            yield TaggedOutput("found", at_end(_Kinds(frozenset(kinds)), window))


class _Gather(beam.DoFn):
    """Puts small batches together, and cuts large tables: the work on a batch costs the same, be it of one row or of thousands."""

    def __init__(self, ignored: Ignored) -> None:
        self._ignored = ignored

    def start_bundle(self) -> None:
        self._waiting: dict[tuple[BoundedWindow, pa.Schema], list[pa.RecordBatch]] = {}
        self._rows = 0

    def process(
        self, element: pa.RecordBatch | pa.Table, window: BoundedWindow = beam.DoFn.WindowParam
    ) -> Iterator[Any]:
        for batch in _pieces(element):
            read = _without(batch, self._ignored)
            check_flat(read.schema)
            yield from self._take(read, window)

    def _take(self, batch: pa.RecordBatch, window: BoundedWindow) -> Iterator[Any]:
        if batch.num_rows >= _ROWS:
            yield batch
            return
        self._waiting.setdefault((window, batch.schema.remove_metadata()), []).append(batch)
        self._rows += batch.num_rows
        if self._rows >= _ROWS:
            yield from self.finish_bundle()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        waiting = self._waiting
        self._waiting = {}
        self._rows = 0
        for (window, schema), batches in waiting.items():
            yield WindowedValue(_together(schema, batches), window.max_timestamp(), (window,))


def _pieces(element: pa.RecordBatch | pa.Table) -> Iterator[pa.RecordBatch]:
    """A batch as it is; a table in batches, each row of which knows where in the table it was."""
    if isinstance(element, pa.RecordBatch):
        yield element
        return
    batches = element.to_batches() or [pa.RecordBatch.from_pylist([], schema=element.schema)]
    if len(batches) == 1:
        yield batches[0]
        return
    start = 0
    for batch in batches:
        yield batch.append_column(PLACE, pa.array(np.arange(start, start + batch.num_rows)))
        start += batch.num_rows


def _without(batch: pa.RecordBatch, ignored: Ignored) -> pa.RecordBatch:
    """A batch without the columns that are passed over."""
    names = batch.schema.names
    read = [number for number, name in enumerate(names) if name not in ignored or name == PLACE]
    return batch if len(read) == len(names) else batch.select(read)


def _together(schema: pa.Schema, batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    if PLACE not in schema.names:
        batches = [batch.append_column(PLACE, pa.array(np.arange(batch.num_rows))) for batch in batches]
    table = pa.Table.from_batches([batch.replace_schema_metadata(None) for batch in batches])
    table = table.unify_dictionaries()
    columns = [pa.concat_arrays(column.chunks) for column in table.columns]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


class _ToArrow(beam.DoFn):
    """Rows or dicts to record batches, those of a window together.

    Args:
        types: The type of each field, where it is declared; None where the rows tell what fields there are.
        kinds: What the fields hold.
        ignored: Fields that are passed over.
    """

    def __init__(
        self, types: Mapping[str, pa.DataType | None] | None, kinds: Mapping[str, Kind], ignored: Ignored
    ) -> None:
        self._ignored = ignored
        self._types = types
        self._kinds = kinds

    def start_bundle(self) -> None:
        self._waiting: dict[BoundedWindow, list[Any]] = {}
        self._rows = 0

    def process(self, element: Any, window: BoundedWindow = beam.DoFn.WindowParam) -> Iterable[WindowedValue]:
        waiting = self._waiting.setdefault(window, [])
        waiting.append(element)
        self._rows += 1
        if len(waiting) == _ROWS:
            return [self._taken(window)]
        return self.finish_bundle() if self._rows == _WAITING else ()

    def finish_bundle(self) -> list[WindowedValue]:
        return [self._taken(window) for window in list(self._waiting)]

    def _taken(self, window: BoundedWindow) -> WindowedValue:
        """All that waits of a window, as a batch at its end."""
        elements = self._waiting.pop(window)
        self._rows -= len(elements)
        return at_end(guarded(WHERE, self._batch, elements), window)

    def _batch(self, elements: list[Any]) -> pa.RecordBatch:
        columns = self._of_type(elements, self._types) if self._types is not None else self._of_any(elements)
        arrays = [self._column(name, values) for name, values in columns.items()]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        check_flat(batch.schema)
        return batch

    def _of_type(self, rows: list[Any], types: Iterable[str]) -> dict[str, list[Any]]:
        """The values of each field that the rows' type has."""
        return {name: [getattr(row, name) for row in rows] for name in types}

    def _of_any(self, elements: list[Any]) -> dict[str, list[Any]]:
        """The values of each field that some of the rows have."""
        rows = elements if _types_of(elements) == {dict} else [_as_mapping(row) for row in elements]
        names = self._ignored.without(_names_of(rows))
        return {name: [row.get(name) for row in rows] for name in names}

    def _column(self, name: str, values: list[Any]) -> pa.Array:
        if any(issubclass(kind, Timestamp) for kind in _types_of(values)):  # Beam's is not Arrow's
            values = [value.to_utc_datetime() if isinstance(value, Timestamp) else value for value in values]
        declared = None if self._types is None else self._types[name]
        try:
            try:
                return pa.array(values, declared)
            except (pa.ArrowException, OverflowError, TypeError, ValueError):
                if name not in self._kinds:
                    raise
                return as_text(values)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            nested = next((kind for kind in _types_of(values) if issubclass(kind, _NESTED)), None)
            if nested is not None:
                raise never_read(name, nested.__name__) from None
            raise InputError(
                "its values have no one type",
                f"field {name}",
                "Give the field a kind in the policy, or convert them before Deidentify, for example to text",
            ) from None


def as_text(values: Sequence[Any]) -> pa.Array:
    """Values of several types as the text that a kind reads, each type as in a column of its own, shape (n,).

    Raises:
        TypeError: A value is of a type that no kind reads.
        ArrowInvalid: A value has no text of its own.
    """
    texts: list[str | None] = [None] * len(values)
    rows: dict[type, list[int]] = {}
    for row, value in enumerate(values):
        if value is not None:
            rows.setdefault(type(value), []).append(row)
    for kind, those in rows.items():
        if not issubclass(kind, _READABLE):
            raise TypeError(kind.__name__)
        read = exact_text(pa.array([values[row] for row in those]))
        for row, text in zip(those, read.to_pylist(), strict=True):
            texts[row] = text
    return pa.array(texts, pa.string())


def _types_of(values: Iterable[Any]) -> set[type]:
    return set(map(type, values))


def _names_of(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """The names in any of the rows, in the order in which they are met."""
    if len(set().union(*rows)) == len(rows[0]):
        return rows[0]
    return dict.fromkeys(name for row in rows for name in row)


def _as_mapping(row: Any) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    return dict(row._asdict()) if hasattr(row, "_asdict") else dict(row.as_dict())
