"""Parts of a release as delimited text."""

import codecs
from typing import BinaryIO

import pyarrow as pa
import pyarrow.csv

from beam_deid.transforms.columns.formulas import neutralized
from beam_deid.transforms.formats.output_options import OutputOptions


class DelimitedWriter:
    """Writes CSV (RFC 4180): UTF-8, a header, line feeds; null is empty, the empty string is ``""``.

    Text is written so that a spreadsheet takes it for text, unless that is switched off, and is read again as it was.

    Args:
        stream: Where to.
        schema: Schema of the batches.
        options: How.
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions) -> None:
        if options.bom:
            stream.write(codecs.BOM_UTF8)
        self._kept = options.formulas == "kept"
        self._schema = schema
        self._writer = pyarrow.csv.CSVWriter(stream, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if batch.num_rows:
            self._writer.write_batch(batch if self._kept else self._harmless(batch))

    def _harmless(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        columns = [neutralized(one) if pa.types.is_string(one.type) else one for one in batch.columns]
        return pa.RecordBatch.from_arrays(columns, schema=self._schema)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()
