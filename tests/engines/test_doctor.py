"""``beam-deid doctor`` on real clusters: a healthy one, and ways in which one is not, each named."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from ..kit import job_service
from ..kit.examined import Missing, Well, doctor, hides, needs_mounts, only, only_reads, with_key
from ..kit.job_service import free_port, on_pool
from ..kit.keys import KEY
from ..kit.other_python import another_package, python_without_us
from ..kit.outputs import leftovers
from ..kit.two_releases import fill
from .artefacts import needs_java
from .clusters import Cluster
from .servers import POOL

pytestmark = [pytest.mark.engines, pytest.mark.exhaustive, needs_java]

PATIENCE = ("--timeout", "300")
"""For a machine that has other things to do."""

Examine = Callable[..., tuple[int, Missing, Well]]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    fill(tmp_path / "shop")
    return tmp_path / "shop"


@pytest.fixture
def examine(cluster: Cluster, shop: Path, capsys: pytest.CaptureFixture[str]) -> Examine:
    """Calls doctor on the cluster, with other options of Beam where some are given. It leaves nothing behind."""

    def call(*others: str, more: Sequence[str] = PATIENCE, out: str = "out") -> tuple[int, Missing, Well]:
        before = sorted(shop.rglob("*"))
        found = doctor(capsys, shop, [*cluster.options, *others], *more, runner=cluster.runner, out=out)
        assert sorted(shop.rglob("*")) == before
        return found

    return call


def workers(folder: Path, environment: dict[str, str], **more: Any) -> AbstractContextManager[list[str]]:
    """Workers that are others than those of the cluster; Beam's options for them."""
    return job_service.pool(folder, environment, program=POOL, **more)


def test_a_healthy_cluster_lacks_nothing(examine):
    code, missing, well = examine()
    assert (code, missing) == (0, [])
    assert well["input", False] == "3 files can be read"
    assert well["keys", False] == "the key of 1 use is here"
    assert well["staging", False] == "can be written to"
    assert well["workers", True].startswith("the engine took a job, and ")


def test_the_job_server_is_not_there(examine):
    port = free_port()
    code, missing, _ = examine(f"--job_endpoint=127.0.0.1:{port}")
    assert code == 2
    assert [one["what"] for one in missing] == [f"nothing answers at 127.0.0.1:{port}", "no worker could be asked"]


def test_where_jobs_should_go_are_the_pages_of_the_cluster(cluster, examine):
    pages = cluster.address.removeprefix("http://")
    code, missing, _ = examine(f"--job_endpoint={pages}")
    assert code == 2
    assert missing[0]["what"] == f"what answers at {pages} is no job service of Beam (UNAVAILABLE)"


def test_the_pool_of_workers_is_not_there(cluster, examine):
    port = free_port()
    code, missing, _ = examine(*on_pool(port))
    assert code == 2
    assert only(missing)["what"] == f"{cluster.runner} takes jobs, and cannot start a worker"
    assert f"--service_port={port}" in only(missing)["next_step"]


def test_workers_lack_the_key(examine, tmp_path):
    with workers(tmp_path, with_key(None)) as others:
        code, missing, _ = examine(*others)
    assert code == 2
    assert {(one["check"], one["where"], one["what"]) for one in missing} == {
        ("keys", "env:BEAM_DEID_KEY", "the environment variable is not set")
    }


def test_workers_have_another_key(examine, tmp_path):
    with workers(tmp_path, with_key("cd" * 32)) as others:
        code, missing, _ = examine(*others)
    assert code == 2
    assert {one["what"] for one in missing} == {
        "the key is another one than here, so what it makes could not be joined"
    }


@needs_mounts
def test_workers_do_not_see_the_input(examine, shop, tmp_path):
    with workers(tmp_path, with_key(KEY), within=hides(shop / "in")) as others:
        code, missing, _ = examine(*others)
    assert code == 3
    assert {(one["what"], one["where"]) for one in missing} == {("there is no such file here", f"{shop}/in/in-0.csv")}


@needs_mounts
def test_workers_may_not_write_where_staging_will_stand(examine, shop):
    with workers(Path("/"), with_key(KEY), within=only_reads(shop)) as others:
        code, missing, _ = examine(*others)
    assert code == 1
    assert {one["check"] for one in missing} == {"staging"}
    assert all("Read-only file system" in one["what"] for one in missing)


@needs_mounts
def test_workers_write_into_a_folder_of_their_own(examine, shop, tmp_path):
    (shop / "shared").mkdir()
    with workers(tmp_path, with_key(KEY), within=hides(shop / "shared")) as others:
        code, missing, _ = examine(*others, out="shared/run")
    assert code == 1
    assert {one["what"] for one in missing} == {
        "the folder of the run is not seen: under this path there is another one"
    }


def test_workers_have_no_beam_deid(examine, tmp_path):
    environment = with_key(KEY)
    environment.pop("PYTHONPATH", None)
    with workers(tmp_path, environment, python=python_without_us(tmp_path / "other")) as others:
        code, missing, _ = examine(*others)
    assert code == 2
    assert missing[0]["what"] == "beam_deid is not installed there"


def test_workers_have_another_beam_deid(examine, tmp_path):
    with workers(tmp_path, with_key(KEY, PYTHONPATH=str(another_package(tmp_path / "other")))) as others:
        code, missing, _ = examine(*others)
    assert code == 2
    assert missing[0]["what"].startswith("another beam_deid is installed there: ")


def test_a_cluster_without_machines_is_waited_for_no_longer_than_is_said(cluster, examine, shop, capsys):
    cluster.end_machines()
    code, missing, _ = examine(more=("--timeout", "10"))
    cluster.mend_machines()
    assert code == 2
    assert only(missing)["what"] == f"{cluster.runner} took the job, and no worker answered within 10 seconds"
    # The engine does the job that nobody waits for any more, and its worker finds no folder to write its answer into.
    code, missing, _ = doctor(capsys, shop, cluster.options, *PATIENCE, runner=cluster.runner)
    assert (code, missing) == (0, [])
    assert leftovers(shop / "out") == []
