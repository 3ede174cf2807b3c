"""Parts of a Flink cluster that end in the middle of a run: it goes on, or fails with nothing published."""

import os
import signal
import subprocess

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import labels, leftovers, parts
from ..kit.processes import start, until
from ..kit.sampling import sampled
from .artefacts import needs_java
from .clusters import Cluster, flink
from .conftest import bring, command

pytestmark = [pytest.mark.engines, needs_java]

READ, RELEASE = "Records/Measure/{Count", "Records/{Release"
"""Steps of a run, as Flink names what it makes of them."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    bring("flink")
    with flink(tmp_path_factory.mktemp("flink"), {"BEAM_DEID_KEY": KEY}) as started:
        yield started


def jobs(cluster: Cluster) -> list[str]:
    found = cluster.asks("/jobs/overview")
    return [job["jid"] for job in found["jobs"]] if found else []


def is_at(cluster: Cluster, known: list[str], step: str) -> bool:
    """Whether a job that was not known before has begun a step."""
    for job in set(jobs(cluster)) - set(known):
        vertices = (cluster.asks(f"/jobs/{job}") or {}).get("vertices", [])
        if any(step in vertex["name"] and vertex["status"] in ("RUNNING", "FINISHED") for vertex in vertices):
            return True
    return False


def end_manager(cluster: Cluster, driver: object) -> None:
    cluster.servers.kill("taskmanager-1")
    cluster.mend("taskmanager-1")


def end_python(cluster: Cluster, driver: object) -> None:
    """One of the workers of the pool."""
    pool = cluster.servers.running["pool"].pid
    workers = subprocess.run(["pgrep", "-P", str(pool)], capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(workers[0]), signal.SIGKILL)


def end_job_server(cluster: Cluster, driver: object) -> None:
    cluster.servers.kill("jobs")
    cluster.mend("jobs")


def end_driver(cluster: Cluster, driver) -> None:
    os.killpg(driver.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    ("fault", "step"),
    sampled(
        [
            pytest.param(end_manager, READ, id="a TaskManager"),
            pytest.param(end_python, RELEASE, id="a Python worker"),
            pytest.param(end_job_server, RELEASE, id="the job server"),
            pytest.param(end_driver, READ, id="the driver"),
        ],
        3,
    ),
)
def test_a_part_that_ends_publishes_nothing_by_halves(cluster, house, tmp_path, monkeypatch, fault, step):
    monkeypatch.setenv("BEAM_DEID_KEY", KEY)
    out = tmp_path / "out"
    on = ["--runner", cluster.runner, "--", *cluster.options]
    known = jobs(cluster)
    driver = start(*command(house, out, *on))
    until(lambda: is_at(cluster, known, step), 300)
    fault(cluster, driver)
    driver.communicate()
    if driver.returncode == 0:
        assert parts(out) == parts(house / "alone")
        assert labels(out) == labels(house / "alone")
    else:
        assert not out.exists()
    cluster.until_whole()
    if driver.returncode != 0:
        assert call(command(house, out, *on)) == 0
        assert parts(out) == parts(house / "alone")
        assert labels(out) == labels(house / "alone")
    assert leftovers(out) == []  # a job that nobody waits for any more goes on, and does not bring its folder back
