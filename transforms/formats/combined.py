"""Columns put together from others, as ``input.combine`` says: a division from province, city and district."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.formats.wrapped import Wrapped


class Combined(Wrapped):
    """Another format with combined columns after its own.

    Args:
        inner: The format of the file.
    """

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's columns and the combined ones, which are text. Whether a file may lack a part is for the policy to say.

        Raises:
            InputError: The file cannot be read, or has a column of a combined one's name.
        """
        schema = self._inner.schema(path, options)
        for name in options.combine:
            if name in schema.names:
                raise InputError(f"input.combine.{name} is a column of the file already", path, "Give it another name")
        return pa.schema([*schema, *(pa.field(name, pa.string()) for name in options.combine)], schema.metadata)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read what is wanted, and what it is made of."""
        own = [part for name in columns for part in options.combine.get(name, (name,))]
        known = None if known is None else [name for name in known if name not in options.combine]
        parts = {part for name in columns for part in options.combine.get(name, ())}
        spare = [name for name in spare if name not in parts]
        for chunk in self._inner.read(shard, options, list(dict.fromkeys(own)), rows, known, spare):
            batch = meant(chunk.batch, self.notation.of_spreadsheets, options)
            given = dict(zip(batch.schema.names, batch.columns, strict=True))
            given.update(combined(given, {name: options.combine[name] for name in columns if name in options.combine}))
            arrays = [given[name] for name in columns]
            yield replace(chunk, batch=pa.RecordBatch.from_arrays(arrays, names=list(columns)))


def combined(given: Mapping[str, pa.Array], combine: Mapping[str, Sequence[str]]) -> dict[str, pa.Array]:
    """The combined columns: the texts of their parts with a space between them, nulls left out.

    Args:
        given: Columns of length n by name, all parts among them.
        combine: The parts of each combined column.

    Returns:
        ``string`` arrays of length n; null where all parts are.
    """
    made = {}
    for name, parts in combine.items():
        first, *others = (canonical_text(given[part]) for part in parts)
        for other in others:
            # Arrow's own way to leave nulls out drops rows of nothing but nulls.
            first = pc.coalesce(pc.binary_join_element_wise(first, other, " "), first, other)
        made[name] = first
    return made
