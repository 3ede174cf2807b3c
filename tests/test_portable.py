"""The same run through Beam's job service and a worker process of its own: nothing may depend on one process."""

import os
import socket
import subprocess
import sys
import time

import pytest

from beam_deid.pipelines.cli import call

from .outputs import labels, parts


def free_port():
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("localhost", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@pytest.fixture
def engine(tmp_path):
    """A job service and a worker pool on loopback, ended with the test."""
    jobs, workers = free_port(), free_port()
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    servers = [
        subprocess.Popen([sys.executable, "-m", module, *flags], env={**os.environ, "PATH": path}, cwd=tmp_path,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        for module, flags in (
            ("apache_beam.runners.portability.local_job_service_main", [f"--job_port={jobs}"]),
            ("apache_beam.runners.worker.worker_pool_main", [f"--service_port={workers}"]),
        )
    ]  # fmt: skip
    try:
        wait_for(jobs)
        wait_for(workers)
        yield ["--runner", "PortableRunner", f"--job_endpoint=localhost:{jobs}", "--environment_type=EXTERNAL",
               f"--environment_config=localhost:{workers}"]  # fmt: skip
    finally:
        for server in servers:
            os.killpg(server.pid, 15)
            server.wait(30)


@pytest.mark.portable
@pytest.mark.slow
def test_an_external_worker_writes_the_bytes_that_this_process_writes(engine, published, orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    assert call(["run", tmall_policy, "-i", str(orders / "*.parquet"), "-o", str(out), *engine]) == 0
    assert parts(out) == parts(published)
    assert labels(out) == labels(published)
