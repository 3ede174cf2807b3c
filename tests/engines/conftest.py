import os
import subprocess
from collections.abc import Iterator

import pytest

from ..kit.keys import KEY
from .artefacts import flink_jars, job_server, spark_home
from .clusters import Cluster, flink, spark

ENGINES = {"flink": flink, "spark": spark}


def bring(engine: str) -> None:
    """Bring what an engine is made of, or skip its tests and say so: not every network has Maven Central and PyPI."""
    try:
        job_server(engine)
        flink_jars() if engine == "flink" else spark_home()
    except subprocess.CalledProcessError as failed:
        pytest.skip(f"what {engine} is made of could not be had: {failed.cmd[0]} ended with {failed.returncode}")


@pytest.fixture(scope="module", params=list(ENGINES))
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Each engine, one after the other. Their logs are in pytest's temporary folder, which stays if a test fails."""
    bring(request.param)
    opens_buckets = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    with ENGINES[request.param](
        tmp_path_factory.mktemp(request.param), {**opens_buckets, "BEAM_DEID_KEY": KEY}
    ) as started:
        yield started
