"""Apache Avro: blocks of typed records. Read only."""

import contextlib
import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.avro_types import arrow_schema, has_uuids, with_texts
from beam_deid.transforms.formats.flat_columns import flat_batch, flat_schema, places_of
from beam_deid.transforms.formats.format import Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import rows_of

if TYPE_CHECKING:
    from beam_deid.transforms.formats.avro_blocks import AvroFile

_BROKEN = (
    "the file cannot be read as Avro",
    "The file is truncated, damaged or not Avro: fetch it again or leave it out",
)


class Avro(Format):
    """Apache Avro: a file of records that says their types."""

    name = "avro"
    suffixes = (".avro",)
    unwritten = (".avro",)
    written = False

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The columns of the schema in the file's head, and those of the records in them."""
        with _opened(path) as file:
            return flat_schema(arrow_schema(file.schema, path), path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """The whole file: where its blocks begin is known only to who has read it."""
        return [Shard(path, self.name, size)]

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read the records one block after another, and put some of them together as columns."""
        first = 0
        with _opened(shard.path) as file:
            given = arrow_schema(file.schema, shard.path)
            places = places_of(given)
            most = rows_of(len(places), rows)
            tops = {places[name][0] for name in columns}
            wanted = pa.struct([field for field in given if field.name in tops])
            found = map(with_texts, file.records) if has_uuids(file.schema) else file.records
            while records := list(itertools.islice(found, most)):
                whole = pa.RecordBatch.from_struct_array(pa.array(records, wanted))
                numbers = np.arange(first, first + len(records), dtype=np.int64)
                first += len(records)
                yield Chunk(flat_batch(whole, places, columns), numbers)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """Refuse: releases are not written as Avro."""
        raise UsageError("Avro is not written", "", "Name another format")


@contextlib.contextmanager
def _opened(path: str) -> Iterator["AvroFile"]:
    """The records of a file, with their schema."""
    from beam_deid.transforms.formats.avro_blocks import opened  # takes a while, and few need it

    with open_arrow(path) as stream:
        try:
            yield opened(stream, path)
        except InputError:
            raise
        except Exception:  # what a damaged file makes of the reader may be any error
            raise InputError(_BROKEN[0], path, _BROKEN[1]) from None
