"""The same run through Beam's job service and a worker process of its own: nothing may depend on one process."""

import pytest

from beam_deid.pipelines.cli import call

from ..kit.job_service import engine
from ..kit.outputs import labels, parts


@pytest.mark.portable
def test_an_external_worker_writes_the_bytes_that_this_process_writes(published, orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    with engine(tmp_path) as options:
        command = [
            "run",
            tmall_policy,
            "-i",
            str(orders / "*.parquet"),
            "-o",
            str(out),
            "--runner",
            "PortableRunner",
            "--",
            *options,
        ]
        assert call(command) == 0
    assert parts(out) == parts(published)
    assert labels(out) == labels(published)
