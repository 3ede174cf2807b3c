"""Lines of JSON as columns by Arrow's reader, where every line is as it should be.

Arrow reads numbers as numbers and loses digits, so all numbers and booleans are put into quotes before
(`beam_deid.transforms.formats.json_bare`). What is not plain
(a line that is broken or blank, a key that nobody knows or that stands there twice, a value where an object belongs) is left
to `beam_deid.transforms.formats.json_rows`, which reads row by row and knows each fault.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from beam_deid.transforms.formats.encoding import MARK
from beam_deid.transforms.formats.json_bare import Unplain, quoted
from beam_deid.transforms.formats.nesting import EACH, Nesting, parents
from beam_deid.transforms.storage.limits import rows_of

_MARK = MARK.encode()

Tree = dict[str, Any]


class Columns:
    """Reads blocks of plain lines.

    Args:
        nesting: Where records and fields lie.
        columns: The wanted columns.
        known: All columns that may be there; None where others do not matter.
    """

    def __init__(self, nesting: Nesting, columns: Sequence[str], known: Collection[str] | None) -> None:
        self._nesting = nesting
        self._columns = list(columns)
        self._known = None if known is None else frozenset(known)
        self._objects = nesting.above(columns if known is None else known)
        self._wanted = {nesting.path(name): name for name in columns}
        tree = None if EACH in nesting.records else _tree(self._wanted)
        self._schema = None if tree is None else self._explicit(tree)

    def read(self, block: bytes) -> pa.RecordBatch:
        """The rows of whole lines, the last one with its line feed or without.

        Raises:
            Unplain: Some line is not plain.
        """
        if self._schema is None or _MARK in block or self._too_many(block):
            raise Unplain
        text, lines = quoted(block)
        options = pyarrow.json.ReadOptions(use_threads=False, block_size=max(len(text), 1))
        shape = pyarrow.json.ParseOptions(explicit_schema=self._schema, unexpected_field_behavior="infer")
        try:
            table = pyarrow.json.read_json(pa.BufferReader(text), options, shape)
            table.validate(full=True)  # Arrow makes broken lists of nulls among objects
            if table.num_rows != lines:
                raise Unplain
            (record,) = table.combine_chunks().to_struct_array().chunks
            return self._rows(self._record(record))
        except pa.ArrowException:
            raise Unplain from None

    def _too_many(self, block: bytes) -> bool:
        """Whether there may be too many rows in lines that hold several, by what may be an object or null in a list."""
        if not self._nesting.records and self._nesting.items is None:
            return False
        values = block.count(b":null") + block.count(b": null")
        rows = block.count(b"{") + block.count(b"null") - values
        return rows > rows_of(len(self._columns), rows)

    def _record(self, value: pa.Array) -> pa.Array:
        """The records in the values of lines."""
        for key in self._nesting.records:
            if not pa.types.is_struct(value.type) or value.type.get_field_index(key) < 0:
                raise Unplain
            value = pc.struct_field(value, key)
        if pa.types.is_list(value.type):
            if value.null_count:
                raise Unplain
            value = pc.list_flatten(value)
        if not pa.types.is_struct(value.type) or value.null_count:
            raise Unplain
        return value

    def _rows(self, record: pa.Array) -> pa.RecordBatch:
        found: dict[str, pa.Array] = {}
        items = None
        for path, leaf in self._leaves(record, ""):
            if path == self._nesting.items:
                items = leaf
            else:
                self._note(path, leaf, found)
        rows = len(record)
        if items is not None and not pa.types.is_null(items.type):
            parent, item, inner = _spread(items)
            found = {name: column.take(parent) for name, column in found.items()}
            for path, leaf in self._leaves(inner, f"{self._nesting.items}.") if pa.types.is_struct(inner.type) else ():
                self._note(path, leaf.take(item), found)
            rows = len(parent)
        nothing = pa.nulls(rows, pa.string())
        arrays = [found.get(name, nothing) for name in self._columns]
        if any(array.type != pa.string() for array in arrays):
            raise Unplain
        return pa.RecordBatch.from_arrays(arrays, names=self._columns)

    def _note(self, path: str, leaf: pa.Array, found: dict[str, pa.Array]) -> None:
        name = self._nesting.name(path)
        if path in self._nesting.aliases and not self._nesting.declares(path):
            if pa.types.is_null(leaf.type):
                return
            raise Unplain
        if name in self._nesting.ignored:
            return
        if name in found:
            raise Unplain
        if (
            self._known is not None
            and name not in self._known
            and not (pa.types.is_null(leaf.type) and path in self._objects)
        ):
            raise Unplain
        if name in self._columns or self._known is not None:
            found[name] = leaf if name in self._columns else pa.nulls(len(leaf))

    def _leaves(self, value: pa.StructArray, prefix: str) -> Iterator[tuple[str, pa.Array]]:
        for field, inner in zip(value.type, value.flatten(), strict=True):
            path = prefix + field.name
            if "." in field.name:
                raise Unplain
            if pa.types.is_struct(field.type) and not self._nesting.declares(path):
                if path == self._nesting.items:
                    raise Unplain
                yield from self._leaves(inner, f"{path}.")
            else:
                yield path, inner

    def _explicit(self, tree: Tree) -> pa.Schema:
        fields = self._types(tree, "")
        for depth, key in enumerate(reversed(self._nesting.records)):
            kind = pa.struct(fields)
            fields = [pa.field(key, kind if depth else pa.list_(kind))]
        return pa.schema(fields)

    def _types(self, tree: Tree, prefix: str) -> list[pa.Field]:
        fields = []
        for key, inner in tree.items():
            path = prefix + key
            kind = pa.struct(self._types(inner, f"{path}.")) if inner else pa.string()
            fields.append(pa.field(key, pa.list_(kind) if path == self._nesting.items else kind))
        return fields


def _tree(paths: Collection[str]) -> Tree | None:
    """Paths as nested keys; None where one path is above another."""
    tree: Tree = {}
    if parents(list(paths)) & set(paths):
        return None
    for path in paths:
        here = tree
        for key in path.split("."):
            here = here.setdefault(key, {})
    return tree


def _spread(items: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The record of each row; its item, null for a record without items, which is one row, too; and the items."""
    if not pa.types.is_list(items.type):
        raise Unplain
    inner = pc.list_flatten(items)
    if not (pa.types.is_struct(inner.type) or pa.types.is_null(inner.type)):
        raise Unplain
    sizes = pc.list_value_length(items).fill_null(0).to_numpy(zero_copy_only=False)
    rows = np.maximum(sizes, 1)
    there = np.repeat(sizes > 0, rows)
    item = np.cumsum(there) - 1
    return pa.array(np.repeat(np.arange(len(items)), rows)), pa.array(item, pa.int64(), mask=~there), inner
