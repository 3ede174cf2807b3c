"""Columns that come and go between the files of one input, and files in which no row stands.

Before, any column more or less stopped a run, and headers alone were published as an empty release.
"""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.scope import UNNAMED

FIELDS = {
    "order_id": {"role": "direct_identifier"},
    "buyer": {"role": "direct_identifier"},
    "city": {"role": "quasi_identifier"},
    "amount": {"role": "quasi_identifier", "kind": "decimal"},
    "coupon": {"role": "sensitive"},
}
HEAD = "order_id,buyer,city,amount,coupon"
NAMES_OF_FILES = ("run", "decided_at", "assessed_at", "files")


def lines(letter, rows=60, coupon=True):
    """So many orders of twenty buyers in two cities."""
    return [
        f"{letter}{row},b{row % 20},{'Leeds' if row % 2 else 'York'},{row % 3}.50" + (f",c{row % 3}" if coupon else "")
        for row in range(rows)
    ]


@pytest.fixture
def shop(tmp_path):
    """A folder with two sound files, and what runs a policy on files of it."""

    class Shop:
        out = tmp_path / "out"

        def write(self, name, head, rows):
            (tmp_path / name).write_text("\n".join([head, *rows, ""]), "utf-8")

        def run(self, *files, fields=FIELDS, released=("city", "amount", "coupon"), command="run", **options):
            policy = {
                "version": 1,
                "dataset": "t",
                "subject": "buyer",
                "register": "none",
                "fields": fields,
                "input": options,
                "releases": {"a": {"purpose": "t", "sharing": "enclave", "fields": dict.fromkeys(released, "keep")}},
            }
            (tmp_path / "policy.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
            given = [command, str(tmp_path / "policy.yaml")]
            for name in files:
                given += ["-i", str(tmp_path / name)]
            return call([*given, "-o", str(self.out), *(["--overwrite"] if command == "run" else [])])

        def released(self):
            return pa.concat_tables(pq.read_table(path) for path in sorted((self.out / "a").glob("*.parquet")))

        def label(self):
            label = json.loads((self.out / "a" / "label.json").read_text("utf-8"))
            return {name: value for name, value in label.items() if name not in NAMES_OF_FILES}

        @property
        def about(self):
            return json.loads((self.out / "run.json").read_text("utf-8"))

    made = Shop()
    made.write("a.csv", HEAD, lines("A"))
    made.write("b.csv", HEAD, lines("B"))
    return made


def optional(*names):
    """The fields, some of which files may lack."""
    return {name: {**spec, "optional": True} if name in names else spec for name, spec in FIELDS.items()}


def test_a_column_that_a_file_lacks_stops_the_run_and_is_told_once(shop, capsys):
    """28: the run stopped without a way out; of twelve files each said so in a line of its own."""
    for letter in "CDEF":
        shop.write(f"{letter}.csv", HEAD.removesuffix(",coupon"), lines(letter, coupon=False))
    assert shop.run("*.csv") == 2
    told = capsys.readouterr().err
    assert told.count("coupon") == 1
    assert "4 of 6 files lack the column 'coupon'" in told
    assert "optional: true" in told
    assert not shop.out.exists()


def test_an_optional_column_is_null_where_it_lacks_as_if_it_stood_there_empty(shop, capsys):
    """28: `optional: true` was not there. The label and the released rows are those of files with an empty column."""
    empty = [f"{line}," for line in lines("C", coupon=False)]
    shop.write("c.csv", HEAD, empty)
    assert shop.run("*.csv", fields=optional("coupon")) == 0
    expected = (shop.released(), shop.label())
    assert "lack" not in capsys.readouterr().err
    shop.write("c.csv", HEAD.removesuffix(",coupon"), lines("C", coupon=False))
    assert shop.run("*.csv", fields=optional("coupon")) == 0
    assert (shop.released(), shop.label()) == expected
    assert shop.released()["coupon"].null_count == 60
    assert "1 of 3 files lacks the optional column 'coupon', which is null there" in capsys.readouterr().err
    assert shop.about["input"] == {"files": 3, "shards": 3, "lacking": {"coupon": 1}}


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("buyer", "2 of 2 files lack 4 optional columns, which are null there: 'order_id', 'city', 'amount', …"),
        (
            "buyer,city,amount",
            "some of 2 files lack 4 optional columns, which are null there: 'order_id' (by 2), 'city' (by 1), 'amount' (by 1), …",
        ),
    ],
)
def test_optional_columns_that_lack_are_told_in_one_line(shop, capsys, head, told):
    """28: a file without 28 optional columns ended in 28 lines of the same words."""
    shop.write("one.csv", "buyer", [f"b{row % 20}" for row in range(60)])
    shop.write("two.csv", head, [",".join(f"b{row % 20}" for _ in head.split(",")) for row in range(60)])
    fields = {name: {"role": "quasi_identifier", "optional": True} for name in FIELDS}
    fields["buyer"] = FIELDS["buyer"]
    assert shop.run("one.csv", "two.csv", fields=fields, released=("city",)) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "lack" in line]
    assert len(said) == 1
    assert told in said[0]


