"""Tokens are matched to how often values are known to occur: in a run, where the truth is known, and on any dataset."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

COUNTS = {"杭州市": 600, "宁波市": 250, "温州市": 100, "嘉兴市": 40, "湖州市": 10}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """A thousand orders in five cities, and a table of people in which Jiaxing and Wenzhou have changed places."""
    monkeypatch.setenv("BEAM_DEID_KEY", "k" * 40)
    cities = [name for name, times in COUNTS.items() for _ in range(times)]
    pq.write_table(
        pa.table(
            {
                "buyer": [f"b{one}" for one in range(1_000)],
                "city": cities,
                "age": [20 + one % 2 for one in range(1_000)],
            }
        ),
        tmp_path / "orders.parquet",
    )
    tables = tmp_path / "known"
    tables.mkdir()
    rows = "".join(
        f"{name},{people}\n"
        for name, people in [
            ("杭州市", 12_370_000),
            ("宁波市", 9_610_000),
            ("嘉兴市", 9_600_000),
            ("温州市", 5_510_000),
            ("湖州市", 3_410_000),
        ]
    )
    (tables / "people.csv").write_text("city,count\n" + rows, "utf-8")
    return tmp_path


POLICY = """
version: 1
dataset: shop
keys: {key: env:BEAM_DEID_KEY}
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier}
releases:
  crm:
    purpose: test
    sharing: enclave
    fields: {city: ACTION, age: keep}
    frequencies: {city: known/people.csv}
    KEY
"""


def run(shop, action, key="", code=0):
    (shop / "policy.yaml").write_text(POLICY.replace("ACTION", action).replace("KEY\n", key + "\n"), "utf-8")
    out = shop / "out"
    files = ["-i", str(shop / "orders.parquet"), "-o", str(out), "--overwrite", "--workers", "1"]
    assert call(["run", str(shop / "policy.yaml"), *files]) == code
    if code:
        return None
    label = json.loads((out / "crm" / "label.json").read_text("utf-8"))
    found = [one for one in label["recoveries"] if one["attack"] == "frequency"]
    return found[0], {test["name"]: test for test in label["tests"]}, label


def test_a_destroyed_key_does_not_hide_how_often_cities_occur(shop):
    found, tests, label = run(shop, "hash", "key: ephemeral")
    # Rightly: 600 + 250 + 10 of 1,000 records. All five tokens occur as often as no other, which is more.
    assert "860 of 1,000 records and 3 of 5 tokens" in found["detail"]
    assert (found["values"], found["recovered"], found["share"], found["limit"]) == (5, 5, 1.0, 0.05)
    assert not tests["keyless:city"]["passed"]
    assert label["label"] == "still_personal"


@pytest.mark.parametrize("action", ["{tokenize: {domain: c}}", "{hash: {domain: c}}"])
def test_where_a_key_exists_it_is_told_only(shop, action):
    found, tests, _ = run(shop, action)
    assert (found["values"], found["recovered"], found["share"], found["limit"]) == (1_000, 860, 0.86, None)
    assert "keyless:city" not in tests


def test_a_field_that_has_no_tokens_is_named(shop, capsys):
    run(shop, "keep", code=2)
    assert "frequencies" in (said := capsys.readouterr().err)
    assert "no tokens of city" in said.replace("\n", " ")
    run(shop, "encrypt", code=2)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("town,count\na,1\n", "lacks the column city"),
        ("city,people\na,1\n", "lacks the column count or share"),
        ("city,count\na,-1\n", "a number from 0 on"),
        ("city,share\na,many\n", "a number from 0 on"),
        ("city,count\na,0\n", "no value that occurs"),
        ("city,count\n", "no value that occurs"),
    ],
)
def test_a_table_that_tells_nothing_is_refused(shop, capsys, table, said):
    (shop / "known" / "people.csv").write_text(table, "utf-8")
    run(shop, "{hash: {domain: c}}", code=3)
    assert said in capsys.readouterr().err.replace("\n", " ")


def assess(shop, capsys, *more, code=0):
    files = ["-i", str(shop / "orders.parquet"), "--quasi", "age", "--json"]
    capsys.readouterr()
    assert call(["assess", *files, *more]) == code
    return json.loads(capsys.readouterr().out) if code == 0 else capsys.readouterr().err


def test_any_dataset_is_matched_where_matches_are_sure(shop, capsys):
    names = dict(zip(COUNTS, "pqrst", strict=True))
    table = pq.read_table(shop / "orders.parquet")
    tokens = pa.array([names[one] for one in table["city"].to_pylist()])
    pq.write_table(table.set_column(1, "city", tokens), shop / "orders.parquet")
    document = assess(shop, capsys, "--frequencies", f"city={shop / 'known' / 'people.csv'}")
    found = [one for one in document["recoveries"] if one["attack"] == "frequency"]
    # Ningbo's and Jiaxing's people are as many: 150·ln(961/960) = 0.16, so that only the first, fourth and fifth are sure.
    assert [(one["field"], one["values"], one["recovered"], one["limit"]) for one in found] == [
        ("city", 1_000, 650, 0.0)
    ]
    assert "3 of 5 tokens" in found[0]["detail"]
    assert not next(test for test in document["tests"] if test["name"] == "keyless:city")["passed"]


def test_an_option_that_names_no_table_and_a_column_that_is_not_there_are_named(shop, capsys):
    assert "FIELD=TABLE" in assess(shop, capsys, "--frequencies", "city", code=2)
    assert "no column town" in assess(shop, capsys, "--frequencies", "town=x.csv", code=2)
