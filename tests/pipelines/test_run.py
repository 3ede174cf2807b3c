import json
import os
import shutil
import stat

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

from ..kit.outputs import labels, leftovers, parts

PARTS_OF_READ = ("released", "suppressed", "withheld", "rejected")

POLICY = """
version: 1
dataset: small
subject: who
fields:
  who: {role: direct_identifier}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  what: {role: sensitive}
releases:
  out:
    purpose: test
    sharing: enclave
    require: {k: 3, suppression: 0.2}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields:
      city: keep
      age: {generalize: {ranges: [10], level: 0}}
      what: keep
"""


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.yaml"
    path.write_text(POLICY)
    return str(path)


def table(rows=40):
    return pa.table(
        {
            "who": [f"p{i}" for i in range(rows)],
            "city": ["A", "B"] * (rows // 2),
            "age": [20 + i % 10 for i in range(rows)],
            "what": ["x", "x", "y", "y"] * (rows // 4),
        }
    )


def write_csv(path, rows):
    path.write_text("who,city,age,what\n" + "".join(f"{row}\n" for row in rows))


def run(policy, source, out, *more):
    return call(["run", policy, "-i", str(source), "-o", str(out), "--workers", "1", *more])


def test_every_record_is_in_exactly_one_count(published):
    for label in labels(published).values():
        assert label["records"]["read"] == 30_000
        assert label["records"]["read"] == sum(label["records"][part] for part in PARTS_OF_READ)
        assert label["records"]["released"] == sum(file["rows"] for file in label["files"])


def test_the_tmall_policy_makes_one_anonymized_and_one_personal_release(published):
    assert {name: label["label"] for name, label in labels(published).items()} == {
        "analytics": "anonymized",
        "crm": "still_personal",
    }


def test_schema_metadata_carries_the_label_and_each_fields_treatment(published):
    run_id = json.loads((published / "run.json").read_text())["run"]
    schema = pq.read_schema(published / "analytics" / "part-00000.parquet")
    assert schema.metadata[b"beam_deid.label"] == b"anonymized"
    assert schema.metadata[b"beam_deid.run"] == run_id.encode()
    city = schema.field("receiver_city").metadata
    assert city[b"beam_deid.action"] == b"generalize"
    assert city[b"beam_deid.recoverability"] == b"generalized"


def test_what_is_written_has_the_class_sizes_that_the_label_says(published):
    label = labels(published)["analytics"]
    files = [str(path) for path in sorted((published / "analytics").glob("*.parquet"))]
    released = pq.read_table(files, columns=list(label["fields"]))
    quasi = [name for name, facts in label["fields"].items() if "quasi_identifier" in facts["role"]]
    sizes = released.group_by(quasi).aggregate([([], "count_all")])["count_all"]
    assert len(sizes) == label["risk"]["classes"]
    assert min(sizes.to_pylist()) >= label["risk"]["k"] >= 5


@pytest.mark.slow("starts worker processes over thirty thousand orders; tests/golden has a small run in two")
def test_two_workers_write_the_bytes_that_one_writes(published, orders, tmall_policy, tmp_path):
    out = tmp_path / "out"
    assert call(["run", tmall_policy, "-i", str(orders / "*.parquet"), "-o", str(out), "--workers", "2"]) == 0
    assert parts(out) == parts(published)
    assert labels(out) == labels(published)


def test_an_existing_output_is_refused_and_overwritten_only_when_asked(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(), source)
    assert run(policy, source, out) == 0
    before = (out / "run.json").read_bytes()
    assert run(policy, source, out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (out / "run.json").read_bytes() == before
    assert run(policy, source, out, "--overwrite") == 0
    assert leftovers(out) == []


def test_overwrite_spares_a_folder_that_is_no_run(policy, tmp_path):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(), source)
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    assert run(policy, source, out, "--overwrite") == 2
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_failed_overwrite_leaves_the_old_output(policy, tmp_path):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(), source)
    assert run(policy, source, out) == 0
    before = parts(out)
    source.write_bytes(source.read_bytes()[:-40])
    assert run(policy, source, out, "--overwrite") == 3
    assert parts(out) == before
    assert leftovers(out) == []


@pytest.mark.parametrize("column", ["extra", "citty"])
def test_an_unclassified_column_stops_the_run_before_anything_is_written(policy, tmp_path, capsys, column):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table().append_column(column, pa.array(["v"] * 40)), source)
    assert run(policy, source, out) == 2
    assert column in capsys.readouterr().err
    assert not out.exists()
    assert leftovers(out) == []


