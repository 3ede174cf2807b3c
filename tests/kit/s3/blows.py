"""Blows that end commands in processes of their own at a moment that the server sees."""

import os
import signal
import threading
from collections.abc import Callable

from ..forked import Command
from ..processes import start
from .server import Request, Server

PATIENCE = 300
"""Seconds after which a process is held to hang."""


def struck(process: Command) -> bool:
    """Wait for a process; whether a blow ended it."""
    process.communicate(timeout=PATIENCE)
    return process.returncode == -signal.SIGKILL


class Blow:
    """A ``kill -9`` for a whole process group, dealt before the server does what the group asks it for.

    Args:
        server: The server.
        falls: Says of a request whether the blow falls now.
        words: The command that is struck.
    """

    def __init__(self, server: Server, falls: Callable[[Request], bool], *words: str) -> None:
        self._falls = falls
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._dealt = False
        server.hear(self._hear)
        try:
            self._process = start(*words)
            self._ready.set()
            self.fell = struck(self._process)
        finally:
            server.hear(None)

    def _hear(self, request: Request) -> str | None:
        self._ready.wait(PATIENCE)
        with self._lock:
            if not self._dealt and self._falls(request):
                os.killpg(self._process.pid, signal.SIGKILL)
                self._dealt = True
        return "AccessDenied" if self._dealt else None  # what others of the group ask for comes too late
