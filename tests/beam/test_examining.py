"""The doctor on a real job service and real worker pools: a healthy engine, and each way in which one is not."""

import contextlib
import http.server
import os
import socket
import sys
import threading
from pathlib import Path

import apache_beam as beam
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import asking, examining
from beam_deid.transforms.storage.paths import MARK

from ..kit.examined import ALONE, doctor, hides, needs_mounts, only, only_reads, with_key
from ..kit.job_service import free_port, on_pool, pool, service
from ..kit.keys import KEK, KEY
from ..kit.other_python import another_beam, another_package, python_without_us
from ..kit.two_releases import MORE, POLICY, fill, upload

pytestmark = pytest.mark.portable


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    with service(tmp_path_factory.mktemp("service")) as option:
        yield option


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    """A pool whose workers lack nothing."""
    with pool(tmp_path_factory.mktemp("pool"), with_key(KEY)) as options:
        yield options


@pytest.fixture
def shop(tmp_path):
    fill(tmp_path)
    return tmp_path


def test_a_healthy_engine_lacks_nothing_and_nothing_is_left(capsys, shop, jobs, workers, temporary):
    before = sorted(shop.rglob("*"))
    code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert (code, missing) == (0, [])
    assert well["input", False] == "3 files can be read"
    assert well["files", False] == "1 file that the policy names can be read"
    assert well["keys", False] == "the key of 1 use is here"
    assert well["staging", False] == "can be written to"
    assert well["clock", False] == "as here"
    assert "GiB of memory" in well["machine", False]
    assert sorted(path for path in shop.rglob("*") if temporary not in (path, *path.parents)) == [
        path for path in before if path != temporary
    ]
    assert [name for name in os.listdir(temporary) if name.startswith("beam-deid")] == []


def test_nobody_answers_where_jobs_should_be(capsys, shop, workers):
    port = free_port()
    code, missing, _ = doctor(capsys, shop, [f"--job_endpoint=localhost:{port}", *workers])
    assert code == 2
    assert [(one["check"], one["what"]) for one in missing] == [
        ("engine", f"nothing answers at localhost:{port}"),
        ("workers", "no worker could be asked"),
    ]


