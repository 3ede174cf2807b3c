"""What goes with a run to workers that are not in this process: paths that mean the same there, and nothing that opens them."""

import gzip
import hashlib
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_deid.pipelines.cli import call
from beam_deid.transforms.beam.run import Settings, build
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.run.shipping import shipped
from beam_deid.transforms.storage import files
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.paths import MARK
from beam_deid.transforms.storage.staging import Staging

from ..kit.s3.bucket import told_by
from ..kit.two_releases import MORE, POLICY, fill, upload
from ..kit.unpacking import assert_holds_none, unpacked

REMOTE = ["--runner", "DataflowRunner"]


def mapping(hierarchy=None, **paths):
    """A policy that names files of each sort, all of them in a store but those that are given; it is read with its hierarchy."""
    at = {name: f"s3://far/{name}" for name in ("table", "release", "frequencies")} | paths
    action = {"generalize": {"hierarchy": hierarchy}} if hierarchy else "keep"
    attackers = {
        "one": {"knows": ["city"], "table": at["table"]},
        "other": {"knows": ["city"], "release": at["release"]},
    }
    return {
        "version": 1,
        "dataset": "far",
        "subject": "who",
        "keys": {"keyring": "keys/far.keyring"},
        "fields": {
            "who": {"role": "direct_identifier"},
            "city": {"role": "quasi_identifier"},
            "age": {"role": "quasi_identifier"},
        },
        "releases": {
            "a": {
                "purpose": "test",
                "sharing": "enclave",
                "fields": {"city": action, "age": {"tokenize": {}}},
                "attackers": attackers,
                "frequencies": {"age": at["frequencies"]},
            }
        },
    }


def written(folder, policy):
    path = folder / "policy.yaml"
    path.write_text(json.dumps(policy), "utf-8")
    return str(path)


@pytest.fixture
def asked(monkeypatch):
    """The paths that a store is asked for."""
    found = set()
    store_of = files.store_of

    def watched(path):
        found.add(path)
        return store_of(path)

    monkeypatch.setattr(files, "store_of", watched)
    return found


@pytest.mark.parametrize("spelling", ["{}", "file://{}", "~/{name}", "near/../{name}"])
@pytest.mark.parametrize("what", ["input", "output", "hierarchy", "table", "release", "frequencies"])
def test_a_path_on_this_machine_is_refused_before_anything_but_the_policy_is_read(
    what, spelling, tmp_path, monkeypatch, capsys, asked
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "near.csv").write_text("A;*\n", "utf-8")
    name = "new.csv" if what == "output" else "near.csv"
    near = spelling.format(tmp_path / name, name=name)
    policy = written(tmp_path, mapping(**({what: near} if what not in ("input", "output") else {})))
    source, out = (near if what == one else f"s3://far/{one}" for one in ("input", "output"))
    assert call(["run", policy, "-i", source, "-o", out, *REMOTE]) == 2
    said = capsys.readouterr().err
    assert f"{name}: this path is local, and the workers of DataflowRunner are on other machines" in said
    assert asked == {policy, str(tmp_path / "near.csv")} if what == "hierarchy" else asked == {policy}
    assert {path.name for path in tmp_path.iterdir()} == {"policy.yaml", "near.csv"}


def test_a_key_that_lives_for_one_run_is_refused_before_anything_but_the_policy_is_read(tmp_path, capsys, asked):
    policy = mapping()
    policy["releases"]["a"]["key"] = "ephemeral"
    path = written(tmp_path, policy)
    assert call(["run", path, "-i", "s3://far/in.csv", "-o", "s3://far/out", *REMOTE]) == 2
    assert "releases.a.key: key: ephemeral needs workers on this machine" in capsys.readouterr().err
    assert asked == {path}
    other = {**policy["releases"], "b": {**policy["releases"]["a"], "key": None}}
    path = written(tmp_path, {**policy, "releases": other})
    assert call(["run", path, "-i", "near.csv", "-o", "s3://far/out", "--release", "b", *REMOTE]) == 2
    assert "this path is local" in capsys.readouterr().err


