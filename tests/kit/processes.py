"""Commands as processes of their own: to be watched, stopped and killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from .fork_server import Request
from .forked import ROOT, Command

Found = TypeVar("Found")
PROGRAM = "from beam_deid.pipelines.cli import main; main()"
"""What an installed ``beam-deid`` does."""


DIES_BEFORE_IT_PUBLISHES = """
import os, signal
from beam_deid.transforms.beam import run as job
job.publish = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
"""
"""The driver is killed when all is written and proved."""


def start(*arguments: str, before: str = "", cwd: Path | None = None, **more: str) -> Command:
    """Start ``beam-deid``, in a process that is forked from one that has imported it.

    Args:
        arguments: The command's.
        before: Python that the process runs first.
        cwd: Its working folder.
        more: Variables of its environment.
    """
    return Command(Request(f"{before}\n{PROGRAM}", list(arguments), str(cwd or Path.cwd()), {**os.environ, **more}))


def python(code: str, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    """Start a process that runs some Python, finds these tests, and can be spoken to.

    Args:
        code: The Python.
        arguments: Its arguments.
        more: Variables of its environment.
    """
    found = os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": found, **more},
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def until(seen: Callable[[], Found | None], seconds: float = 120) -> Found:
    """Wait until something is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = seen()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("it never came")


def staging_of(out: Path) -> Path | None:
    """The hidden folder of a local output, if there is one."""
    return next(out.parent.glob(f".{out.name}.beam-deid-*"), None)
