"""A store that fails: what a network, a full disk or a server that dies does to a run, at the call where it is wanted."""

import contextlib
import errno
import io
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import pyarrow as pa

from beam_deid.transforms.storage.store import Entry, Store

SLOW = "slow"
REFUSED = "refused"
GONE = "gone"
"""A delay; an error before anything was done, once or some times in a row; errors for ever after."""

UNHEARD = "unheard"
"""What was asked for is done, and an error is told: the answer got lost."""

TORN = "torn"
TORN_TOLD = "torn and told"
"""The first half is left of a file, without and with an error."""

CUT = "cut"
"""An error in the middle of a read or a write."""

KILLED = "killed"
"""The end of this process, before anything was done."""

KINDS = {
    "entry": (),
    "entries": (),
    "create": (),
    "open_input": (CUT,),
    "write": (CUT,),
    "close": (TORN, TORN_TOLD, UNHEARD),
    "copy": (TORN, TORN_TOLD, UNHEARD),
    "delete": (UNHEARD,),
    "delete_folder": (UNHEARD,),
    "purge": (UNHEARD,),
    "unseen": (),
    "create_once": (UNHEARD,),
    "purge_files": (UNHEARD,),
    "make_private": (),
    "drop_empty": (),
    "persist": (),
    "rename": (UNHEARD,),
    "settle": (UNHEARD,),
}
"""What can go wrong with each call, beside what can go wrong with any."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        kind: What.
        call: At which call, from 1.
        times: How many calls in a row are refused.
    """

    kind: str
    call: int
    times: int = 1


def kinds_of(call: str) -> list[Fault]:
    """What can go wrong with a call, as `Calls.seen` tells it, at the first one."""
    several = [Fault(REFUSED, 1), Fault(REFUSED, 1, 2), Fault(REFUSED, 1, 6)]
    return [Fault(SLOW, 1), *several, Fault(GONE, 1), *(Fault(kind, 1) for kind in KINDS[call.partition(" ")[0]])]


@dataclass
class Calls:
    """The calls of a store, counted; one fault befalls them.

    Attributes:
        fault: What goes wrong; None for nothing.
        seen: The calls so far, each by its name and path.
    """

    fault: Fault | None = None
    seen: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def call(self, name: str, path: str) -> Iterator[str | None]:
        """A call; yields what goes wrong with it that its owner must do."""
        kind = self._counted(f"{name} {path}")
        if kind == SLOW:
            time.sleep(0.05)
        if kind == KILLED:
            os.kill(os.getpid(), signal.SIGKILL)
        yield kind
        if kind in (UNHEARD, TORN_TOLD):
            raise _failure()

    def _counted(self, told: str) -> str | None:
        with self._lock:
            self.seen.append(told)
            since = len(self.seen) - self.fault.call if self.fault else -1
        if self.fault is None or since < 0:
            return None
        if self.fault.kind == GONE or (self.fault.kind == REFUSED and since < self.fault.times):
            raise _failure()
        return self.fault.kind if since == 0 else None


class Faulty(Store):
    """Another store, whose calls fail.

    Args:
        inner: The store that does the work.
        calls: Counts them, and says which one fails.
    """

    def __init__(self, inner: Store, calls: Calls) -> None:
        self._inner = inner
        self._calls = calls
        self.renames_folders = inner.renames_folders  # type: ignore[misc]

    def entry(self, path: str) -> Entry | None:
        with self._calls.call("entry", path):
            return self._inner.entry(path)

    def entries(self, folder: str, *, recursive: bool = False, starting: str = "") -> list[Entry]:
        with self._calls.call("entries", folder):
            return self._inner.entries(folder, recursive=recursive, starting=starting)

    def unseen(self, folder: str, beginning: str) -> list[str]:
        with self._calls.call("unseen", folder):
            return self._inner.unseen(folder, beginning)

    def open_input(self, path: str) -> pa.NativeFile:
        with self._calls.call("open_input", path) as wrong:
            found = self._inner.open_input(path)
            if wrong != CUT:
                return found
            with found:
                return pa.PythonFile(_Cut(bytes(found.read())), "r")

    def create(self, path: str) -> BinaryIO:
        with self._calls.call("create", path):
            return cast(BinaryIO, _Stream(self._inner.create(path), self._calls, path))

    def create_once(self, path: str, data: bytes) -> None:
        with self._calls.call("create_once", path):
            self._inner.create_once(path, data)

    def copy(self, source: str, target: str) -> None:
        with self._calls.call("copy", target) as wrong:
            if wrong not in (TORN, TORN_TOLD):
                self._inner.copy(source, target)
                return
            with self._inner.open_input(source) as given, self._inner.create(target) as made:
                made.write(_half(bytes(given.read())))

    def delete(self, paths: Iterable[str]) -> None:
        named = list(paths)
        with self._calls.call("delete", " ".join(named)):
            self._inner.delete(named)

    def delete_folder(self, path: str) -> None:
        with self._calls.call("delete_folder", path):
            self._inner.delete_folder(path)

    def purge(self, path: str) -> None:
        with self._calls.call("purge", path):
            self._inner.purge(path)

    def purge_files(self, paths: Iterable[str]) -> None:
        named = list(paths)
        with self._calls.call("purge_files", " ".join(named)):
            self._inner.purge_files(named)

    def make_private(self, folder: str) -> None:
        with self._calls.call("make_private", folder):
            self._inner.make_private(folder)

    def drop_empty(self, folder: str) -> None:
        with self._calls.call("drop_empty", folder):
            self._inner.drop_empty(folder)

    def persist(self, path: str) -> None:
        with self._calls.call("persist", path):
            self._inner.persist(path)

    def rename(self, source: str, target: str) -> None:
        with self._calls.call("rename", target):
            self._inner.rename(source, target)

    def settle(self, path: str) -> None:
        with self._calls.call("settle", path):
            self._inner.settle(path)


class _Stream:
    """A file that is being written; the store below gets its bytes when it is closed."""

    def __init__(self, inner: BinaryIO, calls: Calls, path: str) -> None:
        self._inner = inner
        self._calls = calls
        self._path = path
        self._bytes = bytearray()
        self.closed = False

    def write(self, data: Any) -> int:
        given = bytes(data)
        with self._calls.call("write", self._path) as wrong:
            if wrong == CUT:
                self._bytes += _half(given)
                raise _failure()
            self._bytes += given
        return len(given)

    def tell(self) -> int:
        return len(self._bytes)

    def flush(self) -> None:
        """There is nothing between."""

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        with contextlib.ExitStack() as left:
            left.callback(getattr(self._inner, "abandon", self._inner.close))  # does nothing to what is closed
            with self._calls.call("close", self._path) as wrong:
                self._inner.write(_half(self._bytes) if wrong in (TORN, TORN_TOLD) else bytes(self._bytes))
                self._inner.close()

    def __enter__(self) -> "_Stream":
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self.close()
        elif not self.closed:
            self.closed = True
            self._inner.write(bytes(self._bytes))
            self._inner.__exit__(kind, *rest)  # type: ignore[arg-type]


class _Cut(io.BytesIO):
    """A file that can be read to its middle."""

    def read(self, size: int | None = -1) -> bytes:
        end = len(self.getbuffer()) // 2
        given = super().read(size)
        if self.tell() > end:
            raise _failure()
        return given


def _half(data: bytes | bytearray) -> bytes:
    return bytes(data[: len(data) // 2])


def _failure() -> OSError:
    return OSError(errno.EIO, "Input/output error")
