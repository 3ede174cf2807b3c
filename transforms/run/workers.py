"""Local parallelism: a pool of processes that never hangs when one of them dies.

Beam's own multi-process mode waits for ever for a dead worker and opens unauthenticated ports; this pool does neither.
On an engine with workers of its own each of them works with a pool of none, in its own process.
"""

import contextlib
import importlib
import logging
import multiprocessing
import os
import pickle
import secrets
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

from beam_deid.transforms.errors import DeidError, InternalFault
from beam_deid.transforms.run.cores import cores
from beam_deid.transforms.run.heap import give_back, keep_freed
from beam_deid.transforms.run.progress import PROGRESS, Counter

Result = TypeVar("Result")
Told = TypeVar("Told")

_DIED = "a worker process died"
_ADVICE = "It may have run out of memory: use fewer --workers, then run again; nothing was published"
_pools: dict[int, ProcessPoolExecutor] = {}


class Tasks:
    """Runs tasks on ``workers`` processes and hands back results as they are ready, in the order of submission.

    With one worker tasks run at once in this process.
    """

    def __init__(self, workers: int, where: str) -> None:
        self._pool = _pool(workers) if workers > 1 else None
        self._ahead = workers * 2
        self._where = where
        self._waiting: list[Future[Any]] = []

    def submit(self, task: Callable[..., Result], *arguments: Any) -> Iterator[Result]:
        """Start a task; yields results that are ready, and waits for the oldest when too many are under way."""
        if self._pool is None:
            yield guarded(self._where, task, *arguments)
            return
        try:
            self._waiting.append(self._pool.submit(guarded, self._where, task, *arguments))
        except BrokenProcessPool:
            raise InternalFault(_DIED, self._where, _ADVICE) from None
        while self._waiting and (len(self._waiting) > self._ahead or self._waiting[0].done()):
            yield self._next()

    def rest(self) -> Iterator[Any]:
        """Wait for everything that is under way."""
        while self._waiting:
            yield self._next()

    def _next(self) -> Any:
        try:
            return self._waiting.pop(0).result()
        except BrokenProcessPool:
            raise InternalFault(_DIED, self._where, _ADVICE) from None


class Shared(Generic[Told]):
    """What all tasks of a step are told. It is pickled once for all of them, and unpickled once in each process.

    Args:
        value: What they are told. Tasks that run in this process have this very object.
    """

    def __init__(self, value: Told) -> None:
        self.value = value
        self._name = secrets.token_hex(8)
        self._pickled = b""

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._pickled:
            self._pickled = pickle.dumps(self.value)
        return _received, (self._name, self._pickled)


_RECEIVED: dict[str, Any] = {}
"""What this process was told last, by its name. One step follows another, so one is enough."""


def _received(name: str, pickled: bytes) -> Shared[Any]:
    if name not in _RECEIVED:
        _RECEIVED.clear()
        give_back()
        _RECEIVED[name] = Shared(pickle.loads(pickled))  # noqa: S301 - made by this process's parent
    found: Shared[Any] = _RECEIVED[name]
    return found


def guarded(where: str, task: Callable[..., Result], *arguments: Any) -> Result:
    """Run a task; an exception that is not ours becomes an `InternalFault` without its text, which may quote data."""
    try:
        return task(*arguments)
    except DeidError:
        raise
    except MemoryError:
        raise InternalFault("out of memory", where, _ADVICE) from None
    except Exception as error:
        raise InternalFault.from_exception(error, where) from None


def warm(workers: int) -> None:
    """Start worker processes now, so that they are up when the first task comes.

    Raises:
        InternalFault: One of them has died.
    """
    if workers > 1:
        pool = _pool(workers)
        try:
            for _ in range(workers):
                pool.submit(_load)
        except BrokenProcessPool:
            raise InternalFault(_DIED, "workers", _ADVICE) from None


def _load() -> None:
    importlib.import_module("beam_deid.transforms.release.releasing")


@contextlib.contextmanager
def processes(asked: int | None) -> Iterator[int]:
    """How many processes work in a ``with`` block.

    Args:
        asked: How many; None for one a processor that may be used. These are ended with the block, for nobody else ends those
            of an engine's worker.
    """
    if asked is not None:
        yield asked
        return
    try:
        yield cores() if _starts_alone() else 1
    finally:
        close()


def _starts_alone() -> bool:
    """Whether a new process runs nothing but its task: one of a script runs that script again, unless it is a worker of Beam's."""
    main = sys.modules["__main__"]
    name = getattr(getattr(main, "__spec__", None), "name", "")
    return not hasattr(main, "__file__") or name.startswith("apache_beam.")


def close() -> None:
    """End all worker processes of this process, at once."""
    for pool in _pools.values():
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(timeout=5)
    _pools.clear()


def _pool(workers: int) -> ProcessPoolExecutor:
    if workers not in _pools:
        context = multiprocessing.get_context("spawn")
        _pools[workers] = ProcessPoolExecutor(workers, context, _prepare, (os.getpid(), PROGRESS.counter(context)))
    return _pools[workers]


def _prepare(parent: int, counter: Counter) -> None:
    keep_freed()
    PROGRESS.count_into(counter)
    # Ctrl-C is the parent's to answer; a worker whose parent was killed must not stay behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(0.1)
    with contextlib.suppress(BaseException):
        os._exit(1)
