"""Sorting placed rows that may be more than memory holds: sorted runs in one file, merged part by part.

However many rows a part has, and however many of them are alike, no more is held than the rows of one run and a little of each.
"""

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.piece_files import PieceReader, PieceWriter
from beam_deid.transforms.release.shuffle import GROUP, ROW, condensed, numbers, parts_of
from beam_deid.transforms.storage.files import store_of

HELD_BYTES = 1 << 25
"""Bytes of rows that wait until they are sorted together."""
RUN_ROWS = 4_096
"""Rows of a run that are held while it is merged with others."""

Key = tuple[int, int]
"""The hashes by which rows are ordered: of the values that groups are made by, and of all."""


class Sorting:
    """Sorts the rows of some parts.

    Args:
        path: The file of runs, which there is only where the rows are more than wait in memory.
        cut: How the release is cut.
        lot: The lot whose parts these are.
    """

    def __init__(self, path: str, cut: Cut, lot: int) -> None:
        self._path = path
        self._parts = cut.parts
        self._held: list[pa.RecordBatch] = []
        self._nbytes = 0
        self._runs: dict[int, list[range]] = {part: [] for part in cut.parts_in(lot)}
        self._file: PieceWriter | None = None

    def add(self, rows: pa.RecordBatch) -> None:
        """Take placed rows of these parts.

        Raises:
            OutputError: A run cannot be written.
        """
        if rows.num_rows:
            self._held.append(rows)
            self._nbytes += rows.nbytes
        if self._nbytes >= HELD_BYTES:
            self._write_run()

    def parts(self) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
        """Each part's number with its rows, condensed, in order. To be asked once, when all rows have been added.

        Raises:
            OutputError: A run cannot be written, or is not what was written.
        """
        if self._file is None:
            yield from self._sorted()
            return
        self._write_run()
        self._file.close()
        with contextlib.closing(PieceReader(self._path)) as reader:
            for part, runs in self._runs.items():
                yield part, merged([Run(reader, batches) for batches in runs])

    def discard(self) -> None:
        """Remove the file of runs, if there is one."""
        if self._file is not None:
            with contextlib.suppress(OSError, OutputError):  # what is left goes with its folder
                self._file.close()
                store_of(self._path).delete([self._path])

    def _sorted(self) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
        """The rows that wait, by part."""
        if not self._held:
            yield from ((number, iter(())) for number in self._runs)
            return
        rows = pa.concat_batches(self._held)
        self._held = []
        self._nbytes = 0
        part = parts_of(rows, self._parts)
        for number in self._runs:
            yield number, iter((condensed(rows.filter(pa.array(part == number))),))

    def _write_run(self) -> None:
        """Sort the rows that wait, and write them behind the runs before."""
        for number, sorted_rows in self._sorted():
            for rows in sorted_rows:
                batches = [self._written(rows.slice(first, RUN_ROWS)) for first in range(0, rows.num_rows, RUN_ROWS)]
                if batches:
                    self._runs[number].append(range(batches[0], batches[-1] + 1))

    def _written(self, rows: pa.RecordBatch) -> int:
        """Write some rows of a run; their number in the file."""
        if self._file is None:
            self._file = PieceWriter(self._path, rows.schema)
        return self._file.write(rows)


class Run:
    """Condensed rows in order, of which the first few are loaded.

    Args:
        reader: The file that they are in.
        batches: The numbers of their batches.

    Raises:
        OutputError: The file is not what was written; so does `load`.
    """

    def __init__(self, reader: PieceReader, batches: range) -> None:
        self._reader = reader
        self._left = list(reversed(batches))
        self._rows = reader.batch(self._left.pop())

    @property
    def has_rows(self) -> bool:
        """Whether any row is loaded."""
        return bool(self._rows.num_rows)

    @property
    def has_more(self) -> bool:
        """Whether there are rows that are not loaded; then one at least is loaded."""
        return bool(self._left)

    @property
    def last(self) -> Key:
        """The hashes of the last row that is loaded; none of those that are not comes before it."""
        return int(numbers(self._rows, GROUP)[-1]), int(numbers(self._rows, ROW)[-1])

    def load(self) -> None:
        """Load some more rows."""
        self._rows = pa.concat_batches([self._rows, self._reader.batch(self._left.pop())])

    def before(self, key: Key) -> pa.RecordBatch:
        """The loaded rows that come before all with these hashes, and are given away."""
        group, row = map(np.uint64, key)
        groups = numbers(self._rows, GROUP)
        first = int(np.searchsorted(groups, group, "left"))
        last = int(np.searchsorted(groups, group, "right"))
        return self._taken(first + int(np.searchsorted(numbers(self._rows, ROW)[first:last], row, "left")))

    def rest(self) -> pa.RecordBatch:
        """All loaded rows, which are given away."""
        return self._taken(self._rows.num_rows)

    def _taken(self, length: int) -> pa.RecordBatch:
        taken = self._rows.slice(0, length)
        self._rows = self._rows.slice(length)
        return taken


def merged(runs: Sequence[Run]) -> Iterator[pa.RecordBatch]:
    """The rows of all runs in order and condensed; those with the same hashes come together.

    Raises:
        OutputError: The file of a run is not what was written.
    """
    while any(run.has_more for run in runs):
        bound = min(run.last for run in runs if run.has_more)
        rows = pa.concat_batches([run.before(bound) for run in runs])
        if rows.num_rows:
            yield condensed(rows)
        for run in runs:
            if run.has_more and run.last == bound:
                run.load()
        runs = [run for run in runs if run.has_rows]
    if runs:
        yield condensed(pa.concat_batches([run.rest() for run in runs]))