@pytest.mark.parametrize("name", ["coupon", "amount"])
def test_a_column_that_all_files_lack_is_a_column_of_nulls(shop, name):
    """28: as above; a kind types it, and without a kind it is text."""
    place = HEAD.split(",").index(name)

    def without(line, instead):
        cells = line.split(",")
        return ",".join([*cells[:place], *instead, *cells[place + 1 :]])

    for letter in "ab":
        shop.write(f"{letter}.csv", HEAD, [without(line, [""]) for line in lines(letter)])
    assert shop.run("*.csv", fields=optional(name)) == 0
    expected = (shop.released(), shop.label())
    for letter in "ab":
        shop.write(f"{letter}.csv", without(HEAD, []), [without(line, []) for line in lines(letter)])
    assert shop.run("*.csv", fields=optional(name)) == 0
    assert (shop.released(), shop.label()) == expected
    assert shop.released()[name].null_count == 120


def test_no_one_is_counted_twice_or_more_because_an_identity_lacks(shop):
    """28: a subject cannot lack; another identity that does stands for the subject's, as a null does."""
    assert shop.run("*.csv", fields=optional("buyer")) == 2
    mobiles = {**FIELDS, "mobile": {"role": "direct_identifier", "optional": True}}
    shop.write("c.csv", f"{HEAD},mobile", [f"{line},1380000{row % 20:04}" for row, line in enumerate(lines("C"))])
    assert shop.run("*.csv", fields=mobiles) == 0
    lacking = shop.label()
    for letter in "ab":
        shop.write(f"{letter}.csv", f"{HEAD},mobile", [f"{line}," for line in lines(letter.upper())])
    assert shop.run("*.csv", fields=mobiles) == 0
    assert shop.label() == lacking
    assert {test["measured"] for test in lacking["tests"] if test["name"] == "k"} == {10}


def test_a_part_of_a_combined_column_may_lack(shop):
    """28: as above, of a column that is put together."""
    fields = {**optional("coupon"), "both": {"role": "quasi_identifier"}}
    shop.write("c.csv", HEAD.removesuffix(",coupon"), lines("C", coupon=False))
    given = {"fields": fields, "released": ("both",), "combine": {"both": ["city", "coupon"]}}
    assert shop.run("*.csv", **given) == 0
    assert set(shop.released()["both"].unique().to_pylist()) == {
        "York",
        "Leeds",
        *(f"{city} c{number}" for city in ("York", "Leeds") for number in range(3)),
    }


def test_columns_are_ignored_by_name_and_by_pattern_and_all_others_stop_the_run(shop, capsys):
    """28: a new column of a partner's stopped every run."""
    shop.write("c.csv", f"ext_9,{HEAD},note", [f"9,{line},secret" for line in lines("C")])
    assert shop.run("*.csv", ignore=["ext_*"]) == 2
    assert "c.csv: column 'note' is not in the policy" in capsys.readouterr().err
    assert shop.run("*.csv", ignore=["ext_*", "note"]) == 0
    assert "not read, as input.ignore says: 'ext_9', 'note'" in capsys.readouterr().err
    assert shop.about["input"]["ignored"] == ["ext_9", "note"]
    ignored = {"patterns": ["ext_*", "note"], "columns": ["ext_9", "note"], "unnamed": 0}
    assert shop.label()["asked"]["ignored"] == ignored
    ignoring = shop.about["run"]
    shop.write("c.csv", HEAD, lines("C"))
    assert shop.run("*.csv", ignore=["ext_*", "note"]) == 0
    assert shop.about["run"] != ignoring
    assert "ignored" not in shop.about["input"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("打*", "打*"), ("打13800000000", UNNAMED), ("打13800000000*", UNNAMED)],
    ids=["*", "name", "name*"],
)
def test_a_column_whose_name_is_an_identifier_is_ignored_without_being_named(shop, capsys, pattern, told):
    """A table that was turned round has mobiles where others have names, and a label is published."""
    shop.write("c.csv", f"打13800000000,{HEAD},ext", [f"1,{line},2" for line in lines("C")])
    assert shop.run("c.csv", ignore=[pattern, "ext"]) == 0
    ignored = shop.label()["asked"]["ignored"]
    assert (sorted(ignored["patterns"]), ignored["columns"], ignored["unnamed"]) == (sorted(["ext", told]), ["ext"], 1)
    assert (shop.about["input"]["ignored"], shop.about["input"]["ignored_unnamed"]) == (["ext"], 1)
    assert "'ext', and 1 column whose name looks like an identifier" in capsys.readouterr().err
    paths = [
        path for path in shop.out.rglob("*") if path.is_file() and path.name != "policy.yaml"
    ]  # its author's own text
    assert not any(b"13800000000" in path.read_bytes() for path in paths)


