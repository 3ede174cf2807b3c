"""The rows of delimited text as columns, with their numbers in the file and their faults."""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from beam_deid.transforms.errors import InputError, InternalFault
from beam_deid.transforms.formats.encoding import MARK, MARK_BYTES, as_utf8
from beam_deid.transforms.formats.encoding_scores import turned
from beam_deid.transforms.formats.format import Chunk, Fault, Shard, reported
from beam_deid.transforms.formats.text_blocks import Block, blocks
from beam_deid.transforms.formats.text_dialect import STAND_IN
from beam_deid.transforms.formats.text_footer import check_totals
from beam_deid.transforms.formats.text_layout import TextLayout
from beam_deid.transforms.formats.text_quotes import Flags
from beam_deid.transforms.formats.text_scan import Scan
from beam_deid.transforms.formats.text_source import open_from
from beam_deid.transforms.formats.text_stream import Utf8Stream, turned_out
from beam_deid.transforms.formats.total_row import LAST
from beam_deid.transforms.storage.limits import MOST_MALFORMED
from beam_deid.transforms.storage.paths import shown
from beam_deid.transforms.terms import Reason

Numbers = npt.NDArray[np.int64]


class Piece(NamedTuple):
    """Some rows as they come.

    Attributes:
        batch: The wanted columns of sound rows.
        rows: int64 array of their numbers in the file.
        faults: Rows that are not in ``batch``.
        end: The number behind the last row of the piece, sound or not.
    """

    batch: pa.RecordBatch
    rows: Numbers
    faults: list[Fault]
    end: int

    def before(self, end: int) -> "Piece":
        """What of it comes before a row."""
        count = int(np.searchsorted(self.rows, end))
        faults = [fault._replace(rows=fault.rows[fault.rows < end]) for fault in self.faults]
        return Piece(self.batch.slice(0, count), self.rows[:count], faults, min(self.end, end))


