"""Work bucket by bucket: tasks that read the rows of one bucket, and set rows aside for the tasks of a later stage.

A stage runs one task over all buckets of what an earlier stage set aside. A task gives back facts, which are small, and may
set rows aside in streams; each stream is partitioned anew, by keys of its own. So no task needs more than a bucket's rows, and
rows that must be counted together meet in one bucket. Rows wait in files of a private folder, or in memory where they are few.
The files of a stream are removed as soon as the driver has no `Stream` of it any more: whoever is done with one lets it go.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.partition import MOST_BUCKETS, Buckets, bucket_of, partition
from beam_deid.transforms.run.heap import give_back
from beam_deid.transforms.run.held_files import HeldFiles
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.spill import Spilled, SpillWriter, read_bucket
from beam_deid.transforms.run.spill_cipher import Words
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.workers import Shared, Tasks

Result = TypeVar("Result")
Told = TypeVar("Told", covariant=True)
Columns = Mapping[Column, Words]

_BUFFER = 8 << 20
"""Bytes of each stream's rows that a task collects before it writes them."""
_MERGED = 4
"""Results that are merged together."""
_FILES = 8
"""Most files of one stream: each is opened once for every bucket."""


@dataclass
class Stream:
    """Rows that were set aside, in buckets.

    Attributes:
        buckets: How many buckets there are.
        files: Files that hold some of them.
        pieces: Others, in memory, by bucket.
        held: Hold the files until this stream is let go, and all that were joined with it; none where somebody else does.
    """

    buckets: int
    files: list[Spilled] = field(default_factory=list)
    pieces: dict[int, list[Columns]] = field(default_factory=dict)
    held: list[HeldFiles] = field(default_factory=list)

    def hold(self) -> None:
        """Let the files be removed when this stream goes."""
        self.held.append(HeldFiles([file.path for file in self.files]))

    def rows_in(self, bucket: int) -> int:
        """The number of rows of one bucket."""
        own = sum(len(next(iter(piece.values()))) for piece in self.pieces.get(bucket, ()))
        return own + sum(file.rows_in(bucket) for file in self.files)

    @property
    def filled(self) -> list[int]:
        """The buckets that have any row, ascending."""
        return filled(self)

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(self.rows_in(bucket) for bucket in range(self.buckets))

    def read(self, bucket: int, wanted: Sequence[Column]) -> dict[Column, Any]:
        """Read some columns of one bucket, each of shape (n,).

        Raises:
            OutputError: A file is gone, or is not what was written.
        """
        parts = [[piece[column] for column in wanted] for piece in self.pieces.get(bucket, ())]
        files = [file for file in self.files if file.rows_in(bucket)]
        if files:
            parts.append(list(read_bucket(files, bucket, wanted)))
        if not parts:
            return {column: np.empty(0, np.int64 if column.what == COUNT.what else np.uint64) for column in wanted}
        if len(parts) == 1:
            return dict(zip(wanted, parts[0], strict=True))
        return {column: np.concatenate([part[at] for part in parts]) for at, column in enumerate(wanted)}


def filled(*streams: Stream) -> list[int]:
    """The buckets in which one of some streams has a row, ascending."""
    buckets = range(max((one.buckets for one in streams), default=0))
    return [bucket for bucket in buckets if any(one.rows_in(bucket) for one in streams)]


_FINER = 4
"""Into so many a bucket is cut where a stream has many times the rows of others."""

COUNT = Column("count")
"""Records of each row; the one column of int64."""

Streams = dict[str, Stream]


class Out:
    """What a task sets aside.

    Args:
        path: How the names of its files begin; empty where rows stay in memory.
        buckets: How many buckets every stream has.
    """

    def __init__(self, path: str, buckets: int) -> None:
        self._path = path
        self._buckets = buckets
        self._writers: dict[str, SpillWriter] = {}
        self._pieces: Streams = {}

    def put(self, stream: str, keys: Fingerprints, columns: Columns) -> None:
        """Set rows aside.

        Args:
            stream: The stream; all rows of one stream have the same columns.
            keys: By what they are partitioned, shape (n,).
            columns: Their columns, each of shape (n,).

        Raises:
            OutputError: They cannot be written.
        """
        self.put_into(stream, bucket_of(keys, self._buckets), columns)

    def put_finely(self, stream: str, keys: Fingerprints, columns: Columns) -> None:
        """Set rows aside in `fine_buckets`. See `put`."""
        many = fine_buckets(self._buckets)
        self._put(stream, bucket_of(keys, many), columns, many)

    def put_into(self, stream: str, bucket: Buckets, columns: Columns) -> None:
        """Set rows aside whose buckets are known, shape (n,); those of one bucket keep their order. See `put`."""
        self._put(stream, bucket, columns, self._buckets)

    def _put(self, stream: str, bucket: Buckets, columns: Columns, many: int) -> None:
        if not self._path:
            self._keep(stream, bucket, columns, many)
            return
        if stream not in self._writers:
            unsigned = [column for column in columns if column != COUNT]
            signed = [column for column in columns if column == COUNT]
            path = f"{self._path}-{len(self._writers)}"
            self._writers[stream] = SpillWriter(path, unsigned, signed, many, _BUFFER)
        ordered = [*(column for name, column in columns.items() if name != COUNT)]
        ordered += [column for name, column in columns.items() if name == COUNT]
        self._writers[stream].add(bucket, ordered)

    def close(self) -> Streams:
        """Finish all files.

        Raises:
            OutputError: What is left cannot be written.
        """
        written = [(name, writer.close()) for name, writer in self._writers.items()]
        return self._pieces | {name: Stream(file.buckets, files=[file]) for name, file in written}

    def _keep(self, stream: str, bucket: Buckets, columns: Columns, many: int) -> None:
        kept = self._pieces.setdefault(stream, Stream(many))
        if many == 1:
            kept.pieces.setdefault(0, []).append(dict(columns))
            return
        rows = partition(bucket, many)
        for number in np.flatnonzero(np.diff(rows.begins)).tolist():
            piece = {name: column[rows.rows(number)] for name, column in columns.items()}
            kept.pieces.setdefault(number, []).append(piece)


