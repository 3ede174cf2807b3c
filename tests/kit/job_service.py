"""Beam's job service and a worker process of its own, on loopback."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path


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
    jobs = free_port()
    workers = free_port()
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", module, *flags],
            env={**environment, "PATH": path},
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for module, flags in (
            ("apache_beam.runners.portability.local_job_service_main", [f"--job_port={jobs}"]),
            ("apache_beam.runners.worker.worker_pool_main", [f"--service_port={workers}"]),
        )
    ]
    try:
        wait_for(jobs)
        wait_for(workers)
        yield [
            f"--job_endpoint=localhost:{jobs}",
            "--environment_type=EXTERNAL",
            f"--environment_config=localhost:{workers}",
        ]
    finally:
        for server in servers:
            os.killpg(server.pid, 15)
            server.wait(30)
