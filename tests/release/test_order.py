"""The place of a row must not say whose it is: its source, and every sibling release, has the same order."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call
from beam_deid.transforms.release import cutting, pieces, sorting

from ..kit.outputs import labels, parts

POLICY = """
version: 1
dataset: order
subject: who
fields:
  who: {role: direct_identifier}
  city: {role: quasi_identifier}
  what: {role: sensitive}
releases:
  out:
    purpose: test
    sharing: enclave
    fields: {city: keep, what: keep}
"""


def table(rows, start=0):
    return pa.table(
        {
            "who": [f"p{i}" for i in range(start, start + rows)],
            "city": [f"c{i * 7919 % 13}" for i in range(rows)],
            "what": [f"w{i * 104729 % 5}" for i in range(rows)],
        }
    )


def run(tmp_path, name, tables):
    (tmp_path / name).mkdir()
    (tmp_path / "policy.yaml").write_text(POLICY)
    for number, rows in enumerate(tables):
        pq.write_table(rows, tmp_path / name / f"in-{number}.parquet")
    out = tmp_path / f"out-{name}"
    command = ["run", str(tmp_path / "policy.yaml"), "-i", str(tmp_path / name), "-o", str(out), "--workers", "1"]
    assert call(command) == 0
    return out


def released(out):
    return [pq.read_table(path).to_pylist() for path in sorted((out / "out").glob("*.parquet"))]


def test_an_anonymized_release_has_the_same_rows_in_the_same_order_whatever_the_order_of_its_source(tmp_path):
    rows = table(2000)
    backwards = rows.take(pa.array(range(1999, -1, -1)))
    first = run(tmp_path, "a", [rows])
    second = run(tmp_path, "b", [backwards])
    assert labels(first)["out"]["label"] == "anonymized"
    assert released(first) == released(second)


def test_which_file_a_record_came_from_does_not_show(tmp_path):
    rows = table(2000)
    whole = run(tmp_path, "a", [rows])
    cut = run(tmp_path, "b", [rows.slice(0, 700), rows.slice(700)])
    assert released(whole) == released(cut)


def test_bytes_do_not_depend_on_the_runs_key(tmp_path, monkeypatch):
    """Every run has a key of fingerprints of its own; shards, workers and what is suppressed are the same or not."""
    monkeypatch.setattr(cutting, "SHARD_ROWS", 300)
    rare = pa.table({"who": ["x", "y"], "city": ["c0", "nowhere"], "what": ["w9", "w1"]})
    rows = pa.concat_tables([table(1000), rare, pa.concat_tables([table(1)] * 2000)])  # somebody with most of a group
    text = POLICY.replace("    fields: {city", "    require: {suppression: 0.9}\n    fields: {city")
    monkeypatch.setitem(globals(), "POLICY", text)
    first = run(tmp_path, "a", [rows])
    second = run(tmp_path, "b", [rows])
    cut = run(tmp_path, "c", [rows.slice(0, 500), rows.slice(500, 600), rows.slice(1100)])
    label = labels(first)["out"]
    assert label["label"] == "anonymized"
    assert label["records"]["suppressed"] > 1000
    assert len(parts(first)) > 2
    assert parts(first) == parts(second)
    assert labels(first) == labels(second)
    assert released(first) == released(cut)


def test_a_class_is_never_split_over_parts(tmp_path, monkeypatch):
    monkeypatch.setitem(
        globals(), "POLICY", POLICY.replace("    fields: {city", "    parts: {rows: 300}\n    fields: {city")
    )
    out = run(tmp_path, "a", [table(1000), table(1000, 1000)])
    content = released(out)
    assert len(content) == 7
    cities = [{row["city"] for row in part} for part in content]
    assert sum(map(len, cities)) == 13
    assert sum(map(len, content)) == 2000
    assert call(["verify", str(out)]) == 0
    assert len(parts(out)) == 7


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
from beam_deid.pipelines.cli import call
sys.exit(call(sys.argv[1:]))
"""


def test_more_parts_than_files_may_be_open_hold_the_same_rows_from_one_file_and_from_many(tmp_path, monkeypatch):
    monkeypatch.setitem(
        globals(), "POLICY", POLICY.replace("    fields: {city", "    parts: {rows: 20}\n    fields: {city")
    )
    rows = pa.concat_tables([table(2000), table(2000, 2000)])
    for module in (pieces, sorting):  # and the runs of a part are many
        monkeypatch.setattr(module, "HELD_BYTES", 1000)
    first = run(tmp_path, "a", [rows])
    (tmp_path / "b").mkdir()
    for number in range(20):
        pq.write_table(rows.slice(number * 200, 200), tmp_path / "b" / f"in-{number}.parquet")
    policy = str(tmp_path / "policy.yaml")
    command = ["run", policy, "-i", str(tmp_path / "b"), "-o", str(tmp_path / "out-b"), "--workers", "2"]
    subprocess.run([sys.executable, "-c", LIMITED, *command], check=True)
    assert len(released(first)) == 200
    assert released(first) == released(tmp_path / "out-b")


def test_parts_of_a_release_in_the_order_of_its_source_are_as_large_as_the_policy_says(tmp_path, monkeypatch):
    text = POLICY.replace("sharing: enclave", "sharing: public\n    expect: still_personal\n    parts: {rows: 300}")
    monkeypatch.setitem(globals(), "POLICY", text)
    rows = [table(700), table(100, 700), table(600, 800)]
    out = run(tmp_path, "a", rows)
    assert labels(out)["out"]["label"] == "still_personal"
    names = [path.name for path in sorted((out / "out").glob("*.parquet"))]
    assert names == [
        f"part-{shard:05d}-{part:05d}.parquet" for shard, part in [*[(0, n) for n in range(3)], (1, 0), (2, 0), (2, 1)]
    ]
    assert list(map(len, released(out))) == [300, 300, 100, 100, 300, 300]
    content = pa.concat_tables(rows).select(["city", "what"]).to_pylist()
    assert [row for part in released(out) for row in part] == content
    assert call(["verify", str(out)]) == 0
