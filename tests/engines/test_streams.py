"""A stream on Flink, of whose Python workers none outlives it: every order is released once, in the window of its time."""

import json
import os
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.register.folder import read

from ..kit.keys import KEK
from ..kit.processes import ROOT, until
from .artefacts import needs_java
from .clusters import flink
from .conftest import bring
from .streams import KEY, POLICY, Stream, begin, finish, kill_workers, labels

pytestmark = [pytest.mark.engines, needs_java]

LEAD = 30
"""Seconds that the engine has to start before the first order."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    bring("flink")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))  # workers generate the orders
    with flink(tmp_path_factory.mktemp("flink"), {KEY: KEK, "PYTHONPATH": path}) as started:
        yield started


def test_a_stream_whose_workers_are_killed_is_released_window_by_window_with_nothing_lost_or_doubled(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv(KEY, KEK)
    stream = Stream(int(time.time()) + LEAD, rate=500, seconds=60, window=10)
    register = tmp_path / "orders.register"
    result = begin(stream, tmp_path, cluster, policy={**POLICY, "register": str(register)})
    until(lambda: labels(tmp_path), seconds=180)
    kill_workers(cluster)
    finish(result, stream, tmp_path, lambda: None, seconds=180)
    assert call(["verify", str(tmp_path / "out")]) == 0
    assert len(read(str(register)).releases) == 6
    for path, numbers in zip(labels(tmp_path), stream.windows(), strict=True):
        records = json.loads(path.read_text("utf-8"))["records"]
        assert records["read"] == records["released"] == len(numbers)
        found = pq.read_table(path.with_name("part-00000.parquet"))["number"].to_numpy()
        assert np.array_equal(np.sort(found), np.array(numbers))
