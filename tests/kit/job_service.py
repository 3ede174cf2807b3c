"""Beam's job service and a worker process of its own, on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

POOL = ("-m", "apache_beam.runners.worker.worker_pool_main")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until somebody listens on a port."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextlib.contextmanager
def engine(folder: Path, environment: Mapping[str, str] = os.environ) -> Iterator[list[str]]:
    """A job service and a worker pool, ended with the context; yields Beam's options for a run on them.

    Args:
        folder: Where they work.
        environment: What they, and so the workers, have in their environment.
    """
    with _service(folder, environment) as jobs, _pool(folder, environment) as workers:
        wait_for(jobs)
        wait_for(workers)
        yield [f"--job_endpoint=localhost:{jobs}", *on_pool(workers)]


@contextlib.contextmanager
def service(folder: Path) -> Iterator[str]:
    """A job service alone, ended with the context; yields Beam's option that names it."""
    with _service(folder, os.environ) as jobs:
        wait_for(jobs)
        yield f"--job_endpoint=localhost:{jobs}"


@contextlib.contextmanager
def pool(
    folder: Path,
    environment: Mapping[str, str] = os.environ,
    python: str = sys.executable,
    within: Sequence[str] = (),
    program: Sequence[str] = POOL,
) -> Iterator[list[str]]:
    """A worker pool alone, ended with the context; yields Beam's options for workers of it.

    Args:
        folder: Where it works.
        environment: What it, and so its workers, have in their environment.
        python: The Python that its workers are: it takes whatever is called ``python`` first in its PATH.
        within: The words of a command that it is started by.
        program: What Python runs; Beam's own pool serves one machine of an engine.
    """
    with _pool(folder, environment, python, within, program) as workers:
        wait_for(workers)
        yield on_pool(workers)


def on_pool(port: int) -> list[str]:
    """Beam's options for workers of a pool that listens on a port, if any does."""
    return ["--environment_type=EXTERNAL", f"--environment_config=localhost:{port}"]


@contextlib.contextmanager
def _service(folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    port = free_port()
    words = [sys.executable, "-m", "apache_beam.runners.portability.local_job_service_main", f"--job_port={port}"]
    with _started(words, folder, environment, sys.executable):
        yield port


@contextlib.contextmanager
def _pool(
    folder: Path,
    environment: Mapping[str, str],
    python: str = sys.executable,
    within: Sequence[str] = (),
    program: Sequence[str] = POOL,
) -> Iterator[int]:
    port = free_port()
    words = [*within, sys.executable, *program, f"--service_port={port}"]
    with _started(words, folder, environment, python):
        yield port


@contextlib.contextmanager
def _started(words: Sequence[str], folder: Path, environment: Mapping[str, str], python: str) -> Iterator[None]:
    path = os.path.dirname(python) + os.pathsep + os.environ["PATH"]
    server = subprocess.Popen(
        words,
        env={**environment, "PATH": path},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(server.pid, 15)
        server.wait(30)
