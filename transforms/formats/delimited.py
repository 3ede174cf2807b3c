"""Delimited text (CSV) as platforms really export it: encodings, armour, quoted line breaks; all columns are text.

An unquoted empty field is null, a quoted one is the empty string. Blank lines are passed over and not counted. Spreadsheets'
escapes, as of ``="0123"``, are in the values: whoever reads them as kinds takes them off.
"""

import csv as standard_csv
import io
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from beam_deid.transforms.errors import EmptyFile, InputError
from beam_deid.transforms.formats.compression import open_plain
from beam_deid.transforms.formats.delimited_writer import DelimitedWriter
from beam_deid.transforms.formats.encoding import MARK, Utf8Stream, detect
from beam_deid.transforms.formats.format import Chunk, Fault, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.output_options import AS_USUAL, OutputOptions
from beam_deid.transforms.storage.limits import LONGEST_HEADER, LONGEST_ROW, MOST_MALFORMED, check_columns, mebibytes
from beam_deid.transforms.terms import Reason

# A row that begins in one block must end in the next, so a block is as long as the longest row with its line break.
_BLOCK = LONGEST_ROW + len("\r\n")
_DELIMITERS = (",", ";", "\t", "|")


class Delimited(Format):
    """Text with a header and one row a line, whose values a comma, semicolon, tab or other character separates (CSV, TSV)."""

    name = "csv"
    opened_as_text = True
    suffixes = (".csv", ".tsv", ".txt")
    of_spreadsheets = True

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The header's names, each a text column."""
        return pa.schema([(name, pa.string()) for name in _header(path, options).names])

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """The whole file: where a quoted field ends cannot be told from the middle of a file."""
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
        """Stream the file; memory stays bounded whatever its size.

        Raises:
            InputError: See `Format.read`; a row whose values are longer than 4 MiB, and too many malformed rows, too.
        """
        header = _header(shard.path, options)
        missing = [name for name in columns if name not in header.names]
        if missing:
            raise InputError(f"the file lacks the column {missing[0]}", shard.path, "It had it when the run began")
        stream = Utf8Stream(open_plain(shard.path), header.encoding, options.quote, shard.path)
        numbering = _Numbering(header.lines)
        # The last column is read as well: a quote that is never closed shows there.
        wanted = list(dict.fromkeys([*columns, header.names[-1]]))
        try:
            batches = _short_rows(_batches(stream, header, options, wanted, numbering), numbering, shard.path)
            for table in _recut(batches, wanted, rows):
                yield _chunk(table, columns, numbering, stream.marked)
            rest = numbering.rest()
            if len(rest):
                empty = pa.RecordBatch.from_arrays([pa.array([], pa.string())] * len(columns), names=list(columns))
                yield Chunk(empty, rest[:0], [Fault(rest, "", Reason.MALFORMED_ROW)])
            if stream.quotes % 2 and (numbering.ends_invalid or numbering.last_spans_lines):
                raise InputError(
                    "a quote is opened and never closed", f"{shard.path}: row {numbering.last}", "Mend that row"
                )
        except pa.ArrowException:
            if numbering.gave_up:
                raise _too_many(shard.path, numbering.latest) from None
            raise _too_long(shard.path, numbering.upcoming()) from None
        finally:
            stream.close()

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = AS_USUAL) -> PartWriter:
        """CSV that a spreadsheet takes for text, too; see there."""
        return DelimitedWriter(stream, schema, options)


class _Header:
    def __init__(self, names: list[str], delimiter: str, encoding: str, lines: int) -> None:
        self.names = names
        self.delimiter = delimiter
        self.encoding = encoding
        self.lines = lines