def test_what_answers_is_no_job_service(capsys, shop, workers):
    web = http.server.ThreadingHTTPServer(("localhost", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    with contextlib.closing(web.socket):
        code, missing, _ = doctor(capsys, shop, [f"--job_endpoint=localhost:{web.server_port}", *workers])
        web.shutdown()
    assert code == 2
    assert missing[0]["what"] == f"what answers at localhost:{web.server_port} is no job service of Beam (UNAVAILABLE)"
    assert "artifacts" in missing[0]["next_step"]


def test_a_pool_of_workers_takes_no_jobs(capsys, shop, workers):
    port = workers[1].rpartition(":")[2]
    _, missing, _ = doctor(capsys, shop, [f"--job_endpoint=localhost:{port}", *workers])
    assert missing[0]["what"] == f"what answers at localhost:{port} is no job service of Beam (UNIMPLEMENTED)"


def test_there_is_no_runner_of_that_name(capsys, shop, jobs):
    code, missing, _ = doctor(capsys, shop, [jobs], runner="FlinkRuner")
    assert code == 2
    assert missing[0]["what"] == "no runner is called FlinkRuner"
    assert "Did you mean FlinkRunner?" in missing[0]["next_step"]


def test_no_pool_of_workers_is_there(capsys, shop, jobs):
    port = free_port()
    code, missing, well = doctor(capsys, shop, [jobs, *on_pool(port)])
    assert code == 2
    assert only(missing)["what"] == "PortableRunner takes jobs, and cannot start a worker"
    assert f"localhost:{port}" in only(missing)["where"]
    assert f"--service_port={port}" in only(missing)["next_step"]
    assert "engine" in {check for check, _ in well}


def test_a_pool_that_never_answers_is_waited_for_no_longer_than_is_said(capsys, shop, jobs):
    with socket.socket() as mute:
        mute.bind(("localhost", 0))
        mute.listen()
        _, missing, _ = doctor(capsys, shop, [jobs, *on_pool(mute.getsockname()[1])], "--timeout", "3")
    assert only(missing)["what"] == "PortableRunner took the job, and no worker answered within 3 seconds"
    assert "--timeout" in only(missing)["next_step"]


def test_the_python_of_a_pool_has_no_beam(capsys, shop, jobs, tmp_path):
    (tmp_path / "bin").mkdir()
    bare = tmp_path / "bin" / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n', "utf-8")
    bare.chmod(0o755)
    with pool(tmp_path, with_key(KEY), str(bare)) as workers:
        _, missing, _ = doctor(capsys, shop, [jobs, *workers], "--timeout", "5")
    assert only(missing)["what"] == "PortableRunner took the job, and no worker answered within 5 seconds"
    assert "first in its PATH has apache_beam" in only(missing)["next_step"]


def test_a_worker_lacks_the_key(capsys, shop, jobs, tmp_path):
    with pool(tmp_path, with_key(None)) as workers:
        code, missing, _ = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    assert (only(missing)["check"], only(missing)["where"]) == ("keys", "env:BEAM_DEID_KEY")
    assert only(missing)["what"] == "the environment variable is not set"
    assert "process" in only(missing)["at"]


def test_a_worker_has_another_key(capsys, shop, jobs, tmp_path):
    other = "cd" * 32
    with pool(tmp_path, with_key(other)) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    assert only(missing)["what"] == "the key is another one than here, so what it makes could not be joined"
    assert only(missing)["where"] == "crm.who"
    assert ("keys", False) not in well


def test_keys_that_only_the_workers_have_are_well(capsys, shop, jobs, workers, monkeypatch):
    monkeypatch.delenv("BEAM_DEID_KEY")
    code, _, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 0
    assert well["keys", True].startswith("not all are here (env:BEAM_DEID_KEY)")


@needs_mounts
def test_a_worker_sees_another_folder_in_place_of_the_input(capsys, shop, jobs, tmp_path):
    with pool(tmp_path, with_key(KEY), within=hides(shop / "in")) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 3
    assert only(missing)["what"] == "there is no such file here"
    assert only(missing)["where"] == f"{shop}/in/in-0.csv"
    assert well["files", False] == "1 file that the policy names can be read"


@needs_mounts
def test_a_worker_sees_other_files_under_the_same_paths(capsys, shop, jobs, tmp_path):
    other = f'mount -t tmpfs none {shop}/in && for n in in-0.csv in-1.csv.gz in-2.csv; do echo x > {shop}/in/$n; done && exec "$@"'
    with pool(tmp_path, with_key(KEY), within=[*ALONE, other, "sh"]) as workers:
        _, missing, _ = doctor(capsys, shop, [jobs, *workers])
    assert only(missing)["what"].startswith("it has 2 bytes here, and ")


@needs_mounts
def test_a_worker_lacks_a_file_that_the_policy_names(capsys, shop, jobs, tmp_path):
    lacking = [*ALONE, f'mount --bind /dev/null {shop}/cities.csv && exec "$@"', "sh"]
    with pool(tmp_path, with_key(KEY), within=lacking) as workers:
        code, missing, _ = doctor(capsys, shop, [jobs, *workers])
    assert code == 3
    assert (only(missing)["check"], only(missing)["where"]) == ("files", f"{shop}/cities.csv")


@needs_mounts
def test_a_worker_does_not_see_the_keyring(capsys, shop, jobs, tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)
    ring = shop / "keys" / "shop.keyring"
    assert call(["keys", "create", str(ring), "--kek", "env:SHOP_KEK"]) == 0
    (shop / "policy.yaml").write_text(POLICY.replace('{key: "env:BEAM_DEID_KEY"}', f"{{keyring: {ring}}}"), "utf-8")
    with pool(tmp_path, with_key(None, SHOP_KEK=KEK), within=hides(ring.parent)) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    assert (only(missing)["check"], only(missing)["where"]) == ("keys", str(ring))
    assert well["keyring", True] == "can be read"


@needs_mounts
def test_a_worker_may_not_write_where_staging_will_stand(capsys, shop, jobs, tmp_path):
    with pool(Path("/"), with_key(KEY), within=only_reads(shop)) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 1
    assert only(missing)["check"] == "staging"
    assert "Read-only file system" in only(missing)["what"]
    assert well["staging", True] == "can be written to"


@needs_mounts
def test_a_worker_writes_into_a_folder_of_its_own(capsys, shop, jobs, tmp_path):
    (shop / "shared").mkdir()
    with pool(tmp_path, with_key(KEY), within=hides(shop / "shared")) as workers:
        code, missing, _ = doctor(capsys, shop, [jobs, *workers], out="shared/run")
    assert code == 1
    assert only(missing)["what"] == "the folder of the run is not seen: under this path there is another one"


@needs_mounts
def test_a_worker_does_not_reach_the_register(capsys, shop, jobs, tmp_path):
    (shop / "policy.yaml").write_text(POLICY.replace("register: none", f"register: {shop}/given"), "utf-8")
    command = ["run", f"{shop}/policy.yaml", "-i", f"{shop}/in", "-o", f"{shop}/out", "--workers", "1", *MORE]
    assert call(command) == 0
    with pool(tmp_path, with_key(KEY), within=hides(shop / "given")) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers], "--overwrite")
    assert code == 2
    assert only(missing)["check"] == "register"
    assert only(missing)["where"] == f"{shop}/given"
    assert well["register", True] == "can be opened and changed"


