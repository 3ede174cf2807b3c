"""A format around another one, which adds to what its files say and is the other in everything else."""

from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats.format import Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions


class Wrapped(Format):
    """Another format, of whose files more is read than stands in them.

    Args:
        inner: The format of the file.
    """

    suffixes = ()

    def __init__(self, inner: Format) -> None:
        self._inner = inner
        self.notation = inner.notation

    @property
    def name(self) -> str:  # type: ignore[override]
        """What the format of the file is called."""
        return self._inner.name

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The file's own columns."""
        return self._inner.schema(path, options)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Cut a file into shards as the format of the file does."""
        return self._inner.shards(path, size, options, rows)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """Make the writer that the format of the file makes: what is added is added to files that are read only."""
        return self._inner.writer(stream, schema, options)
