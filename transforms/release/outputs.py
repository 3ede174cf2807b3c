"""Where the released rows of a release go: to a part as they came, to pieces that are shuffled, or to a collection."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.release.pieces import Pieces
from beam_deid.transforms.release.releaser import Released, Releaser
from beam_deid.transforms.release.shuffle import QUOTA, Piece, part_of
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.treat.part import Part, WrittenPart


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
    """Opens the output of each release for a piece of the input. Small and picklable: other processes are told of it."""

    def open(self, job: Job, releaser: Releaser, shard: Shard | None) -> Output:
        """The output of a release, for the rows of a shard, or of whatever else is read."""
        ...


@dataclass(frozen=True)
class ToParts:
    """Rows go to files in staging: to a part of the shard's number, or where they are shuffled, to pieces of all parts.

    Attributes:
        staging: Folder in which each release has one of its own.
    """

    staging: str

    def open(self, job: Job, releaser: Releaser, shard: Shard | None) -> Output:
        """See `Outputs`.

        Raises:
            OutputError: A file cannot be written.
        """
        index = 0 if shard is None else shard.index
        decision = releaser.decision
        if decision.shuffled:
            return Pieces(job, self.staging, decision, index, releaser.schema)
        kind = job.policy.releases[decision.release].format
        return PartOutput(Part(self.staging, decision.release, index, kind, releaser.schema))


@dataclass(frozen=True)
class ToCollection:
    """Rows go on to a collection."""

    def open(self, job: Job, releaser: Releaser, shard: Shard | None) -> Output:
        """See `Outputs`."""
        return CollectionOutput(job, releaser.decision)


class PartOutput:
    """One part, whose rows are in the order of the source.

    Args:
        part: The part.
    """

    attempt = ""

    def __init__(self, part: Part) -> None:
        self._part = part

    def write(self, released: Released) -> None:
        """Append the rows of a batch."""
        self._part.write(released.batch)

    def take(self, least: int = 0) -> list[Piece]:
        """Nothing: all rows are in the part."""
        return []

    def close(self) -> None:
        """Finish the file."""
        self._part.close()

    @property
    def files(self) -> list[WrittenPart]:
        """The part."""
        return [self._part.facts]


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
        self._waiting: list[pa.RecordBatch] = []

    def write(self, released: Released) -> None:
        """Let the rows of a batch wait to be taken."""
        if not released.batch.num_rows:
            return
        batch = released.batch
        if self._decision.shuffled:
            batch = batch.append_column(QUOTA, pa.array(released.quota))
        self._waiting.append(batch)

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
        batch = pa.Table.from_batches(waiting).combine_chunks().to_batches()[0]
        part = part_of(batch, self._rest) % np.uint64(self._decision.parts)
        return [Piece(int(number), batch.filter(pa.array(part == number))) for number in np.unique(part)]