class Reading:
    """Reads the rows of a shard.

    Args:
        shard: What to read.
        layout: How its file is written.
        columns: The wanted columns.
    """

    def __init__(self, shard: Shard, layout: TextLayout, columns: Sequence[str]) -> None:
        self._shard = shard
        self._layout = layout
        self._columns = list(columns)
        self._extra = [f"\0{number}" for number in range(layout.width - len(layout.names))]
        self._malformed = 0
        self._uneven = False

    def pieces(self) -> Iterator[Piece]:
        """The shard's rows, block by block, without those of the footer.

        Raises:
            InputError: The file is truncated or damaged, has too many malformed rows, or text in another encoding.
        """
        footer = self._layout.footer if self._shard.end is None else 0
        return _without_last(self._pieces(), footer or 0)

    def _pieces(self) -> Iterator[Piece]:
        layout = self._layout
        number = self._shard.first_row
        stream = self._stream()
        last: list[bytes] = []
        try:
            for block in blocks(stream, layout.dialect, layout.width, self._shard.path):
                yield self._piece(block, number)
                number += len(block.scan.rows.starts) + block.lost
                last = [*last, *block.scan.last_lines(LAST)][-LAST:]
            # Where any place of a file can be read, that was seen before.
            if layout.footer is None and self._shard.end is None:
                check_totals(last, layout, self._shard.path)
        finally:
            stream.close()

    def _stream(self) -> Any:
        layout = self._layout
        path = self._shard.path
        if not layout.decoded:
            begin = self._shard.start or layout.begin
            return open_from(path, begin, self._shard.end or layout.end)
        stream = Utf8Stream(open_from(path, layout.encoding.mark), layout.encoding, shown(path), layout.stands_for)
        left = layout.begin
        while left > 0 and (passed := stream.read(left)):
            left -= len(passed)
        return stream

    def _piece(self, block: Block, number: int) -> Piece:
        scan = block.scan
        rows = scan.rows
        numbers = np.arange(number, number + len(rows.starts), dtype=np.int64)
        repeated = self._headers(scan)
        self._stop_if_turned(scan, numbers)
        sound, batch = self._sound(scan, repeated, number)
        malformed = ~repeated & ~sound
        good = numbers[sound]
        lost = [number + len(numbers)] if block.lost else []
        wrong = np.append(numbers[malformed], np.array(lost, dtype=np.int64))
        if self._extra:
            batch, good, more = _without_extra(batch, good, len(self._columns))
            wrong = np.sort(np.append(wrong, more))
        self._count(wrong)
        faults = [Fault(wrong, "", Reason.MALFORMED_ROW), Fault(numbers[repeated], "", Reason.REPEATED_HEADER)]
        batch, good, broken = self._without_broken(batch, good)
        return Piece(
            batch, good, [fault for fault in [*faults, *broken] if len(fault.rows)], number + len(numbers) + len(lost)
        )

    def _sound(self, scan: Scan, repeated: Flags, number: int) -> tuple[Flags, pa.RecordBatch]:
        """Which rows are sound, and their values.

        Where quotes are plain, Arrow refuses rows with another number of values, too: we count only from the first such row on.
        """
        sound = ~(repeated | scan.rows.broken)
        if scan.plain and not self._uneven:
            try:
                return sound, self._parsed(scan.selected(sound), int(sound.sum()), number)
            except pa.ArrowInvalid:
                self._uneven = True
        sound &= scan.counts == self._layout.width
        return sound, self._parsed(scan.selected(sound), int(sound.sum()), number)

    def _headers(self, scan: Scan) -> Flags:
        """Which rows are the line that names the columns."""
        rows = scan.rows
        found = np.zeros(len(rows.starts), dtype=bool)
        line = self._layout.header
        if line:
            found[scan.rows_like(line)] = True
        return found

    def _stop_if_turned(self, scan: Scan, numbers: Numbers) -> None:
        layout = self._layout
        if layout.decoded or not layout.encoding.found:
            return
        place = turned(layout.encoding.name, scan.data)
        if place is not None and place < scan.rows.end:
            row = reported(int(numbers[np.searchsorted(scan.rows.stops, place)]), layout.above)
            raise turned_out(layout.encoding.name, shown(self._shard.path), row)

    def _count(self, malformed: Numbers) -> None:
        self._malformed += len(malformed)
        if self._malformed > MOST_MALFORMED:
            row = reported(int(malformed[MOST_MALFORMED - self._malformed]), self._layout.above)
            raise InputError(
                f"more than {MOST_MALFORMED:,} rows of the file are malformed, as with another number of values than its header",
                f"{shown(self._shard.path)}: row {row}",
                "Is the delimiter right? Check input.delimiter and input.quote, or fix the rows",
            )

    def _parsed(self, data: bytes, count: int, number: int) -> pa.RecordBatch:
        layout = self._layout
        wanted = [*self._columns, *self._extra]
        if not count:
            return pa.RecordBatch.from_arrays([pa.array([], pa.string()) for _ in wanted], names=wanted)
        if not layout.decoded:
            data = as_utf8(data, layout.encoding.name)
        self._marked = MARK_BYTES[:1] in data and MARK_BYTES in data  # a byte that is rare is found much faster
        names = [*layout.names, *self._extra]
        quote = layout.dialect.quote
        table = pyarrow.csv.read_csv(
            pa.BufferReader(data),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            pyarrow.csv.ParseOptions(
                delimiter=chr(layout.dialect.delimiter),
                quote_char=False if quote is None else chr(quote),
                newlines_in_values=True,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=list(dict.fromkeys(wanted)) or names[:1],
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                check_utf8=False,
            ),
        )
        if table.num_rows != count:
            first = reported(number, layout.above)
            raise InternalFault(
                f"{count} rows were found and {table.num_rows} read", f"{shown(self._shard.path)}: from row {first} on"
            )
        columns = [self._whole(table.column(name)) for name in wanted]
        return pa.RecordBatch.from_arrays(columns, names=wanted)

    def _whole(self, column: pa.ChunkedArray) -> pa.Array:
        """A column in one piece, with the delimiter where its stand-in is."""
        # Arrow copies what it combines, even one piece; a block's rows are one, as it is read at once.
        whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        whole = whole.combine_chunks() if isinstance(whole, pa.ChunkedArray) else whole
        if self._layout.stands_for is None:
            return whole
        return pc.replace_substring(whole, STAND_IN, self._layout.stands_for)

    def _without_broken(self, batch: pa.RecordBatch, good: Numbers) -> tuple[pa.RecordBatch, Numbers, list[Fault]]:
        """The batch without rows of whose wanted values bytes are broken."""
        if not batch.num_rows or not self._marked:
            return batch, good, []
        faults = []
        sound = np.ones(len(good), dtype=bool)
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            broken = pc.match_substring(column, MARK).fill_null(False).to_numpy(zero_copy_only=False)
            if broken.any():
                faults.append(Fault(good[broken], name, Reason.BAD_ENCODING))
                sound &= ~broken
        if faults and self._layout.encoding.assumed:
            first = int(min(fault.rows[0] for fault in faults))
            raise turned_out("ASCII", shown(self._shard.path), reported(first, self._layout.above))
        return batch.filter(pa.array(sound)), good[sound], faults


