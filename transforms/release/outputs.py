"""Where the released rows of a release go: to a part as they came, to pieces that are shuffled, or to a collection."""

from typing import Protocol

import numpy as np
import pyarrow as pa

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.release.releaser import Released
from beam_deid.transforms.release.shuffle import QUOTA, part_of
from beam_deid.transforms.run.job import BATCH_ROWS, Job
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

    def close(self) -> None:
        """Finish whatever is open, also after a failure."""
        ...

    @property
    def files(self) -> list[WrittenPart]:
        """The parts that were written, once it is closed."""
        ...


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

    @property
    def is_full(self) -> bool:
        """Whether enough rows wait to be taken: shuffled ones go on in pieces, which should not be small."""
        least = BATCH_ROWS if self._decision.shuffled else 1
        return sum(batch.num_rows for batch in self._waiting) >= least

    def take(self) -> list[tuple[int, pa.RecordBatch]]:
        """The rows that wait, each piece with the number of its part; of rows that are not shuffled it is 0."""
        waiting = self._waiting
        self._waiting = []
        if not waiting:
            return []
        if not self._decision.shuffled:
            return [(0, batch) for batch in waiting]
        batch = pa.Table.from_batches(waiting).combine_chunks().to_batches()[0]
        part = part_of(batch, self._rest) % np.uint64(self._decision.parts)
        return [(int(number), batch.filter(pa.array(part == number))) for number in np.unique(part)]
