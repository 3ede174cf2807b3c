import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call

from ..kit.keys import KEY
from ..kit.two_releases import CITIES, MORE, POLICY, files
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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A policy of two releases, one of them searched, its orders, and what this process publishes of them."""
    folder = tmp_path_factory.mktemp("house")
    (folder / "policy.yaml").write_text(POLICY)
    (folder / "cities.csv").write_text(CITIES)
    (folder / "in").mkdir()
    for name, content in files().items():
        (folder / "in" / name).write_bytes(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BEAM_DEID_KEY", KEY)
        assert call(command(folder, folder / "alone")) == 0
    return folder


def command(house: Path, out: Path, *more: str, policy: str = "policy.yaml") -> list[str]:
    """The words of a run on a house's orders."""
    return ["run", str(house / policy), "-i", str(house / "in"), "-o", str(out), *MORE, *more]
