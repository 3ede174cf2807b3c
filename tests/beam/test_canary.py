"""Marked values and a marked key through runs and failures: none may show in a graph, a log, an error or a manifest."""

import base64
import bz2
import json
import logging
import pickle
import re
import zlib

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_deid.pipelines.cli import call
from beam_deid.transforms import Deidentify
from beam_deid.transforms.beam.run import Settings, build
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.shards import prepare

from ..conftest import KEY

MOBILE = "13799990001"
NAME = "卡那里"
UID = "CANARYUID"
POLICY = """
version: 1
dataset: canary
subject: uid
keys: {{key: "{key}"}}
fields:
  uid: {{role: direct_identifier}}
  mobile: {{role: direct_identifier, kind: mobile}}
  name: {{role: direct_identifier, kind: person_name}}
  day: {{role: quasi_identifier, kind: date}}
  age: {{role: quasi_identifier, kind: integer}}
releases:
  out:
    purpose: test
    sharing: enclave
    fields:
      uid: {{hash: {{domain: customer}}}}
      mobile: {{surrogate: {{}}}}
      name: {{mask: {{keep_first: 1}}}}
      day: {{shift: {{}}}}
      age: {{generalize: {{ranges: [10]}}}}
"""


@pytest.fixture
def run_of(tmp_path):
    """A run over marked values: its policy, its input."""

    def make(key="env:BEAM_DEID_KEY", age="33"):
        policy = tmp_path / "policy.yaml"
        source = tmp_path / "in.parquet"
        policy.write_text(POLICY.format(key=key))
        pq.write_table(
            pa.table(
                {
                    "uid": [f"{UID}{i}" for i in range(50)],
                    "mobile": [f"{int(MOBILE) + i}" for i in range(50)],
                    "name": [NAME] * 50,
                    "day": ["2025-01-02"] * 50,
                    "age": ["33"] * 49 + [age],
                }
            ),
            source,
        )
        return str(policy), str(source), tmp_path / "out"

    return make


def unpacked(text):
    """A text with everything in it that can be decoded: base64, bz2, zlib, escapes."""
    found = [text]
    for piece in re.findall(rb"[A-Za-z0-9+/=_-]{24,}", text):
        for decode in (base64.b64decode, base64.urlsafe_b64decode):
            try:
                data = decode(piece + b"=" * (-len(piece) % 4))
            except ValueError:
                continue
            found.append(data)
            for inflate in (bz2.decompress, zlib.decompress):
                try:
                    found.append(inflate(data))
                except (OSError, ValueError, zlib.error):
                    continue
    return b"\n".join(found)


def assert_clean(data, *, names=True):
    text = unpacked(data)
    marks = [KEY, UID, MOBILE[:9]] + ([NAME] if names else [])
    for mark in marks:
        assert mark.encode() not in text
        assert mark.encode("unicode_escape") not in text
        assert base64.b64encode(mark.encode())[:-4] not in text


def test_the_search_finds_what_is_there():
    packed = base64.b64encode(bz2.compress(KEY.encode()))
    assert KEY.encode() in unpacked(b"x" + b" " + packed + b" y")


def test_the_serialized_pipeline_holds_no_key_and_no_value(run_of):
    policy, source, _ = run_of()
    pipeline = beam.Pipeline(options=PipelineOptions())
    build(pipeline, prepare(read_policy(policy), [source]), "staging", Settings())
    graph = pipeline.to_runner_api().SerializeToString()
    assert len(graph) > 1000
    assert_clean(graph)


def test_the_embedded_transform_holds_no_key(run_of):
    policy, _, _ = run_of()
    pipeline = beam.Pipeline(options=PipelineOptions())
    rows = pipeline | beam.Create([{}]) | beam.Map(dict).with_output_types(dict)
    _ = rows | Deidentify(policy)
    assert_clean(pipeline.to_runner_api().SerializeToString())


def test_logs_and_manifests_of_a_run_hold_no_key_and_no_raw_identifier(run_of, capsys, caplog):
    caplog.set_level(logging.DEBUG)
    policy, source, out = run_of()
    assert call(["run", policy, "-i", source, "-o", str(out), "--workers", "1", "--json"]) == 0
    said = capsys.readouterr()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    for text in (said.out, said.err, logged):
        assert_clean(text.encode())
    for path in [*out.rglob("*.json"), *out.rglob("*.parquet")]:
        assert_clean(path.read_bytes())
    released = pq.read_table(out / "out" / "part-00000.parquet")
    assert_clean(json.dumps(released.to_pylist(), ensure_ascii=False, default=str).encode())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"age": MOBILE + "x"}, 3),
        ({"key": KEY}, 2),
        ({"key": "env:NO_SUCH_VARIABLE"}, 2),
        ({"key": "file:/no/such/file"}, 2),
    ],
    ids=["value of the wrong type", "key in the policy", "no variable", "no file"],
)
def test_errors_hold_no_key_and_no_value(run_of, capsys, caplog, change, code):
    caplog.set_level(logging.DEBUG)
    policy, source, out = run_of(**change)
    assert call(["run", policy, "-i", source, "-o", str(out), "--workers", "1"]) == code
    said = capsys.readouterr()
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert_clean((said.out + said.err + logged).encode())
    assert not out.exists()


def test_resolved_keys_are_not_pickled(run_of):
    policy, source, _ = run_of()
    job = prepare(read_policy(policy), [source]).job
    keys = job.keys
    keys.subkey("hash", "customer")
    assert KEY.encode() not in pickle.dumps(keys)
    assert KEY.encode() not in pickle.dumps(job)
    assert KEY not in repr(keys.__dict__)
