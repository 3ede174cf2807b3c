"""JSON Lines: one object a line. Scalars are read as the text they are written as, so no digit is lost.

Blank lines are passed over but counted as rows. Of a key that a line repeats the last value counts. Reading goes line
by line: no columnar reader keeps numbers as they are written.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.compression import open_plain
from beam_deid.transforms.formats.encoding import MARK, Utf8Stream, detect
from beam_deid.transforms.formats.format import Chunk, Fault, Format, InputOptions, PartWriter, Shard
from beam_deid.transforms.terms import Reason

_HEAD = 1 << 20
_HEAD_LINES = 1000
_READ = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str).decode
_SCALARS = (str, bool, type(None))


class JsonLines(Format):
    """One JSON object a line."""

    name = "jsonl"
    suffixes = (".jsonl", ".ndjson", ".json")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The keys of the first thousand lines, each a text column. Keys that come later are faults of their rows."""
        names: dict[str, None] = {}
        empty = True
        for number, line in enumerate(_lines(path, options)):
            empty = False
            if number == _HEAD_LINES:
                break
            value, _ = _parsed(line)
            names.update(dict.fromkeys(value or {}))
        if empty:
            raise InputError("the file is empty", path, "Leave it out")
        return pa.schema([(name, pa.string()) for name in names])

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """The whole file."""
        return [Shard(path, self.name, size)]

    def read(
        self, shard: Shard, options: InputOptions, columns: Sequence[str], rows: int,
        known: Collection[str] | None = None,
    ) -> Iterator[Chunk]:  # fmt: skip
        """Stream the file."""
        allowed = None if known is None else frozenset(known)
        gathered = _Gathered(columns)
        for number, line in enumerate(_lines(shard.path, options)):
            if line.strip():
                gathered.add(number, line, allowed)
            if gathered.count == rows:
                yield gathered.chunk()
                gathered = _Gathered(columns)
        if gathered.count:
            yield gathered.chunk()

    def writer(self, stream: BinaryIO, schema: pa.Schema) -> PartWriter:
        """Keys in the schema's order, null as null, all characters as they are."""
        return _Writer(stream, schema)


class _Gathered:
    """Rows on their way to a chunk."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._values: list[list[str | None]] = [[] for _ in columns]
        self._rows: list[int] = []
        self._faults: dict[tuple[str, Reason], list[int]] = {}
        self.count = 0

    def add(self, number: int, line: str, allowed: frozenset[str] | None) -> None:
        self.count += 1
        value, reason = _parsed(line)
        if value is None:
            self._fault(number, "", reason or Reason.MALFORMED_ROW)
            return
        if allowed is not None and not allowed.issuperset(value):
            self._fault(number, "", Reason.UNKNOWN_FIELD)
            return
        picked = [value.get(name) for name in self._columns]
        wrong = [(name, _wrong(item)) for name, item in zip(self._columns, picked, strict=True)]
        found = [(name, why) for name, why in wrong if why is not None]
        for name, why in found:
            self._fault(number, name, why)
        if not found:
            self._rows.append(number)
            for column, item in zip(self._values, picked, strict=True):
                column.append(("true" if item else "false") if isinstance(item, bool) else item)

    def chunk(self) -> Chunk:
        arrays = [pa.array(column, pa.string()) for column in self._values]
        faults = [Fault(np.array(rows, np.int64), name, why) for (name, why), rows in self._faults.items()]
        batch = pa.RecordBatch.from_arrays(arrays, names=self._columns)
        return Chunk(batch, np.array(self._rows, np.int64), faults)

    def _fault(self, number: int, name: str, reason: Reason) -> None:
        self._faults.setdefault((name, reason), []).append(number)


def _parsed(line: str) -> tuple[dict[str, Any] | None, Reason | None]:
    try:
        value = _READ(line.strip())
    except (ValueError, RecursionError):
        return None, Reason.BAD_ENCODING if MARK in line else Reason.MALFORMED_ROW
    return (value, None) if isinstance(value, dict) else (None, Reason.NOT_AN_OBJECT)


def _wrong(item: Any) -> Reason | None:
    if not isinstance(item, _SCALARS):
        return Reason.WRONG_TYPE
    if isinstance(item, str):
        if MARK in item:
            return Reason.BAD_ENCODING
        if any("\ud800" <= character <= "\udfff" for character in item):
            return Reason.BAD_ENCODING  # half of an escaped pair is no character
    return None


def _lines(path: str, options: InputOptions) -> Iterator[str]:
    head_stream = open_plain(path)
    try:
        encoding = detect(bytes(head_stream.read(_HEAD)), options.encoding)
    except OSError:
        raise InputError("the file is truncated or damaged", path, "Fetch it again or leave it out") from None
    finally:
        head_stream.close()
    stream = Utf8Stream(open_plain(path), encoding, '"', path)
    rest = b""
    try:
        while block := stream.read(_HEAD):
            *lines, rest = (rest + block).split(b"\n")
            yield from (line.decode() for line in lines)
        if rest:
            yield rest.decode()
    finally:
        stream.close()


class _Writer:
    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        self._stream = stream
        self._keys = [json.dumps(name, ensure_ascii=False) for name in schema.names]

    def write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        pieces: list[Any] = []
        for number, (key, column) in enumerate(zip(self._keys, batch.columns, strict=True)):
            pieces += [f"{',' if number else '{'}{key}:", _texts(column)]
        lines = pc.binary_join_element_wise(*pieces, "}\n", "")
        self._stream.write("".join(lines.to_pylist()).encode())

    def close(self) -> None:
        """Nothing is held back."""


def _texts(column: pa.Array) -> pa.Array:
    """A column as JSON, each distinct text quoted once."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        texts = column.cast(pa.string())
    elif pa.types.is_floating(kind):
        finite = pc.if_else(pc.is_finite(column), column, None)
        texts = finite.cast(pa.string())
    else:
        coded = column.cast(pa.string()).dictionary_encode()
        quoted = [json.dumps(text, ensure_ascii=False) for text in coded.dictionary.to_pylist()]
        texts = pa.array(quoted, pa.string()).take(coded.indices)
    return texts.fill_null("null")