def fine_buckets(buckets: int) -> int:
    """The number of finer buckets beside so many, of which each lies in one of these: the first ones in the first, and so on."""
    return buckets * max(1, min(_FINER, MOST_BUCKETS // buckets))


Merge = Callable[[Sequence[Result]], Result]
"""Merges facts; associative."""


class Task(Protocol[Told]):
    """What is done with each bucket; it is pickled once for all buckets."""

    def run(self, bucket: int, out: Out) -> Told:
        """Work on a bucket."""
        ...


class Stages:
    """Runs stages one after the other.

    Args:
        buckets: How many buckets every stream has.
        folder: Where rows wait; None where they are few enough for memory, and all tasks run in this process.
        workers: How many processes there are.
        where: What the stages are part of, as messages call it.
    """

    def __init__(self, buckets: int, folder: SpillFolder | None = None, workers: int = 1, where: str = "") -> None:
        self.buckets = buckets
        self._folder = folder
        self._workers = workers if folder is not None else 1
        self._where = where
        self._stage = 0

    def run(
        self, task: Task[Result], buckets: Iterable[int] | None = None, merge: Merge[Result] | None = None
    ) -> tuple[list[Result], Streams]:
        """Run a task over buckets.

        Args:
            task: The task.
            buckets: Numbers of the buckets; all of them if not given.
            merge: Merges what the task gave back for several buckets, where that is too much to be kept of each.

        Returns:
            What it gave back for each bucket, in their order, or merged; and what it set aside, whose files are there as long as
            these streams are.

        Raises:
            OutputError: Rows cannot be set aside, or read again.
        """
        chosen = list(range(self.buckets) if buckets is None else buckets)
        groups = np.array_split(np.array(chosen, np.int64), min(_FILES, max(len(chosen), 1)))
        self._stage += 1
        if self._folder is not None:
            give_back()
        PROGRESS.count(len(chosen))
        told = Shared(task)
        tasks = Tasks(self._workers, self._where)
        results: list[Result] = []
        asides: list[Streams] = []

        def take(done: Iterable[tuple[list[Result], Streams]]) -> None:
            for more, aside in done:
                results.extend(more)
                asides.append(aside)
                if merge is not None and len(results) > 1:
                    results[:] = [merge(results)]

        for number, group in enumerate(groups):
            path = "" if self._folder is None else self._folder.file(f"{self._stage}-{number}")
            take(tasks.submit(_run, told, group.tolist(), path, self.buckets, merge))
        take(tasks.rest())
        streams = joined(asides)
        for stream in streams.values():
            stream.hold()
        return results, streams

    def take(self, streams: Streams, name: str) -> Stream:
        """A stream of those that a stage set aside, which go on without it; an empty one where no task put anything there."""
        return streams.pop(name, Stream(self.buckets))


def _run(
    told: Shared[Task[Result]], buckets: Sequence[int], path: str, many: int, merge: Merge[Result] | None
) -> tuple[list[Result], Streams]:
    out = Out(path, many)
    results: list[Result] = []
    for bucket in buckets:
        results.append(told.value.run(bucket, out))
        PROGRESS.add(1)
        if merge is not None and len(results) == _MERGED:
            results = [merge(results)]
    if merge is not None and results:
        results = [merge(results)]
    return results, out.close()


def joined(parts: Iterable[Streams]) -> Streams:
    """The streams of all parts together. Joining is associative."""
    streams: Streams = {}
    for part in parts:
        for name, stream in part.items():
            whole = streams.setdefault(name, Stream(stream.buckets))
            whole.files.extend(stream.files)
            whole.held.extend(stream.held)
            for bucket, pieces in stream.pieces.items():
                whole.pieces.setdefault(bucket, []).extend(pieces)
    return streams
