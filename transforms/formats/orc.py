"""Apache ORC: typed columns in stripes, each of which is a shard. Read only."""

from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.flat_columns import flat_batch, flat_schema, places_of
from beam_deid.transforms.formats.format import Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.formats.reader_process import asked

_READER = "orc_stripes"


class Orc(Format):
    """Apache ORC: typed columns in stripes, which are read apart."""

    name = "orc"
    suffixes = (".orc",)
    unwritten = (".orc",)
    written = False

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's own columns, and those of the records in them."""
        with asked(_READER, {"path": path, "stripes": [], "columns": []}, _broken(path)) as answer:
            return flat_schema(answer.schema, path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Whole stripes, together about ``rows`` rows."""
        with asked(_READER, {"path": path, "stripes": [], "columns": []}, _broken(path)) as answer:
            counts = answer.told["rows"]
        shards: list[Shard] = []
        stripes: list[int] = []
        held = first = 0
        for stripe, count in enumerate(counts):
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
        # Names of the file's own columns may have dots in them: what is not one of them is inside one.
        tops = [name.partition(".")[0] for name in columns]
        request = {"path": shard.path, "stripes": shard.row_groups, "columns": [*columns, *tops]}
        with asked(_READER, request, _broken(shard.path)) as answer:
            places = places_of(answer.schema)
            for whole in answer.batches:
                batch = flat_batch(whole, places, columns)
                for start in range(0, whole.num_rows, rows):
                    numbers = np.arange(first + start, first + min(start + rows, whole.num_rows), dtype=np.int64)
                    yield Chunk(batch.slice(start, rows), numbers)
                first += whole.num_rows

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """Refuse: releases are not written as ORC."""
        raise UsageError("ORC is not written", "", "Name another format")


def _broken(path: str) -> InputError:
    return InputError(
        "the file cannot be read as ORC", path, "It is truncated, damaged or not ORC: fetch it again or leave it out"
    )