class _Numbering:
    """Row numbers in the file for rows that Arrow gives without the malformed ones."""

    def __init__(self, header_lines: int) -> None:
        self._before = header_lines + 1
        self._malformed = self.latest = 0
        self._next = self._given = 0
        self._invalid: list[int] = []
        self.last = 0
        self.last_spans_lines = False
        self.ends_invalid = False

    @property
    def gave_up(self) -> bool:
        """Whether reading was stopped, for too many rows are malformed."""
        return self._malformed > MOST_MALFORMED

    def skip(self, row: Any) -> str:
        """Note a malformed row; Arrow asks what to do then."""
        self._malformed += 1
        self.latest = row.number - self._before
        if self.gave_up:
            return "error"
        self._invalid.append(self.latest)
        return "skip"

    def give(self, count: int) -> None:
        """Arrow gave ``count`` good rows, which may wait a while before they are taken."""
        self._given += count

    def upcoming(self) -> int:
        """The number of the first good row that Arrow has not given yet."""
        return int(self._good(self._given + 1)[0][-1])

    def take(self, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Numbers of the next ``count`` good rows, and of the malformed ones before the last of them."""
        good, invalid = self._good(count)
        end = int(good[-1]) + 1 if count else self._next
        self._given -= count
        self._next = end
        self.last = max(end - 1, 0)
        passed = invalid[invalid < end]
        self._invalid = self._invalid[len(passed) :]
        return good, passed

    def _good(self, count: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Numbers of the next ``count`` good rows, and of all malformed ones that are known."""
        invalid = np.array(self._invalid, dtype=np.int64)
        span = np.arange(self._next, self._next + count + len(invalid), dtype=np.int64)
        return span[~np.isin(span, invalid)][:count], invalid

    def rest(self) -> npt.NDArray[np.int64]:
        """Malformed rows after the last good one."""
        rest = np.array(self._invalid, dtype=np.int64)
        if len(rest):
            self.ends_invalid = True
            self.last = int(rest[-1])
        self._invalid = []
        return rest


def _header(path: str, options: InputOptions) -> _Header:
    stream = open_plain(path)
    try:
        head = bytes(stream.read(LONGEST_HEADER + 1))
    except OSError:
        raise InputError("the file is truncated or damaged", path, "Fetch it again or leave it out") from None
    finally:
        stream.close()
    if not head:
        raise EmptyFile("the file is empty, it has not even a header", path, "Leave it out")
    encoding = detect(head, options.encoding)
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    given = [options.delimiter] if options.delimiter != "auto" else _DELIMITERS
    parsed = [found for mark in given if (found := _first_record(text, mark, options.quote)) is not None]
    if not parsed:
        raise InputError(
            "the header cannot be read, for a name in it is longer than 128 KiB or holds a bare carriage return",
            path,
            "Let the first line name the columns. Is a quote left open there? Check input.delimiter and input.quote",
        )
    first = max(parsed, key=lambda found: len(found.fields))
    if len(head) > LONGEST_HEADER and not first.ended:
        raise InputError(
            f"the header does not end within {mebibytes(LONGEST_HEADER)}",
            path,
            "Let the first line name the columns, and check input.delimiter",
        )
    check_columns(len(first.fields), path)
    names = [_bare(name) for name in first.fields]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError("the header names a column twice", f"{path}: {min(twice)}", "Rename one of them")
    return _Header(names, first.delimiter, encoding, first.lines)


class _FirstRecord(NamedTuple):
    fields: list[str]
    lines: int
    ended: bool
    delimiter: str


def _first_record(text: str, delimiter: str, quote: str) -> _FirstRecord | None:
    """The first record, and whether anything follows it; None where it cannot be read."""
    lines = io.StringIO(text)
    reader = standard_csv.reader(lines, delimiter=delimiter, quotechar=quote)
    try:
        return _FirstRecord(next(reader, []), reader.line_num, lines.tell() < len(text), delimiter)
    except standard_csv.Error:
        return None


def _too_long(path: str, row: int) -> InputError:
    # A row of two blocks is all that Arrow fails at: of what is malformed it only tells.
    return InputError(
        f"the row is longer than {mebibytes(LONGEST_ROW)}",
        f"{path}: row {row}",
        "Is a quote left open there? Check input.delimiter and input.quote, or shorten the row",
    )


def _too_many(path: str, row: int) -> InputError:
    return InputError(
        f"more than {MOST_MALFORMED:,} rows of the file have another number of values than its header",
        f"{path}: row {row}",
        "Is the delimiter right? Check input.delimiter and input.quote, or mend the rows",
    )


def _bare(name: str) -> str:
    name = name.strip(" \t\r\n\ufeff")
    return name[2:-1] if name.startswith('="') and name.endswith('"') else name


def _batches(
    stream: Utf8Stream, header: _Header, options: InputOptions, columns: list[str], numbering: _Numbering
) -> Iterator[pa.RecordBatch]:
    reader = pyarrow.csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        pyarrow.csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=header.names, skip_rows=header.lines
        ),
        pyarrow.csv.ParseOptions(
            delimiter=header.delimiter,
            quote_char=options.quote,
            newlines_in_values=True,
            invalid_row_handler=numbering.skip,
        ),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(header.names, pa.string()),
            include_columns=columns,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    yield from reader


def _short_rows(batches: Iterator[pa.RecordBatch], numbering: _Numbering, path: str) -> Iterator[pa.RecordBatch]:
    """The batches of blocks as they are, each stopped if a row in it is too long.

    Arrow reads a row of up to twice the block where that falls into two blocks; whether a file is read must not depend on
    where its rows fall. Only the first row of a batch can have begun in the block before.
    """
    for batch in batches:
        values = [column.slice(0, 1) for column in batch.columns]
        if sum(pc.sum(pc.binary_length(value)).as_py() or 0 for value in values) > LONGEST_ROW:
            raise _too_long(path, numbering.upcoming())
        numbering.give(batch.num_rows)
        yield batch


def _recut(batches: Iterator[pa.RecordBatch], columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
    """Batches of exactly ``rows`` rows but for the last, so that nothing depends on blocks."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        while count >= rows:
            table = pa.Table.from_batches(held)
            yield table.slice(0, rows).combine_chunks().to_batches()[0]
            held = table.slice(rows).to_batches()
            count = count - rows
    if count:
        yield pa.Table.from_batches(held).combine_chunks().to_batches()[0]


def _chunk(batch: pa.RecordBatch, columns: Sequence[str], numbering: _Numbering, marked: bool) -> Chunk:
    good, malformed = numbering.take(batch.num_rows)
    numbering.last_spans_lines = any("\n" in (column[-1].as_py() or "") for column in batch.columns)
    faults = [Fault(malformed, "", Reason.MALFORMED_ROW)] if len(malformed) else []
    arrays = [batch.column(name) for name in columns]
    if marked:
        sound = np.ones(len(good), dtype=bool)
        for name, column in zip(columns, arrays, strict=True):
            broken = pc.match_substring(column, MARK).fill_null(False).to_numpy(zero_copy_only=False)
            if broken.any():
                faults.append(Fault(good[broken], name, Reason.BAD_ENCODING))
                sound &= ~broken
        arrays = [column.filter(pa.array(sound)) for column in arrays]
        good = good[sound]
    return Chunk(pa.RecordBatch.from_arrays(arrays, names=list(columns)), good, faults)
