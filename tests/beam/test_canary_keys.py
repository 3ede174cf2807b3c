"""A keyring's key, its key-encryption key and all subkeys through runs, re-identifications and failures: none may show."""

import base64
import logging
import pickle
import secrets
import subprocess
import sys
import time
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.testing.util import assert_that, equal_to

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.beam.run import Settings, build
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.shards import prepare

from ..pipelines.keyed import Shop, shop
from .test_canary import unpacked


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A shop whose key-encryption key stands in a file."""
    monkeypatch.setenv("SHOP_KEK", secrets.token_hex(32))
    kek = tmp_path / "kek"
    kek.touch(mode=0o600)
    kek.write_text(secrets.token_hex(32))
    made = Shop(tmp_path)
    assert call(["keys", "create", made.ring, "--kek", f"file:{kek}"]) == 0
    ring = Path(made.ring).read_bytes()
    (tmp_path / "scratch").mkdir()
    other = shop(tmp_path / "scratch")
    for name in ("policy.yaml", "orders.parquet"):
        (tmp_path / name).write_bytes((Path(other.policy).parent / name).read_bytes())
    assert Path(made.ring).read_bytes() == ring
    return made


def secrets_of(made):
    """Every secret: the key-encryption key, the key, and the subkey of every field."""
    ring = opened(made.ring)
    found = [ring.unwrap(key, ring.opener()) for key in ring.keys]
    found.append((made.folder / "kek").read_bytes())
    policy = read_policy(made.policy)
    job = prepare(policy, [made.source]).job.pinned()
    for name, release in policy.releases.items():
        for field, action in release.fields.items():
            if action.keyed:
                found.append(action.subkey(policy.target(name, field), job.keys).bytes)
    return found


def assert_clean(data, found):
    text = unpacked(data)
    for secret in found:
        written = (base64.b64encode(secret)[:-4], base64.urlsafe_b64encode(secret)[:-4], repr(secret).encode())
        forms = (secret, secret.hex().encode(), *written)
        for form in forms:
            assert form not in text


def test_neither_graph_nor_pickles_hold_a_key(made):
    job = prepare(read_policy(made.policy), [made.source]).job.pinned()
    found = secrets_of(made)
    keys = job.keys
    for use in ("tokenize", "fpe"):
        keys.subkey(use, "customer")
    pipeline = beam.Pipeline(options=PipelineOptions())
    build(pipeline, prepare(read_policy(made.policy), [made.source]), "staging", Settings())
    rows = pipeline | beam.Create([{}]) | beam.Map(dict).with_output_types(dict)
    _ = rows | Deidentify(made.policy, release="crm")
    for data in (
        pipeline.to_runner_api().SerializeToString(),
        pickle.dumps(job),
        pickle.dumps(keys),
        repr(keys.__dict__).encode(),
    ):
        assert_clean(data, found)


def test_what_a_run_and_a_reidentification_leave_and_say_holds_no_key(made, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    found = secrets_of(made)
    assert made.run() == 0
    assert made.reidentify("restored.parquet") == 0
    assert call(["keys", "rotate", made.ring]) == 0
    assert call(["keys", "list", made.ring]) == 0
    assert call(["keys", "destroy", made.ring, "--name", "main", "--output", str(made.out()), "--yes"]) == 0
    assert call(["label", "--again", str(made.out())]) == 0
    said = capsys.readouterr()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert_clean((said.out + said.err + logged).encode(), found)
    for path in made.folder.rglob("*"):
        if path.is_file() and path.name != "kek":
            assert_clean(path.read_bytes(), found)


def test_process_arguments_hold_no_key(made):
    found = secrets_of(made)
    arguments = [
        "run",
        made.policy,
        "-i",
        made.source,
        "-i",
        str(made.folder / "scratch" / "orders.parquet"),
        "-o",
        str(made.out()),
        "--workers",
        "2",
    ]
    command = [sys.executable, "-c", "from beam_deid.pipelines.cli import main; main()", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = set()
    while process.poll() is None:
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                seen.add(path.read_bytes())
            except OSError:
                continue
        time.sleep(0.05)
    assert process.returncode == 0
    assert len([line for line in seen if b"spawn" in line or b"beam_deid" in line]) > 1
    assert_clean(b"\n".join(seen), found)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: (made.folder / "kek").write_text("x" * 40),
        lambda made: (made.folder / "kek").write_text("short"),
        lambda made: (made.folder / "kek").chmod(0o644),
        lambda made: Path(made.ring).write_text(Path(made.ring).read_text().replace('"wrapped": "', '"wrapped": "A')),
        lambda made: Path(made.ring).write_text(Path(made.ring).read_text()[:-20]),
    ],
    ids=["another KEK", "short KEK", "world-readable KEK", "changed key", "damaged keyring"],
)
def test_errors_hold_no_key(made, capsys, caplog, spoil):
    caplog.set_level(logging.DEBUG)
    found = secrets_of(made)
    forget()
    spoil(made)
    assert made.run() == 2
    assert made.reidentify("restored.parquet") == 2
    call(["keys", "rotate", made.ring])
    said = capsys.readouterr()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert_clean((said.out + said.err + logged).encode(), found)
    assert not made.out().exists()


class Carried:
    """A secret that is nothing but its bytes."""

    def __init__(self, key):
        self.key = key

    def get_secret_bytes(self):
        return self.key


class Fetched:
    """A secret that is fetched from a file where it is needed."""

    def __init__(self, path):
        self.path = path

    def get_secret_bytes(self):
        return Path(self.path).read_bytes()


def test_a_secret_is_fetched_on_the_worker_and_one_that_carries_its_bytes_is_refused(made):
    policy = {
        "version": 1,
        "dataset": "d",
        "fields": {"a": {"role": "direct_identifier"}},
        "releases": {"r": {"purpose": "p", "sharing": "enclave", "fields": {"a": "tokenize"}}},
    }
    key = (made.folder / "kek").read_bytes()
    with pytest.raises(UsageError, match="graph"):
        Deidentify(policy, key=Carried(key))
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        rows = pipeline | beam.Create([{"a": "x"}, {"a": "x"}])
        result = rows | Deidentify(policy, key=Fetched(str(made.folder / "kek")))
        assert_that(result.released | beam.Map(lambda row: len(row["a"])), equal_to([30, 30]))
    assert_clean(pipeline.to_runner_api().SerializeToString(), [key])
