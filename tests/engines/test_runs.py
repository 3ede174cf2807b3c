"""The same run on Flink and Spark as in this process: equal bytes, equal labels, and work on all of their machines."""

import json

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.outputs import labels, leftovers, parts
from ..kit.two_releases import POLICY
from .artefacts import needs_java
from .clusters import MANAGERS, Cluster
from .conftest import command

pytestmark = [pytest.mark.engines, needs_java]


def on(cluster: Cluster) -> list[str]:
    return ["--runner", cluster.runner, "--", *cluster.options]


def test_an_engine_publishes_what_this_process_does(cluster, house, tmp_path):
    out = tmp_path / "out"
    assert call(command(house, out, *on(cluster))) == 0
    assert parts(out) == parts(house / "alone")
    assert labels(out) == labels(house / "alone")
    assert json.loads((out / "run.json").read_text())["engine"] == cluster.runner
    assert leftovers(out) == []
    if cluster.runner == "FlinkRunner":
        assert managers_at_work(cluster) == set(MANAGERS)


def managers_at_work(cluster: Cluster) -> set[str]:
    """The TaskManagers that read and released records in the last job."""
    (job, *_) = sorted(cluster.asks("/jobs/overview")["jobs"], key=lambda job: -job["start-time"])
    found = set()
    for vertex in cluster.asks(f"/jobs/{job['jid']}")["vertices"]:
        if "Release" in vertex["name"]:
            at = cluster.asks(f"/jobs/{job['jid']}/vertices/{vertex['id']}/taskmanagers")
            found |= {one["taskmanager-id"] for one in at["taskmanagers"]}
    return found


def test_a_run_that_an_engine_cannot_do_publishes_nothing(cluster, house, tmp_path, monkeypatch):
    """The workers' key is not the one that the driver has, and then there is none: whoever notices says so."""
    (house / "odd.yaml").write_text(POLICY.replace("env:BEAM_DEID_KEY", "env:BEAM_DEID_KEY_OF_NOBODY"))
    monkeypatch.setenv("BEAM_DEID_KEY_OF_NOBODY", KEY)
    out = tmp_path / "out"
    assert call(command(house, out, *on(cluster), policy="odd.yaml")) != 0
    assert not out.exists() or list(out.iterdir()) == []
    assert leftovers(out) == []
