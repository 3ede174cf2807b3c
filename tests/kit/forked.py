"""Commands in processes that are forked from one that has imported all they need; see `fork_server`."""

import atexit
import contextlib
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO

from .drawings import drawings
from .fork_server import Request

ROOT = str(Path(__file__).parent.parent.parent)
_READ_AT_ONCE = re.compile(r"PYTHON|LANG|LC_|NPY_|BEAM_DEID_LEASE_SECONDS")
"""Variables that are read as an interpreter starts, or as modules are imported: where they differ, another server is asked."""

_servers: dict[tuple[tuple[str, str], ...], str] = {}
_starting = threading.Lock()


class Command:
    """A process that was forked, and as much of `subprocess.Popen` as tests ask of it.

    Attributes:
        args: What it was started with.
        pid: Its number, which stays its own until `returncode` is known.
        returncode: Its exit code, or the signal that ended it below 0; None as long as it runs.
        stdout: What it writes.
        stderr: The same.
    """

    def __init__(self, request: Request) -> None:
        self.args = request.arguments
        self.returncode: int | None = None
        self._said: dict[IO[str], str] = {}
        self._readers: list[threading.Thread] = []
        self._connection = socket.socket(socket.AF_UNIX)
        self._connection.connect(door(request.environment))
        self.stdout, self.stderr = self._send_streams()
        self._connection.sendall(f"{json.dumps(asdict(request))}\n".encode())
        self._answers = self._connection.makefile("rb", buffering=0)  # what is buffered nobody would wait for
        self.pid = int(self._answers.readline())

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self.returncode is None and select.select([self._connection], [], [], 0)[0]:
            self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: It did not, for so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._connection], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
            self._end()
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """All that it writes, once it has ended.

        Raises:
            subprocess.TimeoutExpired: It did not, for so many seconds.
        """
        if not self._readers:
            self._readers = [
                threading.Thread(target=self._read, args=(of,), daemon=True) for of in (self.stdout, self.stderr)
            ]
            for reader in self._readers:
                reader.start()
        for reader in self._readers:
            reader.join(timeout)
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.wait(timeout)
        return self._said[self.stdout], self._said[self.stderr]

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def __del__(self) -> None:
        """Close what nobody read or waited for."""
        with contextlib.suppress(AttributeError):  # it was never begun
            for opened in (self.stdout, self.stderr, self._answers, self._connection):
                opened.close()

    def _send_streams(self) -> tuple[IO[str], IO[str]]:
        """Give the process nothing to read, and two pipes to write to; returns where these are read."""
        (out, writes_out), (err, writes_err) = os.pipe(), os.pipe()
        with open(os.devnull) as nothing:
            socket.send_fds(self._connection, [b"x"], [nothing.fileno(), writes_out, writes_err])
        for given in (writes_out, writes_err):
            os.close(given)
        return open(out, encoding="utf-8"), open(err, encoding="utf-8")

    def _read(self, stream: IO[str]) -> None:
        with stream:
            self._said[stream] = stream.read()

    def _end(self) -> None:
        """Ask how it ended, and let go of it: as after `subprocess.Popen.wait` there is no zombie of it any more."""
        self.returncode = int(self._answers.readline())
        self._connection.shutdown(socket.SHUT_WR)
        self._answers.read()  # to its end, which comes when the attendant has reaped it
        self._answers.close()
        self._connection.close()


def install(path: Path, code: str) -> None:
    """Make a program that runs some Python with its arguments, in a process that is forked.

    Args:
        path: The program, in a folder that may not be there yet.
        code: The Python.
    """
    words = [sys.executable, "-I", "-S", str(Path(ROOT) / "tests" / "kit" / "program.py"), door(os.environ), code]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', "utf-8")
    path.chmod(0o700)


def door(environment: Mapping[str, str]) -> str:
    """The path of the server for an environment, which is started if there is none yet."""
    with _starting:
        first = {name: value for name, value in environment.items() if _READ_AT_ONCE.match(name)}
        key = tuple(sorted(first.items()))
        if key not in _servers:
            _servers[key] = _started(environment)
        return _servers[key]


def _started(environment: Mapping[str, str]) -> str:
    """Start a server, which ends when this process does."""
    path = str(Path(tempfile.mkdtemp(prefix="beam-deid-tests-", dir="/tmp")) / "door")  # such paths must be short
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.fork_server", path, str(drawings())],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert server.stdout is not None
    if not server.stdout.readline():
        raise RuntimeError(f"the server that forks commands did not start: {server.communicate()[1].decode()}")
    atexit.register(server.communicate)  # closes its stdin, at which it ends
    return path
