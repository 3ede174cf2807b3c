"""A pass over the records of a run: what is done with typed batches, wherever they are from."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.run.heap import free_circles
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.treat.replacing import replacing_of
from beam_deid.transforms.treat.typed import TypedBatch, read_typed

Result = TypeVar("Result", covariant=True)


class Work(Protocol[Result]):
    """A pass over one piece of the input."""

    def add(self, batch: TypedBatch) -> object:
        """Take a batch. What it gives back is for those who call it beside a pass."""
        ...

    def close(self) -> None:
        """Finish whatever is open, also after a failure."""
        ...

    def result(self) -> Result:
        """What came of all batches, once it is closed."""
        ...


class Pass(Protocol[Result]):
    """A pass over all records, as workers are told of it: picklable, and without a key of the policy."""

    @property
    def job(self) -> Job:
        """The run, on a worker."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """The input columns that it reads."""
        ...

    def begin(self, shard: Shard | None) -> Work[Result]:
        """Begin with a shard, or with other batches."""
        ...


def pass_over(shard: Shard, told: Shared[Pass[Result]]) -> Result:
    """Carry out a pass over one shard, and give back what was freed: else the heap would grow with every shard.

    Raises:
        InputError: The shard cannot be read.
        KeyFault: A key cannot be resolved.
        OutputError: Something cannot be written.
    """
    one = told.value
    work = one.begin(shard)
    try:
        replacing = replacing_of(one.job)
        for batch in read_typed(shard, one.job, one.columns):
            work.add(batch if replacing is None else replacing.applied(batch))
            PROGRESS.add(batch.read)
    finally:
        work.close()
    result = work.result()
    free_circles()
    return result
