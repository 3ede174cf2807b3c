"""The place of a row must not say whose it is: its source, and every sibling release, has the same order."""

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call
from beam_deid.transforms.release import cutting

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
