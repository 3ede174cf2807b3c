"""Apache ORC: typed columns in stripes, each of which is a shard. Read only."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.flat_columns import flat_batch, flat_schema, places_of
from beam_deid.transforms.formats.format import Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import PLAIN, OutputOptions
from beam_deid.transforms.storage.files import open_arrow

_BROKEN = (
    "the file cannot be read as ORC",
    "The file is truncated, damaged or not ORC: fetch it again or leave it out",
)


class Orc(Format):
    """Apache ORC: typed columns in stripes, which are read apart."""

    name = "orc"
    suffixes = (".orc",)
    unwritten = (".orc",)
    written = False

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's own columns, and those of the records in them."""
        with _opened(path) as file:
            return flat_schema(file.schema, path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Whole stripes, together about ``rows`` rows."""
        shards: list[Shard] = []
        stripes: list[int] = []
        held = first = 0
        with _opened(path) as file:
            for stripe in range(file.nstripes):
                # ORC's footer says how many rows a stripe has, and pyarrow only once it has read a column of it.
                count = file.read_stripe(stripe, file.schema.names[:1]).num_rows
                if stripes and held + count > rows:
                    shards.append(Shard(path, self.name, size, tuple(stripes), first, held))
                    stripes = []
                    first += held
                    held = 0
                stripes.append(stripe)
                held += count
        return [*shards, Shard(path, self.name, size, tuple(stripes), first, held)] if stripes else shards

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read stripe by stripe; one is in memory at a time."""
        first = shard.first_row
        with _opened(shard.path) as file:
            places = places_of(file.schema)
            # A stripe of which nothing is read would have no rows.
            tops = [*(places[name][0] for name in columns), file.schema.names[0]]
            for stripe in shard.row_groups:
                whole = file.read_stripe(stripe, list(dict.fromkeys(tops)))
                batch = flat_batch(whole, places, columns)
                for start in range(0, whole.num_rows, rows):
                    numbers = np.arange(first + start, first + min(start + rows, whole.num_rows), dtype=np.int64)
                    yield Chunk(batch.slice(start, rows), numbers)
                first += whole.num_rows

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = PLAIN) -> PartWriter:
        """Refuse: releases are not written as ORC."""
        raise UsageError("ORC is not written", "", "Name another format")


@contextlib.contextmanager
def _opened(path: str) -> Iterator[Any]:
    from pyarrow import orc  # takes a while, and few need it

    with open_arrow(path) as stream:
        try:
            yield orc.ORCFile(stream)
        except (OSError, pa.ArrowException, KeyError, IndexError, MemoryError):
            raise InputError(_BROKEN[0], path, _BROKEN[1]) from None
