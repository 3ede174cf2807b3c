"""Workbooks: .xlsx, .xls, .xlsb and .ods. A sheet is a table of text columns, as a spreadsheet shows its values.

Numbers are written with the 15 significant digits that a sheet keeps, whole ones without a point; dates and times as ISO
8601; TRUE and FALSE. A number of more digits has lost its last ones, and is a fault, and so is an error. Blank rows are
no records, and a value of cells that are merged over rows stands in each of them. Text that is called ``.xls`` is read as
text.
"""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.containers import DAMAGED_WORKBOOK, HEAD, container_of, is_page, is_text
from beam_deid.transforms.formats.delimited import Delimited
from beam_deid.transforms.formats.excel_cells import DAMAGED, ERROR
from beam_deid.transforms.formats.excel_writer import MOST_ROWS, ExcelWriter
from beam_deid.transforms.formats.format import Chunk, Fault, Format, Notation, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.kept_sheet import keep_sheet_rows
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.formats.passed_over import PassedOver, saying
from beam_deid.transforms.formats.reader_process import Answer, asked
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.terms import Reason

_AT_FAULT = {DAMAGED: Reason.DAMAGED_BY_EXCEL, ERROR: Reason.CELL_ERROR}


class Excel(Format):
    """Workbooks of Excel and its kin: one sheet, whose rows are records. Written as .xlsx, without a formula."""

    name = "xlsx"
    notation = Notation.SHEET
    unwritten = (".xlsm", ".xls", ".xlsb", ".ods")
    most_rows = MOST_ROWS
    suffixes = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The names in the sheet's header, each a text column; in the metadata, what of the workbook is passed over."""
        if _is_text(path):
            return _TEXT.schema(path, options)
        with _records(path, options, others=True) as answer:
            passed = PassedOver(**answer.told["passed"])
            return pa.schema([(name, pa.string()) for name in answer.told["names"]], saying(passed))

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """The whole file, for a sheet is read whole; a text file is cut as text."""
        if _is_text(path):
            return _TEXT.shards(path, size, options, rows)
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
        """Read the sheet in a process that holds all of it, and take it from there in chunks; see `Format.read`."""
        if _is_text(shard.path):
            yield from _TEXT.read(shard, options, columns, rows, known, spare)
            return
        with _records(shard.path, options) as answer:
            yield from _chunks(answer, columns, rows, shard.path)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """One sheet with a header; text is text, whatever it begins with."""
        return ExcelWriter(stream, schema)

    def keep_rows(self, path: str, size: int, stream: BinaryIO, kept: Bools) -> None:
        """Copy cells as they are; see `Format.keep_rows`."""
        keep_sheet_rows(path, stream, kept)


_TEXT = Delimited()


def _is_text(path: str) -> bool:
    """Whether a file that is called a workbook is text.

    Raises:
        InputError: The file is gone, or is a page of HTML.
    """
    with open_arrow(path) as stream:
        try:
            head = bytes(stream.read(HEAD))
        except OSError:
            raise InputError("the file is truncated or damaged", path, "Fetch it again or leave it out") from None
    if is_page(head):
        raise InputError(
            "the file is a page of HTML or XML, and no workbook", path, "Open it in Excel and save it as .xlsx"
        )
    return container_of(head) not in ("zip", "ole") and is_text(head)


def _records(path: str, options: InputOptions, others: bool = False) -> contextlib.AbstractContextManager[Answer]:
    what, next_step = DAMAGED_WORKBOOK
    broken = InputError(what, path, next_step)
    request = {
        "path": path,
        "sheet": options.sheet,
        "skip": options.skip,
        "header": options.header,
        "footer": options.footer,
        "others": others,
    }
    return asked("excel_sheet", request, broken)


def _chunks(answer: Answer, columns: Sequence[str], rows: int, path: str) -> Iterator[Chunk]:
    names = answer.told["names"]
    missing = [name for name in columns if name not in names]
    if missing:
        raise InputError(f"the file lacks the column {missing[0]}", path, "It had it when the run began")
    wanted = [names.index(name) for name in columns]
    for batch in answer.batches:
        for start in range(0, batch.num_rows, rows):
            piece = batch.slice(start, rows)
            arrays = [piece.column(number) for number in wanted]
            numbers = piece.column(len(names)).to_numpy()
            repeated = piece.column(len(names) + 1).to_numpy(zero_copy_only=False)
            yield _chunk(arrays, columns, numbers, repeated, answer.told["above"])


def _chunk(
    arrays: list[pa.Array],
    columns: Sequence[str],
    numbers: npt.NDArray[np.int64],
    repeated: npt.NDArray[np.bool_],
    above: int,
) -> Chunk:
    """The sound rows, and the others as faults."""
    faults = [Fault(numbers[repeated], "", Reason.REPEATED_HEADER)] if repeated.any() else []
    sound = ~repeated
    for name, column in zip(columns, arrays, strict=True):
        for mark, reason in _AT_FAULT.items():
            wrong = pc.equal(column, mark).fill_null(False).to_numpy(zero_copy_only=False)
            if wrong.any():
                faults.append(Fault(numbers[wrong], name, reason))
                sound &= ~wrong
    if faults:
        arrays = [column.filter(pa.array(sound)) for column in arrays]
    return Chunk(pa.RecordBatch.from_arrays(arrays, names=list(columns)), numbers[sound], faults, above)
