import csv
import hashlib
import itertools
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.chained_record import ChainedRecord

from ..kit.keys import KEK
from ..kit.prompt import promptly
from ..kit.shop import ROWS, orders, shop


@pytest.fixture(autouse=True)
def _kek(monkeypatch):
    monkeypatch.setenv("SHOP_KEK", KEK)


@pytest.fixture
def made(tmp_path):
    made = shop(tmp_path)
    assert made.run() == 0
    return made


def record(made):
    path = f"{made.policy}.restored.jsonl"
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def rejects(made, output):
    rows = pq.read_table(made.folder / f"{output}.rejected.parquet").to_pylist()
    return {(row["row"], row["field"], row["reason"]) for row in rows}


def tampered(made, change):
    """The release's part with its table changed."""
    part = made.out() / "crm" / "part-00000.parquet"
    pq.write_table(change(pq.read_table(part)), part)


def test_a_release_is_reidentified_to_what_it_was_made_of(made):
    assert made.reidentify("restored.parquet") == 0
    restored = pq.read_table(made.folder / "restored.parquet")
    assert restored.to_pylist() == orders().to_pylist()
    assert not any(key.startswith(b"beam_deid") for key in restored.schema.metadata or {})
    assert os.stat(made.folder / "restored.parquet").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("given", ["crm", "crm/*", "crm/*.parquet"])
def test_a_folder_and_a_glob_mean_the_parts_without_the_label(made, given):
    assert made.reidentify("restored.parquet", "--input", str(made.out() / given)) == 0
    assert len(pq.read_table(made.folder / "restored.parquet")) == ROWS


def test_rows_that_came_back_with_a_total_below_them_are_reidentified_once_that_is_said(made, capsys):
    label = ["--label", str(made.out() / "crm" / "label.json")]
    text = made.folder / "back.csv"
    pacsv.write_csv(made.released(), text)
    with text.open("a", encoding="utf-8") as stream:
        stream.write("Total" + "," * (len(made.released().column_names) - 1) + "\n")
    assert made.reidentify("back.parquet", "--input", str(text), *label) == 3
    assert "looks like a total" in capsys.readouterr().err
    assert made.reidentify("back.parquet", "--input", str(text), "--footer", "1", *label) == 0
    assert len(pq.read_table(made.folder / "back.parquet")) == 2 * ROWS  # the release is read as well


def test_only_the_fields_that_are_named_are_reidentified(made):
    assert made.reidentify("restored.parquet", fields="age") == 0
    restored = pq.read_table(made.folder / "restored.parquet")
    released = made.released()
    assert restored.column("age").to_pylist() == orders().column("age").to_pylist()
    for name in ("buyer", "mobile", "note"):
        assert restored.column(name).to_pylist() == released.column(name).to_pylist()


@pytest.mark.parametrize("format", ["csv", "jsonl"])
def test_text_formats_are_reidentified_by_the_label_beside_them(tmp_path, format):  # noqa: A002
    made = shop(tmp_path, format=format)
    assert made.run() == 0
    assert made.reidentify("restored.csv") == 0
    with open(tmp_path / "restored.csv", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["buyer"] for row in rows] == orders().column("buyer").to_pylist()
    assert [row["mobile"] or None for row in rows] == orders().column("mobile").to_pylist()


def test_rows_that_lost_the_releases_marks_need_its_label_for_fpe_only(made, capsys):
    pq.write_table(
        made.released()
        .replace_schema_metadata(None)
        .cast(pa.schema([pa.field(field.name, field.type) for field in made.released().schema])),
        made.folder / "taken.parquet",
    )
    base = [
        "reidentify",
        "--policy",
        made.policy,
        "--release",
        "crm",
        "--all",
        "--reason",
        "a test",
        "--input",
        str(made.folder / "taken.parquet"),
        "--output",
    ]
    assert call([*base, str(made.folder / "a.parquet"), "--fields", "buyer,note"]) == 0
    assert call([*base, str(made.folder / "b.parquet"), "--fields", "mobile"]) == 2
    assert "--label" in capsys.readouterr().err
    label = ["--label", str(made.out() / "crm" / "label.json")]
    assert call([*base, str(made.folder / "b.parquet"), "--fields", "mobile", *label]) == 0
    assert (
        pq.read_table(made.folder / "b.parquet").column("mobile").to_pylist() == orders().column("mobile").to_pylist()
    )