def test_a_worker_has_no_beam_deid(capsys, shop, jobs, tmp_path):
    environment = with_key(KEY)
    environment.pop("PYTHONPATH", None)
    with pool(tmp_path, environment, python_without_us(tmp_path / "other")) as workers:
        code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    assert [one["what"] for one in missing] == [
        "beam_deid is not installed there",
        "keys, paths, register and rights were not looked at",
    ]
    assert well["Apache Beam", False]


def test_a_worker_has_another_beam_deid(capsys, shop, jobs, tmp_path):
    with pool(tmp_path, with_key(KEY, PYTHONPATH=str(another_package(tmp_path / "other")))) as workers:
        code, missing, _ = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    assert missing[0]["what"].startswith("another beam_deid is installed there: ")
    assert "its files differ" in missing[0]["what"]


def test_a_worker_has_another_apache_beam(capsys, shop, jobs, tmp_path):
    path = f"{another_beam(tmp_path / 'other', '2.99.0')}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    with pool(tmp_path, with_key(KEY, PYTHONPATH=path)) as workers:
        code, missing, _ = doctor(capsys, shop, [jobs, *workers])
    assert code == 2
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    assert (
        f"{python} with Apache Beam 2.99.0 there, {python} with Apache Beam {beam.__version__} here"
        in only(missing)["what"]
    )


def test_an_engine_that_gives_no_metrics_of_text_back_is_understood_by_what_workers_leave(
    capsys, shop, jobs, workers, monkeypatch
):
    monkeypatch.setattr(asking, "_answers", lambda _: [])
    code, missing, well = doctor(capsys, shop, [jobs, *workers])
    assert (code, missing) == (0, [])
    assert well["keys", False] == "the key of 1 use is here"


def test_workers_lack_what_opens_a_bucket(capsys, bucket, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(examining, "is_here", lambda *_: False)
    upload(bucket)
    nowhere = {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_CONFIG_FILE": "/nowhere",
    }
    with pool(tmp_path, with_key(KEY, **nowhere)) as workers:
        code, missing, well = doctor(capsys, bucket.uri, [jobs, *workers])
    assert code == 3
    assert [one["check"] for one in missing] == ["input", "files", "staging"]
    assert all("ACCESS_DENIED" in one["what"] for one in missing)
    assert well["staging", True]
    assert bucket.keys("out") == []
    assert bucket.uploads() == []


def test_workers_elsewhere_that_know_a_bucket_by_its_path_alone_are_well(capsys, bucket, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(examining, "is_here", lambda *_: False)
    upload(bucket)
    opens = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    with pool(tmp_path, with_key(KEY, **opens)) as workers:
        assert doctor(capsys, bucket.uri, [jobs, *workers])[:2] == (0, [])
    assert [key for key, _, _ in bucket.versions() if MARK in key] == []
