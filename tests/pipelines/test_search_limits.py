"""What the search must not get wrong at its edges."""

import json
import random

import pytest
import yaml

from beam_deid.pipelines.cli import call

QUASI, SENSITIVE = ({"role": role, "kind": "integer"} for role in ("quasi_identifier", "sensitive"))

SAFE = {"controls": "high", "motive": "low", "prevalence": 0.0, "security": "high"}


def by(*widths, **more):
    return {"generalize": {"ranges": list(widths), **more}}


@pytest.fixture
def made(tmp_path, capsys):
    """Writes a table and a policy, runs it, and gives exit code, label, and what the search tells."""

    def make(rows, fields, release):
        columns = list(fields)
        (tmp_path / "rows.csv").write_text(
            "\n".join([",".join(columns), *(",".join(map(str, row)) for row in rows)]) + "\n"
        )
        spec = {"purpose": "test", "sharing": "enclave", **release}
        policy = tmp_path / "policy.yaml"
        document = {"version": 1, "dataset": "d", "subject": "each_record", "fields": fields, "releases": {"out": spec}}
        policy.write_text(yaml.safe_dump(document, sort_keys=False))
        found = {}
        for command in (["run", "-o", str(tmp_path / "out"), "--overwrite"], ["search", "--most-k", "0"]):
            capsys.readouterr()
            name, *options = command
            code = call([name, str(policy), "-i", str(tmp_path / "rows.csv"), *options, "--workers", "1", "--json"])
            found[name] = code, json.loads(capsys.readouterr().out)
        code, ran = found["run"]
        return code, ran["labels"]["out"], found["search"][1]

    return make


def test_a_star_in_the_data_is_a_value_like_any_other(made):
    rows = [("A" if i % 2 else "B", 20 + i % 3, "item" + str(i % 3)) for i in range(200)] + [("*", 21, "rare")]
    fields = {"channel": {"role": "quasi_identifier"}, "age": QUASI, "item": {"role": "sensitive"}}
    release = {
        "fields": {"channel": "keep", "age": by(5, levels=["*"]), "item": "keep"},
        "require": {"k": 5, "suppression": 0.05},
        "environment": SAFE,
    }
    code, label, found = made(rows, fields, release)
    assert code == 0
    assert label["records"]["suppressed"] == found["suppressed"] == 1
    assert label["risk"]["k"] >= 5


def test_many_levels_that_attackers_refuse_do_not_end_the_search(made):
    random.seed(1)
    rows = [(*(random.randint(0, 40) for _ in range(3)), 100_000 + i * 7) for i in range(600)]
    fields = {"a": QUASI, "b": QUASI, "c": QUASI, "oid": SENSITIVE}
    release = {
        "fields": {name: by(2, 4, 8, 16, 32) for name in "abc"} | {"oid": by(10, 20, 40, 80, 160, 320, 640, 1280)},
        "require": {"k": 5},
        "search": {"weights": {"oid": 30}},
        "environment": SAFE,
        "attackers": {"clerk": {"knows": ["a", "b", "c", "oid"]}},
    }
    _, label, _ = made(rows, fields, release)
    assert label["label"] == "anonymized"
    assert label["search"]["refused"] > 30
    assert label["search"]["proved"]


def test_levels_are_searched_at_which_an_attackers_table_narrows_nobody_down(made, tmp_path):
    random.seed(2)
    rows = [(random.randint(20, 59), 1000 + i) for i in range(300)]
    (tmp_path / "known.csv").write_text("age,visit\n" + "".join(f"{age},{visit}\n" for age, visit in rows))
    release = {
        "expect": "anonymized",
        "fields": {"age": by(5, 10, 20), "visit": by(10, 50, 100, 200)},
        "require": {"k": 5, "l": {"visit": 2}, "suppression": 0.05},
        "environment": SAFE,
        "attackers": {"nurse": {"knows": ["age", "visit"], "table": str(tmp_path / "known.csv")}},
    }
    code, label, found = made(rows, {"age": QUASI, "visit": SENSITIVE}, release)
    assert (code, label["label"]) == (0, "anonymized")
    (join,) = (test for test in label["tests"] if test["name"] == "attacker:nurse")
    assert join["measured"] == join["limit"] == 0
    assert label["search"]["refused"] > 0
    assert found["label"]["names"] == label["search"]["levels"] != found["names"]


def test_more_choices_of_sensitive_levels_than_can_be_looked_at_are_told(made):
    rows = [(i % 4, i % 97, i % 89) for i in range(400)]
    widths = [2**n for n in range(15)]
    fields = {"a": QUASI, "s": SENSITIVE, "t": SENSITIVE}
    _, label, found = made(
        rows, fields, {"fields": {"a": by(2), "s": by(*widths), "t": by(*widths)}, "require": {"k": 3}}
    )
    assert not found["proved"]
    assert "too many ways" in found["method"]
    assert not label["search"]["proved"]


def test_a_null_is_no_value_that_a_range_stands_for(made):
    rows = [(20, "x")] * 10 + [(25, "y")] * 10 + [("", "x")] * 10
    release = {"fields": {"age": by(5, levels=["*"]), "item": "keep"}, "require": {"k": 5}}
    _, label, found = made(rows, {"age": QUASI, "item": {"role": "insensitive"}}, release)
    assert found["loss"] == pytest.approx(20 / 30)
    assert label["search"]["losses"] == {"age": pytest.approx(20 / 30)}


def test_a_picture_is_refused_before_and_left_out_after_a_search_that_finds_nothing(made, tmp_path, capsys):
    *_, found = made([(1, 2)] * 4, {"a": QUASI, "b": QUASI}, {"fields": {"a": by(5), "b": by(5)}, "require": {"k": 9}})
    assert not found["satisfied"]
    policy = str(tmp_path / "policy.yaml")
    data = str(tmp_path / "rows.csv")
    assert call(["search", policy, "-i", data, "--plot", str(tmp_path / "x.svg"), "--json"]) == 4
    assert not json.loads(capsys.readouterr().out)["satisfied"]
    assert call(["search", policy, "-i", data, "--plot", "x.pdf"]) == 2


SHARED = """version: 1
dataset: d
fields: {a: {role: quasi_identifier, kind: integer}, b: {role: quasi_identifier, kind: integer}}
releases:
  out: {purpose: p, sharing: enclave, require: &r {k: 3}, fields: {a: {generalize: {ranges: [5, 10]}}, b: keep}}
  two: {purpose: p, sharing: enclave, require: *r, fields: {b: keep}}
"""


def test_a_choice_that_would_change_something_else_is_not_written(tmp_path, capsys):
    policy = tmp_path / "policy.yaml"
    data = tmp_path / "rows.csv"
    policy.write_text(SHARED)
    data.write_text("a,b\n" + "1,2\n" * 20)
    assert call(["search", str(policy), "-i", str(data), "--release", "out", "--choose", "9", "--in-place"]) == 2
    assert "without changing something else" in capsys.readouterr().err
    assert policy.read_text() == SHARED
    assert {path.name for path in tmp_path.iterdir()} == {"policy.yaml", "rows.csv"}
    assert call(["search", str(policy), "-i", str(data), "--release", "out", "--choose", "2"]) == 2
    assert "below the least of enclave sharing" in capsys.readouterr().err
