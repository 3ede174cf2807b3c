"""A stream on Flink, of whose Python workers none outlives it: every order is released once, in the window of its time."""

import json
import time

import numpy as np
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.register.folder import read

from ..kit.keys import KEK
from .artefacts import needs_java
from .clusters import flink
from .conftest import bring
from .streams import KEY, POLICY, Stream, begin, finish, kill_workers

pytestmark = [pytest.mark.engines, needs_java]

LEAD = 30
"""Seconds that the engine has to start before the first order."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    bring("flink")
    with flink(tmp_path_factory.mktemp("flink"), {KEY: KEK}) as started:
        yield started


def test_a_stream_whose_workers_are_killed_is_released_window_by_window_with_nothing_lost_or_doubled(
    cluster, tmp_path, monkeypatch
):
    monkeypatch.setenv(KEY, KEK)
    stream = Stream(int(time.time()) + LEAD, rate=500, seconds=40, window=10)
    policy = {**POLICY, "register": str(tmp_path / "orders.register")}
    result = begin(stream, tmp_path, cluster, policy=policy)
    time.sleep(max(0.0, stream.start + 25 - time.time()))  # into the third window, of which some is in a checkpoint
    kill_workers(cluster)
    finish(result, stream, tmp_path, lambda: None, seconds=180)
    assert call(["verify", str(tmp_path / "out")]) == 0
    labels = [json.loads(path.read_text("utf-8")) for path in sorted(tmp_path.glob("out/*/crm/label.json"))]
    windows = [
        pq.read_table(path.parent)["number"].to_numpy() for path in sorted(tmp_path.glob("out/*/crm/label.json"))
    ]
    assert len(labels) == len(read(str(tmp_path / "orders.register")).releases) == 4
    for label, found, numbers in zip(labels, windows, stream.windows(), strict=True):
        assert label["records"]["read"] == label["records"]["released"] == len(numbers)
        assert np.array_equal(np.sort(found), np.array(numbers))