def _without_extra(batch: pa.RecordBatch, good: Numbers, count: int) -> tuple[pa.RecordBatch, Numbers, Numbers]:
    """The batch without columns that have no name, and the rows that have values there."""
    filled = np.zeros(len(good), dtype=bool)
    for column in batch.columns[count:]:
        filled |= pc.greater(pc.binary_length(column), 0).fill_null(False).to_numpy(zero_copy_only=False)
    kept = batch.select(list(range(count)))
    return kept.filter(pa.array(~filled)), good[~filled], good[filled]


def _without_last(pieces: Iterator[Piece], count: int) -> Iterator[Piece]:
    """The pieces without their last so many rows."""
    held: deque[Piece] = deque()
    for piece in pieces:
        held.append(piece)
        while len(held) > 1 and held[-1].end - held[0].end >= count:
            yield held.popleft()
    if held:
        end = held[-1].end - count
        yield from (piece.before(end) for piece in held)


def recut(pieces: Iterator[Piece], columns: Sequence[str], rows: int, above: int = 0) -> Iterator[Chunk]:
    """Chunks of exactly so many rows but for the last, so that nothing depends on blocks, with the faults before their ends.

    Args:
        pieces: The rows as they come.
        columns: The columns.
        rows: How many rows a chunk has.
        above: How many rows stand above the first one.
    """
    held = _Held(columns, above)
    for piece in pieces:
        held.add(piece)
        while held.count >= rows:
            yield held.take(rows)
    if held.count or held.faults:
        yield held.take(None)


class _Held:
    """Rows and faults that wait for more."""

    def __init__(self, columns: Sequence[str], above: int) -> None:
        self._above = above
        self._schema = pa.schema([(name, pa.string()) for name in columns])
        self._batches: list[pa.RecordBatch] = []
        self._rows: list[Numbers] = []
        self.count = 0
        self.faults: list[Fault] = []

    def add(self, piece: Piece) -> None:
        """Hold a piece as well."""
        self._batches.append(piece.batch)
        self._rows.append(piece.rows)
        self.count += piece.batch.num_rows
        self.faults += [fault for fault in piece.faults if len(fault.rows)]

    def take(self, count: int | None) -> Chunk:
        """The first so many rows, or all; with the faults of rows before the last of them, or all."""
        whole = count is None
        rows = np.concatenate(self._rows)
        table = pa.Table.from_batches(self._batches, self._schema)
        count = len(rows) if count is None else count
        taken = table.slice(0, count).combine_chunks().to_batches()
        batch = taken[0] if taken else pa.RecordBatch.from_pylist([], self._schema)
        before, after = (self.faults, []) if whole else self._divided(int(rows[count - 1]))
        self._batches = table.slice(count).to_batches()
        self._rows = [rows[count:]]
        self.count -= count
        self.faults = after
        return Chunk(batch, rows[:count], before, self._above)

    def _divided(self, last: int) -> tuple[list[Fault], list[Fault]]:
        """The faults of rows before a row, and those behind it."""
        before = [fault._replace(rows=fault.rows[fault.rows < last]) for fault in self.faults]
        after = [fault._replace(rows=fault.rows[fault.rows > last]) for fault in self.faults]
        return [one for one in before if len(one.rows)], [one for one in after if len(one.rows)]
