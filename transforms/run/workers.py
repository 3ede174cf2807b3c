"""Local parallelism: a pool of processes that never hangs when one of them dies.

Beam's own multi-process mode waits for ever for a dead worker and opens unauthenticated ports; this pool does neither.
On an engine with workers of its own each of them works with a pool of none, in its own process.
"""

import contextlib
import gc
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
from multiprocessing import resource_tracker
from typing import Any, Generic, TypeVar

from beam_deid.transforms.errors import DeidError, InternalFault, fault_of
from beam_deid.transforms.run.cores import cores
from beam_deid.transforms.run.heap import give_back, keep_freed
from beam_deid.transforms.run.progress import PROGRESS, Counter
from beam_deid.transforms.storage.stopping import STOPPING

Result = TypeVar("Result")
Told = TypeVar("Told")

_KILLED = -9
"""The exit code of a process that the system killed, as it does where memory runs out."""
_STDERR = 2
_HEARD = (signal.SIGINT, signal.SIGTERM)
_ADVICE = "Use fewer --workers, or free memory, and run again"
_pools: dict[int, ProcessPoolExecutor] = {}
_stopping: dict[int, int] = {}
"""By which number `STOPPING` knows a pool, by its size."""


class Tasks:
    """Runs tasks on ``workers`` processes and hands back results as they are ready, in the order of submission.

    With one worker tasks run at once in this process.
    """

    def __init__(self, workers: int, where: str) -> None:
        self._pool = _pool(workers) if workers > 1 else None
        self._ahead = workers * 2
        self._where = where
        self._workers = workers
        self._waiting: list[Future[Any]] = []

    def submit(self, task: Callable[..., Result], *arguments: Any) -> Iterator[Result]:
        """Start a task; yields results that are ready, and waits for the oldest when too many are under way."""
        if self._pool is None:
            yield guarded(self._where, task, *arguments)
            return
        try:
            with _unheard():  # a process may be started for it
                self._waiting.append(self._pool.submit(guarded, self._where, task, *arguments))
        except BrokenProcessPool:
            raise _died(self._workers, self._where) from None
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
            raise _died(self._workers, self._where) from None


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
    except Exception as error:
        raise fault_of(error, where) from None


def warm(workers: int) -> None:
    """Start worker processes now, so that they are up when the first task comes.

    Raises:
        InternalFault: One of them has died.
    """
    if workers > 1:
        pool = _pool(workers)
        try:
            with _unheard():
                for _ in range(workers):
                    pool.submit(_load)
        except BrokenProcessPool:
            raise _died(workers, "workers") from None


def _load() -> None:
    importlib.import_module("beam_deid.transforms.release.releasing")
    gc.freeze()  # modules stay: nobody need look for circles among them after each task


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
        yield cores() if starts_alone() else 1
    finally:
        close()


def starts_alone() -> bool:
    """Whether a new process runs nothing but its task: one of a script runs that script again, unless it is a worker of Beam's."""
    main = sys.modules["__main__"]
    name = getattr(getattr(main, "__spec__", None), "name", "")
    return not hasattr(main, "__file__") or name.startswith("apache_beam.")


def close() -> None:
    """End all worker processes of this process, at once."""
    for workers, pool in list(_pools.items()):
        processes = _processes_of(pool)
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()
        for process in processes:
            process.join(timeout=5)
        STOPPING.forget(_stopping.pop(workers, -1))
    _pools.clear()


def _pool(workers: int) -> ProcessPoolExecutor:
    if workers not in _pools:
        context = multiprocessing.get_context("spawn")
        _start_helper()
        pool = ProcessPoolExecutor(workers, context, _prepare, (os.getpid(), PROGRESS.counter(context)))
        _pools[workers] = pool
        _stopping[workers] = STOPPING.add(lambda: _kill(pool))
    return _pools[workers]


def _processes_of(pool: ProcessPoolExecutor) -> list[Any]:
    return list((pool._processes or {}).values())


def _kill(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool, whatever its own threads are about."""
    processes = _processes_of(pool)
    for process in processes:
        process.kill()
    for process in processes:
        process.join(timeout=5)


def _died(workers: int, where: str) -> InternalFault:
    """The error that a process died, and what that tells."""
    pool = _pools.get(workers)
    processes = [] if pool is None else _processes_of(pool)
    for process in processes:
        process.join(timeout=5)
    if _KILLED in [process.exitcode for process in processes]:
        what = "a worker process was killed, as the system does where memory runs out"
        return InternalFault(what, where, _ADVICE)
    return InternalFault("a worker process died", where, _ADVICE)


def _start_helper() -> None:
    """Start the process that removes what worker processes leave, so that it has nowhere to say that it did."""
    if os.name != "posix":
        return
    kept = os.dup(_STDERR)
    silence = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(silence, _STDERR)  # which it has from this process
        resource_tracker.ensure_running()
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
        os.close(silence)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """Let processes that are started meanwhile hear no signal until they can answer it: those are this process's to answer."""
    if os.name != "posix":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare(parent: int, counter: Counter) -> None:
    keep_freed()
    PROGRESS.count_into(counter)
    # Ctrl-C is the parent's to answer; a worker whose parent was killed must not stay behind.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if os.name == "posix":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
    logging.disable(logging.CRITICAL)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(0.1)
    with contextlib.suppress(BaseException):
        os._exit(1)
