"""Where the released rows of a release go: to a part as they came, to pieces that are shuffled, or to a collection."""

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Protocol

import numpy as np
import pyarrow as pa

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.pieces import Pieces
from beam_deid.transforms.release.releaser import Released, Releaser
from beam_deid.transforms.release.shuffle import Piece, parts_of, placed
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import Part, WrittenPart, discard_parts


class Output(Protocol):
    """Takes the released rows of one release, batch by batch.

    Attributes:
        attempt: What the attempt at these rows is called, where parts are put together from them later; else empty.
    """

    attempt: str

    def write(self, released: Released) -> None:
        """Take the rows of a batch."""
        ...

    def take(self, least: int = 0) -> list[Piece]:
        """Rows that go on to a collection, if there are at least so many."""
        ...

    def close(self) -> None:
        """Finish whatever is open, also after a failure."""
        ...

    @property
    def files(self) -> list[WrittenPart]:
        """The parts that were written, once it is closed."""
        ...


class Outputs(Protocol):
    """Opens the output of each release for a piece of the input. Small and picklable: other processes are told of it.

    Attributes:
        staging: Folder from which rows can be taken back once they are written; empty where they cannot.
    """

    @property
    def staging(self) -> str:
        """See above."""
        ...

    def open(self, job: Job, decision: ReleaseDecision, releaser: Releaser, shard: Shard | None) -> Output:
        """The output of a release, for the rows of a shard, or of whatever else is read."""
        ...


@dataclass(frozen=True)
class ToParts:
    """Rows go to files in staging: to parts of the shard's number, or where they are shuffled, to pieces of all parts.

    Attributes:
        staging: Folder in which each release has one of its own.
    """

    staging: str

    def open(self, job: Job, decision: ReleaseDecision, releaser: Releaser, shard: Shard | None) -> Output:
        """See `Outputs`.

        Raises:
            OutputError: A file cannot be written.
        """
        index = 0 if shard is None else shard.index
        if decision.shuffled:
            return Pieces(job, self.staging, decision, index, releaser.schema)
        return as_they_came(job, self.staging, releaser, index)


@dataclass(frozen=True)
class ToCollection:
    """Rows go on to a collection."""

    staging: ClassVar[str] = ""

    def open(self, job: Job, decision: ReleaseDecision, releaser: Releaser, shard: Shard | None) -> Output:
        """See `Outputs`."""
        return CollectionOutput(job, decision)


def as_they_came(job: Job, staging: str, releaser: Releaser, index: int) -> "PartsOutput":
    """The parts of a shard whose rows stay in the order of the source, as large as the policy says.

    Args:
        job: The run.
        staging: The staging folder.
        releaser: What makes the released batches.
        index: The shard's number.

    Raises:
        OutputError: A part cannot be written.
    """
    asked = job.policy.releases[releaser.decision.release]
    most = format_named(asked.format).most_rows if asked.parts is None else asked.parts.rows
    return PartsOutput(job, staging, releaser, index, most)


class PartsOutput:
    """Parts whose rows are in the order of the source: one, or as many as rows need where the policy says how large they are.

    Args:
        job: The run.
        staging: The staging folder.
        releaser: What makes the released batches.
        index: The shard's number.
        most: Most rows of a part; None for all in one.

    Raises:
        OutputError: A part cannot be written; so do `write` and `close`.
    """

    attempt = ""

    def __init__(self, job: Job, staging: str, releaser: Releaser, index: int, most: int | None) -> None:
        release = releaser.decision.release
        self._staging = staging
        asked = job.policy.releases[release]
        self._begin = partial(Part, staging, release, kind=asked.format, schema=releaser.schema, options=asked.output)
        self._index = index
        self._most = most
        self._room = most or 0
        self._parts = [self._begin((index,) if most is None else (index, 0))]

    def write(self, released: Released) -> None:
        """Append the rows of a batch."""
        batch = released.batch
        while self._most is not None and batch.num_rows > self._room:
            self._parts[-1].write(batch.slice(0, self._room))
            batch = batch.slice(self._room)
            self._next(self._most)
        self._room -= batch.num_rows
        self._parts[-1].write(batch)

    def take(self, least: int = 0) -> list[Piece]:
        """Nothing: all rows are in the parts."""
        return []

    def close(self) -> None:
        """Finish the file that is open."""
        self._parts[-1].close()

    def discard(self) -> None:
        """Remove all parts, for what they were written for is not to be."""
        with contextlib.suppress(OSError, OutputError):  # what is left goes with its folder
            self.close()
            discard_parts(self._staging, self.files)

    @property
    def files(self) -> list[WrittenPart]:
        """The parts."""
        return [part.facts for part in self._parts]

    def _next(self, most: int) -> None:
        """Finish a part that is full, and begin another."""
        self._parts[-1].close()
        self._parts.append(self._begin((self._index, len(self._parts))))
        self._room = most


class CollectionOutput:
    """Rows that go on to a collection: as they come, or by the parts that they are shuffled into.

    Args:
        job: The run.
        decision: The release.
    """

    attempt = ""
    files: list[WrittenPart] = []  # noqa: RUF012 - a collection has none

    def __init__(self, job: Job, decision: ReleaseDecision) -> None:
        self._decision = decision
        self._rest = job.layouts[decision.release].rest
        self._parts = Cut.of(job, decision).parts
        self._waiting: list[pa.RecordBatch] = []

    def write(self, released: Released) -> None:
        """Let the rows of a batch wait to be taken."""
        if not released.batch.num_rows:
            return
        self._waiting.append(placed(released, self._rest) if self._decision.shuffled else released.batch)

    def close(self) -> None:
        """Nothing is open."""

    def take(self, least: int = 0) -> list[Piece]:
        """The rows that wait. Shuffled ones go on in pieces, which should not be small, so of them ``least`` must wait."""
        waiting = self._waiting
        if not waiting or (self._decision.shuffled and sum(batch.num_rows for batch in waiting) < least):
            return []
        self._waiting = []
        if not self._decision.shuffled:
            return [Piece(None, batch) for batch in waiting]
        rows = pa.concat_batches(waiting)
        part = parts_of(rows, self._parts)
        return [Piece(int(number), rows.filter(pa.array(part == number))) for number in np.unique(part)]