def test_paths_that_are_shipped_mean_the_same_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    policy = fill(tmp_path / "here")
    text = policy.read_text("utf-8").replace(
        "what: keep}", "what: keep}\n    attackers: {a: {knows: [city], table: ~/a.csv}}"
    )
    policy.write_text(text, "utf-8")
    for pattern in ("here/in/*", "~/here/in/", f"file://{tmp_path}/here/in/*.csv*", "./here/../here/in"):
        made = shipped(prepare(read_policy("here/policy.yaml"), [pattern]))
        assert [shard.path for shard in made.shards] == sorted(
            str(path) for path in (tmp_path / "here" / "in").iterdir()
        )
        report = made.job.policy.releases["report"]
        assert report.fields["city"].hierarchy == str(tmp_path / "here" / "cities.csv")
        assert report.attackers["a"].table == str(tmp_path / "a.csv")
        assert made.job.policy_sha256 == prepare(read_policy(str(policy)), [pattern]).job.policy_sha256


@pytest.mark.parametrize(
    "said", [{}, {"population": 10**6}, {"controls": "low"}, {"motive": "low", "acquaintances": 3}]
)
def test_what_nobody_says_of_a_recipient_is_not_said_where_the_run_is_shipped_either(said, tmp_path):
    path = fill(tmp_path, POLICY.replace("fields: {city:", f"environment: {json.dumps(said)}\n    fields: {{city:"))
    here = prepare(read_policy(str(path)), [str(tmp_path / "in")])
    there = shipped(here)
    for name, release in here.job.policy.releases.items():
        arrived = there.job.policy.releases[name].environment
        assert arrived == release.environment
        assert arrived.model_fields_set == release.environment.model_fields_set
        assert arrived.is_stated == release.environment.is_stated
    assert here.job.policy.releases["report"].environment.model_fields_set == set(said)
    assert there.job.policy_sha256 == here.job.policy_sha256


def test_an_output_that_is_shipped_means_the_same_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for spelling in ("out", "~/out", f"file://{tmp_path}/out", "./x/../out"):
        staging = Staging(spelling)
        staging.discard()
        assert Path(staging.path).parent == tmp_path
        assert Path(staging.path).name.startswith(f".out{MARK}")


SECRETS = {
    "AWS_ACCESS_KEY_ID": "AKIACANARY0123456789",
    "AWS_SECRET_ACCESS_KEY": "canary/secret/0123456789012345678901",
    "AWS_SESSION_TOKEN": "canary-token-0123456789-0123456789-0123456789",
}


