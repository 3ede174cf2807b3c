"""Servers of an engine as processes of their own, on loopback, that end with the test that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_OPENED = (
    *("lang", "lang.invoke", "lang.reflect", "io", "net", "nio", "text", "time", "util", "util.concurrent"),
    *("util.concurrent.atomic", "util.concurrent.locks"),
)
"""Packages of Java's own that engines look into by reflection."""
OPEN = (
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in _OPENED),
    *(f"--add-opens=java.base/sun.{package}=ALL-UNNAMED" for package in ("nio.ch", "nio.cs", "security.action")),
    "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
    "--add-exports=java.base/sun.net.util=ALL-UNNAMED",
)
POOL = (str(Path(__file__).parent / "loopback_pool.py"),)
"""A pool of Python workers for all machines of an engine, as Python is told to run it."""
_END_WITH_PARENT = 1
"""``PR_SET_PDEATHSIG`` of prctl(2)."""


class Servers:
    """Processes by their names, each with a log of its own; all of them end with the context.

    Args:
        folder: Where they work, and where their logs are: ``NAME.log``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Servers":
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self.running)):
            self.kill(name)

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one. A log that is there already is gone on with."""
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )

    def java(self, name: str, heap: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a program in Java, with at most so much heap."""
        self.start(name, ["java", f"-Xmx{heap}", "-XX:+UseSerialGC", *OPEN, *command], environment)

    def kill(self, name: str) -> None:
        """End one at once, with whatever it started."""
        server = self.running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()

    def log(self, name: str) -> str:
        """What one has said so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def until(self, what: str, is_so: Callable[[], bool], seconds: float = 120) -> None:
        """Wait for something.

        Raises:
            TimeoutError: It did not happen in time, or a server has ended meanwhile; with the end of each log.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if is_so():
                return
            gone = [name for name, server in self.running.items() if server.poll() is not None]
            if gone:
                raise TimeoutError(f"{', '.join(gone)} ended before {what}\n{self._ends()}")
            time.sleep(0.2)
        raise TimeoutError(f"waited {seconds:g} s for {what}\n{self._ends()}")

    def _ends(self) -> str:
        return "\n".join(f"== {name}\n{self.log(name)[-2000:]}" for name in self.running)


def answer(url: str) -> bytes:
    """What a server on loopback answers, empty where it does not."""
    try:
        with urllib.request.urlopen(url, timeout=5) as found:
            return bytes(found.read())
    except OSError:
        return b""


def worker_pool(port: int) -> list[str]:
    """The command of a pool of Beam's Python workers. Beam's own listens on every interface; this one on loopback alone."""
    return [sys.executable, *POOL, f"--service_port={port}"]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