def test_the_record_stands_before_the_first_value(made, monkeypatch):
    seen = []
    append = ChainedRecord.append

    def watched(self, event, facts):
        seen.append((event, [path.name for path in made.folder.glob("restored.parquet*")]))
        append(self, event, facts)

    monkeypatch.setattr(ChainedRecord, "append", watched)
    assert made.reidentify("restored.parquet") == 0
    assert seen[0] == ("begun", [])
    begun, done = record(made)
    assert (begun["event"], begun["why"], begun["rows"], begun["fields"]) == (
        "begun",
        "a test",
        ROWS,
        ["buyer", "mobile", "note", "age"],
    )
    assert begun["who"]
    assert begun["at"]
    assert (done["event"], done["restored"], done["rejected"]) == ("done", ROWS, 0)


def test_without_a_record_nothing_is_reidentified(made, capsys):
    assert made.reidentify("restored.parquet", "--record", str(made.folder / "orders.parquet" / "x")) == 1
    assert "record" in capsys.readouterr().err
    assert not list(made.folder.glob("restored.parquet*"))


def test_the_record_is_only_appended_to_and_each_line_is_bound_to_the_one_before(made):
    for name in ("a", "b"):
        assert made.reidentify(f"{name}.parquet") == 0
    with open(f"{made.policy}.restored.jsonl", "rb") as stream:
        lines = stream.read().splitlines()
    assert len(lines) == 4
    assert json.loads(lines[0])["previous"] is None
    for before, line in itertools.pairwise(lines):
        assert json.loads(line)["previous"] == hashlib.sha256(before).hexdigest()


def test_a_tampered_token_is_told_by_its_row_and_the_others_are_reidentified(made, capsys):
    def change(table):
        buyers = table.column("buyer").to_pylist()
        buyers[3] = buyers[3][:-2] + ("A" if buyers[3][-2] != "A" else "B") + buyers[3][-1]
        buyers[5] = "张三"
        return table.set_column(0, table.schema.field("buyer"), pa.array(buyers))

    tampered(made, change)
    assert made.reidentify("restored.parquet") == 3
    said = capsys.readouterr().err
    assert "row 4: buyer: not_authentic" in said
    assert "row 6: buyer: no_token" in said
    assert "张三" not in said
    restored = pq.read_table(made.folder / "restored.parquet")
    kept = [row for number, row in enumerate(orders().to_pylist()) if number not in (3, 5)]
    assert restored.to_pylist() == kept
    assert rejects(made, "restored.parquet") == {(4, "buyer", "not_authentic"), (6, "buyer", "no_token")}
    assert record(made)[-1]["rejected"] == 2


def test_a_token_of_another_domain_is_no_token_of_this_one(made):
    def change(table):
        age = table.column("age").to_pylist()
        age[4] = table.column("buyer")[4].as_py()
        return table.set_column(table.schema.names.index("age"), table.schema.field("age"), pa.array(age))

    tampered(made, change)
    assert made.reidentify("restored.parquet") == 3
    assert rejects(made, "restored.parquet") == {(5, "age", "not_authentic")}


def test_another_domain_in_the_policy_reidentifies_nothing(made, capsys):
    with open(made.policy, encoding="utf-8") as stream:
        text = stream.read()
    with open(made.policy, "w", encoding="utf-8") as stream:
        stream.write(text.replace("domain: customer", "domain: customers").replace("domain: mobile", "domain: mobiles"))
    assert made.reidentify("restored.parquet", fields="mobile") == 2
    assert "another key, in another domain" in capsys.readouterr().err
    assert made.reidentify("restored.parquet", fields="buyer") == 3
    assert not (made.folder / "restored.parquet").exists()


