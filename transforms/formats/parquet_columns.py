"""The columns of a Parquet file as those of any other: fields of structs under their dotted paths, each of a type that has a text.

Lists and maps are columns that are never read. Bytes are text where they are UTF-8 and faults where they are not, or never read
where most are not. A half-precision number is one of single precision, which holds all of them; an identifier of 16 bytes is
written in hexadecimal digits.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_deid.transforms.columns.distinct import plain, plain_type
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.json_rows import LIST

_UTF8 = (
    r"\A(?:[\x00-\x7F]|[\xC2-\xDF][\x80-\xBF]|\xE0[\xA0-\xBF][\x80-\xBF]|[\xE1-\xEC\xEE\xEF][\x80-\xBF]{2}"
    r"|\xED[\x80-\x9F][\x80-\xBF]|\xF0[\x90-\xBF][\x80-\xBF]{2}|[\xF1-\xF3][\x80-\xBF]{3}|\xF4[\x80-\x8F][\x80-\xBF]{2})*\z"
)
_HEX = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), np.uint8).reshape(256, 2)
_PEEKED_ROWS = 64
_UUID_HYPHENS = (8, 12, 16, 20)
"""Hexadecimal digits before each hyphen."""


class _Place(NamedTuple):
    """Where a column stands in a file, and what it is there."""

    keys: tuple[str, ...]
    given: pa.DataType


class FileColumns:
    """The columns of a file.

    Args:
        file: The file.
        path: For messages.

    Attributes:
        schema: The columns as they are read.

    Raises:
        InputError: There is none, or two have one name.
    """

    def __init__(self, file: pq.ParquetFile, path: str) -> None:
        self._path = path
        given = file.schema_arrow  # which is made anew of all columns whenever it is asked for
        leaves = [(".".join(place.keys), place) for place in _leaves(given, ())]
        twice = [name for name, count in Counter(name for name, _ in leaves).items() if count > 1]
        if twice:
            raise InputError("a column is there twice", f"{path}: {min(twice)}", "Rename one of them")
        if not leaves:
            raise InputError("the file has no column", path, "Leave it out")
        self._places = dict(leaves)
        self._lists = frozenset(name for name, place in leaves if _is_list(place.given))
        self._lists |= self._never_text(file, [name for name, place in leaves if _is_bytes(plain_type(place.given))])
        self.schema = pa.schema(
            [pa.field(name, _as_read(place.given), metadata=self._metadata(given, name)) for name, place in leaves],
            metadata=given.metadata,
        )

    def _metadata(self, given: pa.Schema, name: str) -> Mapping[bytes, bytes] | None:
        """What the file says of a column, such as who made it, or that it is never read."""
        if name in self._lists:
            return LIST
        metadata: Mapping[bytes, bytes] | None = None
        if not self.is_in_struct(name):
            metadata = given.field(name).metadata
        return metadata

    def unread(self, names: Sequence[str]) -> list[str]:
        """Those of some columns that are never read: lists, maps, and bytes that are no text."""
        return [name for name in names if name in self._lists]

    def _never_text(self, file: pq.ParquetFile, names: Sequence[str]) -> set[str]:
        """Those of some columns of bytes that are no text, by most of the first values: pictures, say, or checksums."""
        if not names or not file.metadata.num_row_groups:
            return set()
        batch = next(file.iter_batches(_PEEKED_ROWS, [0], list(names), use_threads=False), None)
        if batch is None:
            return set()
        flat = self.flat(batch, names)
        wrong = {name: as_read(flat.column(name))[1] for name in names}
        return {
            name
            for name, mask in wrong.items()
            if mask is not None and 2 * int(mask.sum()) > len(mask) - flat.column(name).null_count
        }

    def is_in_struct(self, name: str) -> bool:
        """Whether a column is a field of a struct."""
        return len(self._places[name].keys) > 1

    def given(self, names: Sequence[str]) -> pa.Schema:
        """Some columns with the types that the file has.

        Raises:
            InputError: There is no such column.
        """
        missing = [name for name in names if name not in self._places]
        if missing:
            raise InputError(f"there is no column {missing[0]}", self._path, "The file changed; run again")
        return pa.schema([(name, self._places[name].given) for name in names])

    def flat(self, batch: pa.RecordBatch, names: Sequence[str]) -> pa.RecordBatch:
        """Some columns of a batch as the file has it, which may hold others as well.

        Raises:
            pyarrow.ArrowInvalid: A value is not in its column's dictionary.
        """
        arrays = []
        for name in names:
            first, *inner = self._places[name].keys
            column = batch.column(first)
            column = pc.struct_field(column, inner) if inner else column
            _check_dictionary(column)
            arrays.append(column)
        return pa.RecordBatch.from_arrays(arrays, names=list(names))


def as_read(column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_] | None]:
    """A column as it is read, and where its bytes are no text, shape (n,); None where nothing is wrong."""
    kind = column.type
    if isinstance(column, pa.DictionaryArray) and _as_read(kind) != kind:
        column = column.dictionary_decode()
        kind = column.type
    if _is_uuid(kind):
        return _uuid_text(column.storage), None
    if isinstance(column, pa.ExtensionArray):
        return as_read(column.storage)
    if pa.types.is_float16(kind):
        return column.cast(pa.float32()), None
    if _is_bytes(kind):
        return _as_text(column if pa.types.is_large_binary(kind) else column.cast(pa.binary()))
    return column, None


def _check_dictionary(column: pa.Array) -> None:
    """See that all values are in the dictionary, if there is one: no checksum covers how many there are, nor does Arrow look."""
    if not isinstance(column, pa.DictionaryArray):
        return
    span = pc.min_max(column.indices).as_py()
    if span["max"] is not None and not 0 <= span["min"] <= span["max"] < len(column.dictionary):
        raise pa.ArrowInvalid("a value is not in its column's dictionary")


def _leaves(fields: Sequence[pa.Field], above: tuple[str, ...]) -> Iterator[_Place]:
    for field in fields:
        keys = (*above, field.name)
        if pa.types.is_struct(field.type):
            yield from _leaves(list(field.type), keys)
        else:
            yield _Place(keys, field.type)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_nested(kind) and not pa.types.is_struct(kind)


def _is_uuid(kind: pa.DataType) -> bool:
    return getattr(kind, "extension_name", "") == "arrow.uuid"


def _is_bytes(kind: pa.DataType) -> bool:
    types = pa.types
    view = getattr(types, "is_binary_view", lambda _: False)
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind) or view(kind))


def _as_read(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        inner = _as_read(kind.value_type)
        return kind if inner == kind.value_type else inner
    if _is_list(kind) or _is_bytes(kind) or _is_uuid(kind):
        return pa.string()
    if isinstance(kind, pa.BaseExtensionType):
        return _as_read(kind.storage_type)
    return pa.float32() if pa.types.is_float16(kind) else kind


def _as_text(column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_] | None]:
    try:
        return plain(column.cast(pa.large_string() if pa.types.is_large_binary(column.type) else pa.string())), None
    except pa.ArrowInvalid:
        sound = pc.match_substring_regex(column, _UTF8)
    wrong = pc.invert(sound.fill_null(True))
    texts = pc.if_else(wrong, None, column)
    return _as_text(texts)[0], wrong.to_numpy(zero_copy_only=False)


def _uuid_text(column: pa.Array) -> pa.Array:
    """16 bytes a value, shape (n,), as texts like ``00112233-4455-6677-8899-aabbccddeeff``."""
    count = len(column)
    given = np.frombuffer(column.buffers()[1] or b"", np.uint8)[16 * column.offset : 16 * (column.offset + count)]
    digits = _HEX[given].reshape(count, 32)
    texts = np.insert(digits, _UUID_HYPHENS, ord("-"), axis=1)
    offsets = np.arange(0, 36 * (count + 1), 36, dtype=np.int32)
    written = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(texts.tobytes()))
    return pc.if_else(column.is_valid(), written, None)