def test_a_policy_column_that_the_input_lacks_stops_the_run(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    pq.write_table(table().drop_columns(["age"]), source)
    assert run(policy, source, tmp_path / "out") == 2
    assert "age" in capsys.readouterr().err


def test_rejected_values_are_named_by_place_and_reason_and_never_shown(policy, tmp_path, capsys):
    source = tmp_path / "in.csv"
    out = tmp_path / "out"
    rows = [f"p{i},{'AB'[i % 2]},{20 + i % 10},{'xy'[i % 4 // 2]}" for i in range(40)]
    rows[7] = "p7,A,SECRETVALUE,x"
    rows[9] = "p9,A,29,x,too,many"
    write_csv(source, rows)
    assert run(policy, source, out) == 3
    said = capsys.readouterr().err
    assert "wrong_type" in said
    assert "SECRETVALUE" not in said
    assert not out.exists()
    assert run(policy, source, out, "--max-rejects", "0.1") == 0
    rejected = pq.read_table(out / "rejected.parquet").to_pylist()
    assert [(r["row"], r["field"], r["reason"]) for r in rejected] == [
        (9, "age", "wrong_type"),
        (11, "", "malformed_row"),
    ]
    assert b"SECRETVALUE" not in (out / "rejected.parquet").read_bytes()
    lines = (out / "rejected.csv").read_text("utf-8-sig").splitlines()
    place = str(source)
    assert lines[0] == '"file","row","field","reason","release"'
    assert lines[1:] == [f'"{place}",9,"age","wrong_type",""', f'"{place}",11,"","malformed_row",""']
    assert labels(out)["out"]["records"] == {"read": 40, "released": 38, "suppressed": 0, "withheld": 0, "rejected": 2}
    assert call(["verify", str(out)]) == 0


def test_files_may_order_their_columns_differently_and_parts_do_not_care(policy, tmp_path):
    for name, columns in (("a", ["who", "city", "age", "what"]), ("b", ["what", "age", "city", "who"])):
        (tmp_path / name).mkdir()
        pq.write_table(table().select(columns), tmp_path / name / "in.parquet")
        assert run(policy, tmp_path / name / "in.parquet", tmp_path / f"out-{name}") == 0
    released = [pq.read_table(tmp_path / f"out-{name}/out/part-00000.parquet") for name in "ab"]
    assert released[0].equals(released[1])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_other_output_formats(policy, tmp_path, kind):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(), source)
    with open(policy, "a") as stream:
        stream.write(f"    format: {kind}\n")
    assert run(policy, source, out) == 0
    part = out / "out" / f"part-00000.{kind}"
    rows = pc.read_csv(part).num_rows if kind == "csv" else len(part.read_text().splitlines())
    assert rows == 40
    assert call(["verify", str(out)]) == 0


def test_expectation_that_is_not_met_publishes_nothing_and_exits_4(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(4), source)
    with open(policy, "a") as stream:
        stream.write("    expect: anonymized\n")
    assert run(policy, source, out) == 4
    assert "not published" in capsys.readouterr().out
    assert not out.exists()
    assert leftovers(out) == []