@pytest.mark.parametrize(
    ("environment", "path", "expected"),
    [
        ({}, "s3://b/x", "s3://b/x"),
        (
            {"AWS_ENDPOINT_URL": "http://e", "AWS_DEFAULT_REGION": "r"},
            "s3://b/x",
            "s3://b/x?endpoint=http://e&region=r",
        ),
        ({"AWS_ENDPOINT_URL": "http://e", "AWS_ENDPOINT_URL_S3": "http://s"}, "s3://b/x", "s3://b/x?endpoint=http://s"),
        ({"AWS_REGION": "r", "AWS_DEFAULT_REGION": "d"}, "s3://b/x", "s3://b/x?region=r"),
        ({"AWS_PROFILE": "p", "AWS_REGION": "r"}, "s3://b/x?region=own", "s3://b/x?profile=p&region=own"),
        (SECRETS, "s3://b/x?anonymous=true", "s3://b/x?anonymous=true"),
        ({"AWS_REGION": "r"}, "gs://b/x", "gs://b/x"),
        ({"AWS_REGION": "r"}, "/b/x", "/b/x"),
    ],
)
def test_a_path_takes_endpoint_region_and_profile_along_unless_it_says_them(environment, path, expected, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert pinned(path) == expected


def graph(made, staging):
    pipeline = beam.Pipeline(options=PipelineOptions())
    build(pipeline, made, staging, Settings())
    return pipeline.to_runner_api().SerializeToString()


def test_the_graph_says_where_a_bucket_is_and_nothing_that_opens_it(bucket, monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    text = POLICY.replace("what: keep}", "what: keep}\n    attackers: {a: {knows: [city], table: known.csv}}")
    policy = upload(bucket, text)
    made = shipped(prepare(read_policy(policy), [f"{bucket.uri}/in"]))
    data = graph(made, pinned(f"{bucket.uri}/out/{MARK}x")) + pickle.dumps(made)
    told = told_by(bucket).encode()
    found = unpacked(data)
    for key in ("in/in-0.csv", "in/in-1.csv.gz", "cities.csv", "known.csv", f"out/{MARK}x"):
        assert f"{bucket.uri}/{key}".encode() + told in found
    assert_holds_none(data, [secret.encode() for secret in SECRETS.values()])


READS = """
import contextlib, hashlib, sys
from beam_deid.transforms.formats.compression import open_plain
with contextlib.closing(open_plain(sys.argv[1])) as stream:
    print(hashlib.sha256(stream.read(1 << 24)).hexdigest())
"""


def worker(*arguments):
    """What a process reads that knows nothing but what opens a bucket."""
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}
    return subprocess.run(
        [sys.executable, "-c", READS, *arguments],
        env={**environment, **keys},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_worker_with_an_empty_environment_finds_a_path_by_what_it_says(bucket):
    upload(bucket)
    path = f"{bucket.uri}/in/in-1.csv.gz"
    found = worker(pinned(path))
    assert found.stdout.strip() == hashlib.sha256(gzip.decompress(bucket.get("in/in-1.csv.gz"))).hexdigest(), (
        found.stderr
    )


CASES = {
    "no file": ("in/none-*.csv", None),
    "a folder that is not there": ("none", None),
    "a broken table": ("broken.parquet", b"no table"),
    "a name without a format": ("in/in-0", b"x"),
    "another column": ("other.csv", b"who,city,what,age,more\na,b,c,1,2\n"),
    "a column twice": ("twice.csv", b"who,who\n1,2\n"),
    "an empty file": ("empty.csv", b""),
    "a broken archive": ("broken.csv.gz", b"no archive"),
    "an encoding that cannot be told": ("few.csv", b"who,city,what,age\n\xc3\xfb,b,c,1\n"),
    "no record": ("none.jsonl", b""),
    "no document": ("torn.json", b'[{"who": 1'),
}


@pytest.mark.parametrize("case", CASES)
def test_messages_say_which_file_and_not_how_it_is_reached(case, bucket, monkeypatch, capsys):
    key, data = CASES[case]
    policy = upload(bucket)
    if data is not None:
        bucket.put(key, data)
    options = told_by(bucket)
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    command = [
        f"{policy}{options}",
        "-i",
        f"{bucket.uri}/{key}{options}",
        "-o",
        f"{bucket.uri}/out{options}",
        "--workers",
        "1",
    ]
    assert call(["run", *command]) in (2, 3)
    said = capsys.readouterr()
    assert f"{bucket.uri}/{key}" in said.err
    for word in ("endpoint", "region", "127.0.0.1", "eu-west-1"):
        assert word not in said.out + said.err


def test_what_a_run_says_and_leaves_names_files_and_not_how_they_are_reached(bucket, monkeypatch, capsys):
    policy = upload(bucket)
    options = told_by(bucket)
    server = os.environ["AWS_ENDPOINT_URL_S3"]
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    out = f"{bucket.uri}/out"
    command = [
        "run",
        f"{policy}{options}",
        "-i",
        f"{bucket.uri}/in/{options}",
        "-o",
        f"{out}{options}",
        "--workers",
        "1",
        *MORE,
    ]
    assert call(command) == 0
    assert call(["verify", f"{out}{options}"]) == 0
    assert call(command) == 2
    said = capsys.readouterr()
    assert server not in said.out + said.err
    assert "eu-west-1" not in said.out + said.err
    rejected = pq.read_table(pa.BufferReader(bucket.get("out/rejected.parquet")))
    assert rejected.column("file").to_pylist() == [f"{bucket.uri}/in/in-1.csv.gz"]
    for key in bucket.keys("out/"):
        if key.endswith(".json"):
            assert server.encode() not in bucket.get(key)
