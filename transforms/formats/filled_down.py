"""Orders over several lines, as ``input.fill_down`` says: files whose blank cells say what the lines above say."""

import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

import pyarrow as pa

from beam_deid.transforms.formats.fill_down import Filling, Spelling, as_written
from beam_deid.transforms.formats.format import Chunk, Format, Shard
from beam_deid.transforms.formats.input_options import FillDown, InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.formats.wrapped import Wrapped

_WHOLE_FILE = sys.maxsize


class FilledDown(Wrapped):
    """Another format, whose rows are taken in the order of their file.

    Args:
        inner: The format of the file.
        spelt: How values that say a row's order are spelt where they are compared.
    """

    def __init__(self, inner: Format, spelt: Spelling = as_written) -> None:
        super().__init__(inner)
        self._spelt = spelt

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Give each file as one shard: a row in the middle of a file may say what only a row far above says."""
        return self._inner.shards(path, size, options, _WHOLE_FILE)

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read what is wanted, filled down; whose order a row is of is read beside it."""
        filled = options.fill_down
        if filled is None or not {*columns} & {*filled.fields}:
            yield from self._inner.read(shard, options, columns, rows, known, spare)
            return
        own = list(dict.fromkeys([*columns, filled.by]))
        wanted = FillDown(by=filled.by, fields=tuple(name for name in filled.fields if name in own))
        filling = Filling(wanted, spelt=self._spelt)
        for chunk in self._inner.read(shard, options, own, rows, known, spare):
            batch = meant(chunk.batch, self.notation.of_spreadsheets, options)
            given = dict(zip(own, batch.columns, strict=True))
            given = filling.fill(given, chunk.rows, [fault.rows for fault in chunk.faults])
            arrays = [given[name] for name in columns]
            yield replace(chunk, batch=pa.RecordBatch.from_arrays(arrays, names=list(columns)))
