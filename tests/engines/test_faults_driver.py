"""The driver ends when the engine has done everything: whoever publishes what it left publishes what the run would have."""

import os
import signal

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.storage.sweeping import OUTCOME

from ..kit.outputs import labels, leftovers, parts
from ..kit.processes import staging_of, start, until
from .artefacts import needs_java
from .conftest import command

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]


def test_what_a_driver_left_is_published_as_the_run_would_have_published_it(cluster, house, tmp_path):
    out = tmp_path / "out"
    driver = start(*command(house, out, "--runner", cluster.runner, "--", *cluster.options))

    def is_done() -> bool:
        staging = staging_of(out)
        assert driver.poll() is None
        return staging is not None and (staging / OUTCOME).exists()

    until(is_done, 300)
    os.killpg(driver.pid, signal.SIGKILL)
    driver.communicate()
    assert driver.returncode == -signal.SIGKILL
    assert not out.exists()
    assert call(["publish", str(staging_of(out))]) == 0
    assert parts(out) == parts(house / "alone")
    assert labels(out) == labels(house / "alone")
    assert call(["verify", str(out)]) == 0
    assert leftovers(out) == []
