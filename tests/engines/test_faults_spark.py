"""Parts of a Spark cluster that end in the middle of a run: it goes on, or fails with nothing published."""

import os
import signal

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import labels, leftovers, parts
from ..kit.processes import staging_of, start, until
from .artefacts import needs_java
from .at_work import executors
from .clusters import Cluster, spark
from .conftest import bring, command

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    bring("spark")
    with spark(tmp_path_factory.mktemp("spark"), {"BEAM_DEID_KEY": KEY}) as started:
        yield started


def end_executor(cluster: Cluster) -> None:
    """What works for the run on one machine; Spark starts another."""
    (executor,) = executors(cluster, "worker-1")
    os.kill(executor, signal.SIGKILL)


def end_worker(cluster: Cluster) -> None:
    """A machine with all that works on it."""
    assert executors(cluster, "worker-1")
    cluster.servers.kill("worker-1")
    cluster.mend("worker-1")


@pytest.mark.parametrize("fault", [end_executor, end_worker], ids=["an executor", "a worker"])
def test_a_part_that_ends_publishes_nothing_by_halves(cluster, house, tmp_path, fault):
    out = tmp_path / "out"
    words = command(house, out, "--runner", cluster.runner, "--", *cluster.options)
    driver = start(*words)

    def is_writing() -> bool:
        staging = staging_of(out)
        assert driver.poll() is None
        return staging is not None and any(staging.glob("parts/*/*"))

    until(is_writing, 300)
    fault(cluster)
    _, said = driver.communicate()
    if driver.returncode != 0:
        assert not out.exists(), said
        assert call(words) == 0
    assert parts(out) == parts(house / "alone")
    assert labels(out) == labels(house / "alone")
    assert leftovers(out) == []
    cluster.until_whole()
