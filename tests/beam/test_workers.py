"""Workers in other processes: they publish what this process does, and leave nothing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam import run as job
from beam_deid.transforms.beam.run import Settings
from beam_deid.transforms.crypto import ephemeral
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.reader import read_policy, read_policy_file
from beam_deid.transforms.run import ephemeral_keys as run_keys
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.storage.paths import MARK

from ..kit.job_service import engine
from ..kit.keys import KEY
from ..kit.s3.bucket import told_by
from ..kit.two_releases import EPHEMERAL, MORE, published, upload


@pytest.fixture(scope="module")
def portable(tmp_path_factory):
    """An engine on loopback whose workers know what opens a bucket and not where it is; Beam's options for it."""
    known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    with engine(tmp_path_factory.mktemp("engine"), {**known, **keys, "BEAM_DEID_KEY": KEY}) as options:
        yield options


@pytest.fixture
def undisturbed(bucket):
    """What a run in this process publishes, in a bucket that holds nothing else then."""
    policy = upload(bucket)
    assert call(["run", policy, "-i", f"{bucket.uri}/in", "-o", f"{bucket.uri}/alone", "--workers", "1", *MORE]) == 0
    return published(bucket, "alone")


def assert_nothing_left(bucket):
    assert [key for key, _, _ in bucket.versions() if MARK in key] == []
    assert bucket.uploads() == []


@pytest.mark.portable
@pytest.mark.parametrize("environment", ["EXTERNAL", "LOOPBACK"])
def test_workers_in_other_processes_publish_into_a_bucket_what_this_process_does(
    environment, portable, bucket, undisturbed
):
    options = [
        *portable,
        *([] if environment == "EXTERNAL" else ["--environment_type=LOOPBACK", "--environment_config="]),
    ]
    command = ["run", f"{bucket.uri}/policy.yaml", "-i", f"{bucket.uri}/in", "-o", f"{bucket.uri}/out", *MORE]
    assert call([*command, "--runner", "PortableRunner", "--", *options]) == 0
    assert published(bucket) == undisturbed
    assert_nothing_left(bucket)


@pytest.mark.portable
def test_workers_that_write_into_the_bucket_publish_the_same_and_leave_nothing(
    portable, bucket, undisturbed, monkeypatch
):
    seen = []
    publish = job.publish

    def watched(staging, *more):
        seen.extend(bucket.keys("out/"))
        assert staging.path.startswith(f"{bucket.uri}/out/{MARK}")
        return publish(staging, *more)

    monkeypatch.setattr(job, "is_here", lambda *_: False)
    monkeypatch.setattr(job, "publish", watched)
    policy = read_policy_file(f"{bucket.uri}/policy.yaml")
    settings = Settings("PortableRunner", tuple(portable), 1, 0.01, policy=policy.text)
    job.run(prepare(policy.policy, [f"{bucket.uri}/in"]), f"{bucket.uri}/out", settings)
    assert {key.split("/")[2] for key in seen if MARK in key} == {
        "lease.json",
        "outcome.json",
        "measured",
        "parts",
        "pieces",
        "state.json",
    } | {key.split("/")[2] for key in seen if "rejected." in key}
    assert published(bucket) == undisturbed
    assert_nothing_left(bucket)


def test_a_run_refuses_a_key_of_its_own_for_workers_elsewhere_and_leaves_nothing(bucket, monkeypatch):
    policy = upload(bucket, EPHEMERAL)
    before = bucket.versions()
    monkeypatch.setattr(job, "is_here", lambda *_: False)
    with pytest.raises(UsageError, match="ephemeral needs workers on this machine"):
        job.run(prepare(read_policy(policy), [f"{bucket.uri}/in"]), f"{bucket.uri}/out", Settings("PortableRunner"))
    assert bucket.versions() == before


@pytest.mark.portable
def test_workers_on_this_machine_share_a_key_that_lies_in_a_folder_of_this_user_alone(
    portable, bucket, monkeypatch, temporary
):
    keys = []
    places = []
    make = run_keys.make_ephemeral

    def watched(folder, release):
        make(folder, release)
        keys.append(ephemeral.read_ephemeral(folder, release))
        places.extend((Path(folder), Path(folder).parent))

    monkeypatch.setattr(run_keys, "make_ephemeral", watched)
    publish = job.publish

    def looked(staging, *more):
        gone.append(not places[0].exists())
        return publish(staging, *more)

    monkeypatch.setattr(job, "publish", looked)
    modes = []
    gone = []
    monkeypatch.setattr(
        job,
        "execute",
        lambda *given, execute=job.execute: (
            modes.extend(stat.S_IMODE(os.stat(place).st_mode) for place in places),
            execute(*given),
        ),
    )
    policy = upload(bucket, EPHEMERAL)
    command = ["run", policy, "-i", f"{bucket.uri}/in", "-o", f"{bucket.uri}/out", *MORE]
    assert call([*command, "--runner", "PortableRunner", "--", *portable]) == 0
    assert modes == [0o700, 0o700]
    assert gone == [True]
    assert places[1].parent == temporary
    assert [path for path in temporary.iterdir() if MARK in path.name] == []  # what else there is is Beam's
    released = [pq.read_table(pa.BufferReader(bucket.get(key))) for key in bucket.keys("out/crm/") if "part-" in key]
    assert len({token for table in released for token in table.column("who").to_pylist()}) == 2099
    for key, version, _ in bucket.versions():
        assert keys[0] not in bucket.old(key, version)
    assert_nothing_left(bucket)


DIES = """
import os, sys
from beam_deid.transforms.beam import run as job
job.is_here, job.check_reach, job.publish = lambda *_: False, lambda *_: None, lambda *_: os._exit(9)
from beam_deid.pipelines.cli import main
main(sys.argv[1:])
"""


@pytest.mark.slow("a run in a process that imports Beam")
@pytest.mark.parametrize("told", [False, True], ids=["as the environment says", "as its path says"])
def test_a_run_left_in_a_bucket_is_published_however_its_folder_is_reached(
    told, bucket, undisturbed, monkeypatch, capsys
):
    out = f"{bucket.uri}/out"
    command = ["run", f"{bucket.uri}/policy.yaml", "-i", f"{bucket.uri}/in", "-o", out, "--workers", "1", *MORE]
    assert subprocess.run([sys.executable, "-c", DIES, *command], check=False).returncode == 9
    (name,) = {key.split("/")[1] for key in bucket.keys("out/")}
    options = told_by(bucket) if told else ""
    if told:
        for variable in ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
            monkeypatch.delenv(variable)
    assert call(["publish", f"{out}/{name}{options}"]) == 0
    assert f"records in {out}/crm" in capsys.readouterr().out
    assert published(bucket) == undisturbed
    assert_nothing_left(bucket)