@pytest.mark.parametrize("pattern", ["c*", "coupon", "[a-c]*", "?oupon"])
def test_no_pattern_hides_a_field(shop, pattern, capsys):
    """28: what a pattern takes from the policy would be lost in silence."""
    assert shop.run("a.csv", ignore=[pattern]) == 2
    assert "which would not be read" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["jsonl", "json"])
def test_keys_of_json_are_ignored_wherever_they_come_up(shop, ending, tmp_path):
    """28: a key that comes after a thousand rows is a fault of its row, unless it is ignored."""
    head = HEAD.split(",")
    rows = [dict(zip(head, line.split(","), strict=True)) for line in lines("C", 1_500)]
    rows[1_400] |= {"ext_a": {"deep": [1, {"x": None}]}, "ext_b": 7}
    del rows[1_300]["coupon"]
    text = "\n".join(map(json.dumps, rows)) if ending == "jsonl" else json.dumps(rows)
    (tmp_path / f"c.{ending}").write_text(text, "utf-8")
    assert shop.run(f"c.{ending}") == 0
    assert shop.label()["records"]["rejected"] == 1
    assert shop.run(f"c.{ending}", ignore=["ext_*"]) == 0
    assert shop.label()["records"]["rejected"] == 0


def test_a_value_of_an_optional_key_is_read_however_late_it_comes(shop, tmp_path):
    """28: a file of JSON names its columns row by row, so that none is lacking for good."""
    head = HEAD.split(",")
    rows = [dict(zip(head, line.split(","), strict=True)) for line in lines("C", 1_500)]
    for row in rows[:1_200]:
        del row["coupon"]
    (tmp_path / "c.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    for more in ({}, {"combine": {"both": ["city", "coupon"]}}, {"fill_down": {"by": "order_id", "fields": ["city"]}}):
        fields = optional("coupon") | ({"both": {"role": "insensitive"}} if "combine" in more else {})
        assert shop.run("c.jsonl", fields=fields, **more) == 0
        assert shop.released()["coupon"].null_count == 1_200


@pytest.mark.parametrize("spelling", ["Coupon", " COUPON"])
def test_a_name_in_another_case_is_hinted_at(shop, spelling, capsys):
    """28: it was two problems, a column too many and one too few."""
    shop.write("c.csv", HEAD.replace("coupon", spelling), lines("C"))
    assert shop.run("*.csv") == 2
    assert "differs from the field 'coupon' in case or spaces only" in capsys.readouterr().err


@pytest.mark.parametrize("order", [("a", "b"), ("b", "a")])
def test_a_column_of_nothing_but_nulls_is_of_any_type(shop, order, tmp_path):
    """39: a Parquet column that is null throughout one file was of another type than the first file's."""
    table = {"order_id": ["A1", "A2"] * 10, "buyer": [f"b{row}" for row in range(20)], "city": ["York"] * 20}
    amounts = pa.array([1, 2] * 10)
    there = pa.table({**table, "amount": amounts, "coupon": ["x", "y"] * 10})
    nulls = pa.table({**table, "amount": amounts, "coupon": pa.nulls(20)})
    lacks = pa.table({**table, "amount": amounts})
    for other, fields in ((nulls, FIELDS), (lacks, optional("coupon"))):
        for name, made in zip(order, (there, other), strict=True):
            pq.write_table(made, tmp_path / f"{name}.parquet")
        assert shop.run("*.parquet", fields=fields) == 0
        assert shop.released()["coupon"].to_pylist().count(None) == 20
        assert shop.released()["coupon"].type == pa.string()


def test_headers_alone_are_no_release(shop, capsys):
    """10 and the like: a release of no row was published, with a label."""
    shop.write("a.csv", HEAD, [])
    assert shop.run("a.csv") == 3
    assert "there is no row in the input" in capsys.readouterr().err
    assert not shop.out.exists()


def test_parquet_files_without_rows_are_no_release(shop, tmp_path, capsys):
    """As above."""
    nothing = pa.table({name: pa.array([], pa.string()) for name in FIELDS})
    for name in "cd":
        pq.write_table(nothing, tmp_path / f"{name}.parquet")
    assert shop.run("*.parquet") == 3
    assert "there is no row in the input" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content"), [("c.csv", f"{HEAD}\n"), ("c.csv", ""), ("c.json", "[]"), ("c.jsonl", "")]
)
def test_one_file_without_rows_among_others_is_told(shop, name, content, tmp_path, capsys):
    """An empty file among others stopped the run, and headers alone were passed over in silence."""
    (tmp_path / name).write_text(content, "utf-8")
    assert shop.run("a.csv", name) == 0
    assert len(shop.released()) == 60
    assert f"has no row: {tmp_path / name}" in capsys.readouterr().err


def test_a_run_whose_rows_are_all_rejected_says_why(shop, capsys):
    """As before: what is wrong is the rows, not that there are none."""
    shop.write("a.csv", HEAD, [line.replace(".50", ".x") for line in lines("A")])
    assert shop.run("a.csv") == 3
    assert "too many records were rejected" in capsys.readouterr().err
