"""Columns put together from others, as ``input.combine`` says: a division from province, city and district."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.formats.wrapped import Wrapped
from beam_deid.transforms.recognisers.identity import identity_text

APART = "\0apart"
"""Behind a combined column's name: the same parts as a key, see `parts_apart`. No column of a file is called so."""
_BETWEEN = "\x1f"
_ABSENT = "\x1e"
"""Signs that no identity has in it."""


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
        own = [part for name in columns for part in options.combine.get(name.removesuffix(APART), (name,))]
        known = None if known is None else [name for name in known if name not in options.combine]
        parts = {part for name in columns for part in options.combine.get(name.removesuffix(APART), ())}
        spare = [name for name in spare if name not in parts]
        for chunk in self._inner.read(shard, options, list(dict.fromkeys(own)), rows, known, spare):
            batch = meant(chunk.batch, self.notation.of_spreadsheets, options)
            given = dict(zip(batch.schema.names, batch.columns, strict=True))
            given.update(combined(given, {name: options.combine[name] for name in columns if name in options.combine}))
            for name in (name for name in columns if name.endswith(APART)):
                given[name] = parts_apart(given, options.combine[name.removesuffix(APART)])
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


def parts_apart(given: Mapping[str, pa.Array], parts: Sequence[str]) -> pa.Array:
    """The key of what a combined column names: each part as identities are spelt, and told from the next.

    As a text the parts `#100` and `11` are `#100 11`, whose identity is that of `#1001` and `1`. A part in which nothing stands is
    one of the key; of a part that came masked nobody knows what it says, and the key is null.

    Args:
        given: Columns of length n by name, all parts among them.
        parts: The parts.

    Returns:
        A ``string`` array of length n; null where all parts are.
    """
    texts = [canonical_text(given[part]) for part in parts]
    blank = [pc.equal(pc.utf8_trim_whitespace(text), "").fill_null(True) for text in texts]
    # What went through a program that takes it for a number has lost its zeros.
    spelt = [pc.utf8_ltrim(identity_text(text, None), characters="0") for text in texts]
    told = [pc.if_else(none, _ABSENT, one) for none, one in zip(blank, spelt, strict=True)]
    nothing = reduce(pc.and_, blank)
    return pc.if_else(nothing, None, pc.binary_join_element_wise(*told, _BETWEEN))