def test_json_prints_one_document_on_stdout(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table(), source)
    assert run(policy, source, out, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["labels"]["out"]["records"]["read"] == 40


@pytest.mark.parametrize(
    ("content", "code"), [(b"", 3), (b"PAR1 no parquet", 3), (None, 2)], ids=["empty", "not parquet", "absent"]
)
def test_an_input_that_cannot_be_read_gets_a_clear_answer(policy, tmp_path, capsys, content, code):
    source = tmp_path / "in.parquet"
    if content is not None:
        source.write_bytes(content)
    assert run(policy, source, tmp_path / "out") == code
    assert "in.parquet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_a_usage_error(policy, tmp_path):
    (tmp_path / "in").mkdir()
    assert run(policy, tmp_path / "in", tmp_path / "out") == 2


def test_no_record_at_all_is_no_release(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table().slice(0, 0), source)
    assert run(policy, source, out) == 3
    assert "there is no row in the input" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place_is_refused(policy, tmp_path, capsys):
    source = tmp_path / "in.parquet"
    place = tmp_path / "place"
    pq.write_table(table(), source)
    place.mkdir()
    place.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert run(policy, source, place / "out") == 2
    assert "another --output" in capsys.readouterr().err


@pytest.mark.slow("fills a disk")
@pytest.mark.skipif(
    not os.path.exists("/dev/full") or shutil.which("mount") is None, reason="no small disk can be made"
)
def test_a_full_disk_publishes_nothing(policy, tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    if os.system(f"mount -t tmpfs -o size=64k tmpfs {place} 2>/dev/null"):
        pytest.skip("no right to mount a small disk")
    try:
        source = tmp_path / "in.parquet"
        big = table(8_000).set_column(1, "city", pa.array([os.urandom(8).hex() for _ in range(8_000)]))
        pq.write_table(big, source)
        assert run(policy, source, place / "out") == 1
        assert list(place.iterdir()) == []
    finally:
        os.system(f"umount {place}")


def test_a_missing_key_is_told_before_anything_is_published(orders, tmall_policy, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("BEAM_DEID_KEY")
    assert (
        call(["run", tmall_policy, "-i", str(orders / "*.parquet"), "-o", str(tmp_path / "out"), "--workers", "1"]) == 2
    )
    assert "env:BEAM_DEID_KEY" in capsys.readouterr().err
    monkeypatch.setenv("BEAM_DEID_KEY", "tooshort")
    assert (
        call(["run", tmall_policy, "-i", str(orders / "*.parquet"), "-o", str(tmp_path / "out"), "--workers", "1"]) == 2
    )
    said = capsys.readouterr().err
    assert "32" in said
    assert "tooshort" not in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("role", ["sensitive", "insensitive"])
def test_an_identifier_that_is_called_something_else_counts_like_any_other_column(policy, tmp_path, role):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    pq.write_table(table().append_column("number", pa.array([f"n{i}" for i in range(40)])), source)
    with open(policy) as stream:
        text = stream.read()
    with open(policy, "w") as stream:
        text = text.replace("  what: {role", f"  number: {{role: {role}}}\n  what: {{role")
        stream.write(text.replace("      what: keep", "      what: keep\n      number: keep"))
    assert run(policy, source, out) == 0
    label = labels(out)["out"]
    failing = [test["name"] for test in label["tests"] if not test["passed"]]
    assert label["label"] == "still_personal"
    named = {
        "sensitive": {"k_without:what", "k_values:number", "order"},
        "insensitive": {
            "k",
            "k_without:what",
            "l:what",
            "gain:what",
            "dominance",
            "classes_at_risk",
            "overall_risk",
            "order",
        },
    }
    assert set(failing) == named[role]


@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64(), pa.decimal128(21, 2), pa.binary()], ids=str)
def test_a_mobile_is_found_in_a_released_column_of_any_type(policy, tmp_path, kind):
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    numbers = pa.array(["13800138000", "13800138001"] * 20)
    numbers = numbers.cast(kind) if kind in (pa.string(), pa.binary()) else numbers.cast(pa.int64()).cast(kind)
    pq.write_table(table().set_column(3, "what", numbers), source)
    assert run(policy, source, out) == 0
    assert {"field": "what", "kind": "mobile", "hits": 2} in labels(out)["out"]["scan"]


REJECTING = """
version: 1
dataset: d
subject: who
keys: {key: env:BEAM_DEID_KEY}
fields:
  who: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  day: {role: quasi_identifier, kind: date}
  item: {role: insensitive}
releases:
  formatted: {purpose: p, sharing: enclave, fields: {mobile: fpe, item: keep}}
  shifted: {purpose: p, sharing: enclave, fields: {day: shift, item: keep}}
"""


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow("starts processes"))])
def test_records_that_a_keyed_action_rejects_are_rejected_in_their_release_alone(tmp_path, workers):
    policy = tmp_path / "policy.yaml"
    source = tmp_path / "in.parquet"
    out = tmp_path / "out"
    policy.write_text(REJECTING)
    pq.write_table(
        pa.table(
            {
                "who": ["a", None, "c", "d"],
                "mobile": ["13800138000", "13800138001", "no mobile", None],
                "day": ["2025-01-01"] * 4,
                "item": ["x"] * 4,
            }
        ),
        source,
    )
    arguments = ["run", str(policy), "-i", str(source), "-o", str(out), "--workers", workers, "--max-rejects", "0.25"]
    assert call(arguments) == 0
    rows = [tuple(row.values())[1:] for row in pq.read_table(out / "rejected.parquet").to_pylist()]
    assert rows == [(2, "day", "wrong_type", "shifted"), (3, "mobile", "outside_format", "formatted")]
    for release in ("formatted", "shifted"):
        label = json.loads((out / release / "label.json").read_text("utf-8"))
        assert (label["records"]["released"], label["records"]["rejected"]) == (3, 1)
    assert call([*arguments[:-1], "0.1", "--overwrite"]) == 3
