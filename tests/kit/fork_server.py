"""A process that has imported all that a command imports, and forks a process for each command that it is asked for.

Importing Beam and the product takes longer than most runs of tests do. What is forked is otherwise what ``python -c`` would be: a
session of its own, its own working folder, environment, arguments, streams and `__main__`, and the interpreter's own end.

The server imports, and starts nothing: no thread of Python's, no server, no client. A process cannot be forked from one that has
locks held elsewhere.

A connection is one command: the descriptors of its streams come first, then a `Request` as a line of JSON. The command answers
with the number of its process. Then an attendant, its parent, says how it ended: its exit code, or the number of the signal below
0. The process is a zombie, as a child of the test's would be, until the asking end of the connection is closed; the other end is
closed when it is reaped.
"""

import contextlib
import gc
import importlib
import json
import logging
import multiprocessing.process
import os
import select
import shutil
import socket
import sys
import tempfile
import threading
import time
import types
from dataclasses import dataclass
from pathlib import Path

IMPORTED = (
    "apache_beam.runners.portability.fn_api_runner",
    "boto3",
    "pyarrow.dataset",
    "pyarrow.fs",
    "pyarrow.orc",
    "pyarrow.parquet",
    "beam_deid.pipelines.cli",
    "beam_deid.pipelines.language.console",
    "beam_deid.pipelines.report.html.markup",
    "beam_deid.pipelines.report.page",
    "beam_deid.pipelines.run",
    "beam_deid.pipelines.verify",
    "beam_deid.pipelines.views.outcome",
    "beam_deid.transforms.beam.run",
)
STREAMS = 3


@dataclass(frozen=True)
class Request:
    """A process that is wanted.

    Attributes:
        code: The Python that it runs.
        arguments: Its arguments.
        folder: Its working folder.
        environment: Its environment, all of it.
    """

    code: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def serve(door: socket.socket) -> Request | None:
    """Fork a process for each connection, until whoever started this one is gone.

    Args:
        door: Where connections come in.

    Returns:
        In a process that was forked: what it is to be. In the server: None, at the end.
    """
    while True:
        ready, _, _ = select.select([door, sys.stdin], [], [])
        _bury()
        if sys.stdin in ready:
            return None
        connection, _ = door.accept()
        if os.fork() == 0:
            door.close()
            return _attend(connection)
        connection.close()


def _bury() -> None:
    """Reap attendants that are done."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def _attend(connection: socket.socket) -> Request:
    """Fork the command; returns there, and ends the attendant when the command has ended and whoever asked for it knows."""
    _, streams, _, _ = socket.recv_fds(connection, 1, STREAMS)
    command = os.fork()
    if command == 0:
        return _become(connection, streams)
    for stream in streams:
        os.close(stream)
    ended = os.waitid(os.P_PID, command, os.WEXITED | os.WNOWAIT)
    code = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
    with contextlib.suppress(OSError):  # whoever asked may be gone
        connection.sendall(b"%d\n" % code)
        connection.recv(1)
    os.waitpid(command, 0)
    os._exit(0)


def _become(connection: socket.socket, streams: list[int]) -> Request:
    """Turn this process into the command's."""
    with connection.makefile("rb") as asked:
        request = Request(**json.loads(asked.readline()))
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.setsid()
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    tempfile.tempdir = None
    multiprocessing.process.ORIGINAL_DIR = request.folder  # type: ignore[attr-defined] # where its own processes begin
    connection.sendall(b"%d\n" % os.getpid())
    connection.close()
    return request


def run(request: Request) -> None:
    """Be ``python -c``."""
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    sys.argv[:] = ["-c", *request.arguments]
    sys.path.insert(0, "")
    exec(compile(request.code, "<string>", "exec"), main.__dict__)


def load(drawings: str) -> None:
    """Import what commands import, and let them draw no chart that is kept in a folder of `drawings`."""
    from beam_deid.transforms.run.processor import sort_quickly
    from tests.kit.beam_memory import remember_once_loaded
    from tests.kit.sweeping import sweep_lightly

    sort_quickly()  # before numpy is imported, as a command does
    for name in IMPORTED:
        importlib.import_module(name)
    _load_pages(drawings)
    remember_once_loaded()
    sweep_lightly()
    for handler in list(logging.root.handlers):  # Beam logs while it is imported
        logging.root.removeHandler(handler)
    assert threading.active_count() == 1
    gc.collect()
    gc.freeze()  # what is never looked at is never copied


def _load_pages(drawings: str) -> None:
    """Compile the templates of pages, and let charts be drawn once."""
    from beam_deid.pipelines.report.html.rendering import _environment
    from tests.kit.drawings import draw_once

    templates = _environment()
    for name in templates.list_templates(["j2"]):
        templates.get_template(name)
    draw_once(Path(drawings))


def main(path: str, drawings: str) -> None:
    """Serve at a path in a folder of its own, until stdin ends."""
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path)
        load(drawings)
        door.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        request = serve(door)
    if request is not None:
        run(request)
    else:
        shutil.rmtree(Path(path).parent)


if __name__ == "__main__":
    main(*sys.argv[1:])
