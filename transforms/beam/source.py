"""Where the engine's records are from: shards of files, or the batches of a collection."""

from dataclasses import dataclass

from beam_deid.transforms.measure.aside import Aside


@dataclass(frozen=True)
class Source:
    """What the elements of a collection are.

    Attributes:
        in_shards: Whether an element is a shard, which is read by a task of its own. Else it is a record batch, and the batches
            of a window are taken together, as many as are in one bundle.
        workers: Processes of this machine that take shards; 1 means none beside this one.
        aside: Where measured records wait that are counted in buckets; None where all are counted in memory.
        deciding: Processes that count what was measured; None for as many as the worker that decides has cores.
        waiting: Staging folder in which measured records wait for the worker that decides, wherever it is; empty where they are
            handed on through the engine.
        everywhere: Whether no elements are a release, too. Of windows there are only those that hold something.
    """

    in_shards: bool
    workers: int = 1
    deciding: int | None = None
    everywhere: bool = True
    aside: Aside | None = None
    waiting: str = ""

    @classmethod
    def files(cls, workers: int, deciding: int | None, aside: Aside | None = None, waiting: str = "") -> "Source":
        """Shards of files, in the global window."""
        return cls(True, workers, deciding, aside=aside, waiting=waiting)

    @classmethod
    def collection(cls, everywhere: bool) -> "Source":
        """Record batches of somebody's collection; each of its windows is a release of its own."""
        return cls(False, everywhere=everywhere)