def test_another_keyring_reidentifies_nothing(made, capsys):
    os.rename(made.ring, f"{made.ring}.kept")
    assert call(["keys", "create", made.ring, "--kek", "env:SHOP_KEK"]) == 0
    assert made.reidentify("restored.parquet", fields="mobile") == 2
    assert made.reidentify("restored.parquet", fields="buyer") == 3
    said = capsys.readouterr()
    assert "restored.parquet is not written" in said.out
    assert (
        "no_such_key: The key that made the token is not in the keyring, or was destroyed. Take the keyring" in said.err
    )
    assert not (made.folder / "restored.parquet").exists()
    assert {reason for _, _, reason in rejects(made, "restored.parquet")} == {"no_such_key"}
    assert len(rejects(made, "restored.parquet")) == ROWS


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fields", "item"], "buyer, mobile, note, age"),
        (["--fields", "nothing"], "buyer, mobile, note, age"),
        (["--fields", ","], "--fields"),
        (["--release", "partners"], "crm, partner"),
        (["--release", "partner", "--fields", "buyer"], "another release"),
        (["--reason", " "], "--reason"),
        (["--output", "OUT/restored.xml"], "format"),
        (["--output", "OUT/restored.csv.gz"], "uncompressed"),
        (["--output", "OUT/orders.parquet"], "exists"),
        (["--input", "OUT/nothing-*.parquet"], "no file matches"),
        (["--label", "OUT/out/partner/label.json"], "label of crm"),
    ],
)
def test_mistakes_are_told_before_anything_is_recorded_or_written(made, capsys, options, said):
    before = sorted(path.name for path in made.folder.iterdir())
    given = {
        "--policy": made.policy,
        "--release": "crm",
        "--fields": "buyer",
        "--reason": "a test",
        "--input": str(made.out() / "crm" / "part-*"),
        "--output": str(made.folder / "restored.parquet"),
    }
    given.update(
        dict(zip(options[::2], [word.replace("OUT", str(made.folder)) for word in options[1::2]], strict=True))
    )
    assert call(["reidentify", "--all", *(word for pair in given.items() for word in pair)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in made.folder.iterdir()) == before


def test_rows_are_reidentified_batch_by_batch(made):
    part = made.out() / "crm" / "part-00000.parquet"
    table = pq.read_table(part)
    many = pa.concat_tables([table] * 5_000).replace_schema_metadata(table.schema.metadata)
    pq.write_table(many, part, row_group_size=50_000)
    before = pa.default_memory_pool().max_memory()
    assert made.reidentify("restored.parquet", fields="buyer,mobile") == 0
    assert pq.read_metadata(made.folder / "restored.parquet").num_rows == 5_000 * ROWS
    assert pa.default_memory_pool().max_memory() - before < 200 << 20
    restored = pq.read_table(made.folder / "restored.parquet", columns=["buyer"]).column("buyer")
    assert pc.count_distinct(restored).as_py() == 20


def rewritten(made, before, after):
    with open(made.policy, encoding="utf-8") as stream:
        text = stream.read()
    assert before in text
    with open(made.policy, "w", encoding="utf-8") as stream:
        stream.write(text.replace(before, after))


@pytest.mark.parametrize("change", ["preset: mobile, keep_prefix: false", "alphabet: digits", "preset: order_number"])
def test_a_format_that_the_policy_has_no_more_is_refused(made, capsys, change):
    rewritten(made, "{domain: mobile}", f"{{domain: mobile, {change}}}")
    rewritten(made, "role: direct_identifier, kind: mobile", "role: direct_identifier")
    assert made.reidentify("restored.parquet", fields="mobile") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "for another recipient or in another format" in told
    assert "under recipients it must be called as it was then" in told


def test_a_label_of_another_run_does_not_override_what_a_part_says(made, capsys):
    assert call(["keys", "rotate", made.ring]) == 0
    assert made.run("later") == 0
    label = ["--label", str(made.out("later") / "crm" / "label.json")]
    assert made.reidentify("restored.parquet", *label, fields="mobile") == 2
    assert "another key than the one that made" in capsys.readouterr().err


@pytest.mark.parametrize("damage", [{"id": "zz"}, {"id": 1}, 5, {"id": None, "check": "x"}])
def test_a_damaged_label_is_told(made, capsys, damage):
    label = made.label()
    label["fields"]["mobile"]["key"] = damage
    path = made.folder / "label.json"
    path.write_text(json.dumps(label), "utf-8")
    assert made.reidentify("restored.parquet", "--label", str(path), fields="mobile") == 2
    assert "damaged" in capsys.readouterr().err


def test_the_output_takes_nothings_place(made, capsys):
    assert made.reidentify("first.parquet") == 0
    record = f"{made.policy}.restored.jsonl"
    before = Path(record).read_bytes()
    part = made.out() / "crm" / "part-00000.parquet"
    for output, options in (
        (part, ["--overwrite"]),
        (made.out() / "crm" / "new.parquet", []),
        (record, ["--overwrite"]),
        (made.folder / "fresh.jsonl", ["--record", str(made.folder / "fresh.jsonl")]),
    ):
        assert made.reidentify(str(output), *options) == 2
        assert "Choose another --output" in capsys.readouterr().err
    assert Path(record).read_bytes() == before
    assert call(["verify", str(made.out())]) == 0


def test_rejects_of_an_earlier_reidentification_do_not_stay_beside_a_later_one(made):
    part = made.out() / "crm" / "part-00000.parquet"
    sound = part.read_bytes()
    tampered(made, lambda table: table.set_column(0, table.schema.field("buyer"), pa.array(["x"] * ROWS)))
    assert made.reidentify("restored.parquet") == 3
    rejected = made.folder / "restored.parquet.rejected.parquet"
    assert rejected.stat().st_mode & 0o777 == 0o600
    part.write_bytes(sound)
    assert not (made.folder / "restored.parquet").exists()  # no row was written
    assert made.reidentify("restored.parquet") == 2
    assert made.reidentify("restored.parquet", "--overwrite") == 0
    assert not rejected.exists()


def refused_record(made, capsys, path):
    with promptly():
        assert made.reidentify("restored.parquet", "--record", str(path)) == 1
    assert not list(made.folder.glob("restored.parquet*"))
    said = capsys.readouterr().err
    assert str(path) in said
    assert "choose another --record" in " ".join(said.split())
    return " ".join(said.split())


def test_a_link_at_the_records_place_is_refused_and_what_it_leads_to_is_left_alone(made, capsys):
    target = made.folder / "target"
    path = made.folder / "record.jsonl"
    path.symlink_to(target)
    assert "a link, which is not followed" in refused_record(made, capsys, path)
    assert not target.exists()
    target.write_bytes(b"not to be added to")
    assert "a link, which is not followed" in refused_record(made, capsys, path)
    assert target.read_bytes() == b"not to be added to"


def test_a_pipe_or_a_folder_at_the_records_place_is_refused_at_once(made, capsys):
    os.mkfifo(made.folder / "pipe", 0o600)
    assert "no regular file" in refused_record(made, capsys, made.folder / "pipe")
    assert "directory" in refused_record(made, capsys, made.folder / "out")


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_record_output_and_rejects_are_for_their_owner_alone_whatever_the_umask(made, umask):
    tampered(
        made,
        lambda table: table.set_column(
            0, table.schema.field("buyer"), pa.array(["x", *table.column(0).to_pylist()[1:]])
        ),
    )
    before = os.umask(umask)
    try:
        assert made.reidentify("restored.parquet") == 3
    finally:
        os.umask(before)
    left = [*made.folder.glob("restored.parquet*"), Path(f"{made.policy}.restored.jsonl")]
    assert [path.stat().st_mode & 0o777 for path in left] == [0o600] * 4


def test_a_record_that_a_group_may_read_stays_so_and_is_appended_to(made):
    path = made.folder / "record.jsonl"
    path.touch()
    path.chmod(0o640)
    for name in ("a", "b"):
        assert made.reidentify(f"{name}.parquet", "--record", str(path)) == 0
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(path.read_bytes().splitlines()) == 4


def test_links_where_files_are_made_are_not_written_through(made, capsys):
    target = made.folder / "target"
    target.write_bytes(b"not to be lost")
    for name in ("restored.parquet.partial", "restored.parquet"):
        (made.folder / name).symlink_to(target)
    assert made.reidentify("restored.parquet", "--overwrite") == 0
    assert target.read_bytes() == b"not to be lost"
    assert len(pq.read_table(made.folder / "restored.parquet")) == ROWS
    rejected = made.folder / "other.parquet.rejected.parquet"
    rejected.symlink_to(made.folder / "nowhere")
    tampered(made, lambda table: table.set_column(0, table.schema.field("buyer"), pa.array(["x"] * ROWS)))
    assert made.reidentify("other.parquet") == 2
    assert "--overwrite" in capsys.readouterr().err
    assert made.reidentify("other.parquet", "--overwrite") == 3
    assert not (made.folder / "nowhere").exists()
    assert len(rejects(made, "other.parquet")) == ROWS
    assert not rejected.is_symlink()


def test_a_pipe_where_the_output_goes_is_not_waited_for(made):
    os.mkfifo(made.folder / "restored.parquet")
    with promptly(60):
        assert made.reidentify("restored.parquet", "--overwrite") == 0
    assert len(pq.read_table(made.folder / "restored.parquet")) == ROWS
