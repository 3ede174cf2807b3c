import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call

ROWS = 400


@pytest.fixture
def planted(tmp_path):
    """Two hundred people with two orders each, ten of whom are alone with city, day and amount."""
    people = [f"p{row // 2}" for row in range(ROWS)]
    alone = [row // 2 < 10 for row in range(ROWS)]
    table = pd.DataFrame(
        {
            "who": people,
            "city": ["X" if one else "AB"[row // 2 % 2] for row, one in enumerate(alone)],
            "day": [row // 2 if one else 100 + row % 2 for row, one in enumerate(alone)],
            "amount": [5 if one else row // 2 % 3 for row, one in enumerate(alone)],
            "item": ["茶" if row % 3 else "纸" for row in range(ROWS)],
        }
    )
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), tmp_path / "orders.parquet")
    table.to_csv(tmp_path / "orders.csv", index=False)
    return tmp_path, table


def assessed(capsys, *arguments):
    capsys.readouterr()
    assert call(["assess", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


QUASI = ["--quasi", "city,day,amount"]


def test_planted_people_are_singled_out_by_the_right_attributes(planted, capsys):
    folder, _ = planted
    found = assessed(capsys, "-i", folder / "orders.parquet", "--subject", "who", *QUASI, "--sensitive", "item")
    sets = {tuple(one["fields"]): one["unique_subjects"] for one in found["combinations"]}
    assert sets["city", "day", "amount"] == sets["day",] == 10
    assert sets["city",] == sets["amount",] == sets["city", "amount"] == 0
    assert found["contributions"]["day"] == 1
    assert (found["records"], found["subjects"], found["unique_subjects"], found["k"]) == (400, 200, 10, 1)
    assert found["label"] == "still_personal"


def test_a_planted_attack_is_found_with_the_right_numbers(planted, capsys):
    folder, table = planted
    # The attacker knows seven of the ten, three of them under a wrong name, and five who are not alone.
    known = pd.concat([table[table.who == f"p{n}"] for n in [*range(7), *range(20, 25)]]).drop(
        columns=["item", "amount"]
    )
    known.loc[known.who.isin(["p0", "p1", "p2"]), "who"] += "-wrong"
    pq.write_table(pa.Table.from_pandas(known, preserve_index=False), folder / "known.parquet")
    found = assessed(
        capsys,
        "-i",
        folder / "orders.parquet",
        "--subject",
        "who",
        *QUASI,
        "--join",
        f"spy={folder}/known.parquet:on=city,day",
    )
    (attack,) = found["attacks"]
    assert (attack["subjects"], attack["linked"], attack["linked_rightly"]) == (12, 7, 4)
    assert attack["share"] == 7 / 12


def test_without_a_subject_each_record_is_a_person(planted, capsys):
    folder, _ = planted
    found = assessed(capsys, "-i", folder / "orders.parquet", *QUASI)
    assert (found["subjects"], found["k_composite"]) == (400, None)


def test_csv_and_parquet_are_assessed_alike_but_for_their_types(planted, capsys):
    folder, _ = planted
    one, other = (
        assessed(capsys, "-i", folder / f"orders.{kind}", "--subject", "who", *QUASI) for kind in ("csv", "parquet")
    )
    assert one == other


def test_a_policy_names_the_roles(planted, capsys):
    folder, _ = planted
    (folder / "policy.yaml").write_text("""
version: 1
dataset: d
subject: who
fields:
  who: {role: direct_identifier}
  city: {role: quasi_identifier}
  day: {role: quasi_identifier}
  amount: {role: quasi_identifier}
  item: {role: sensitive}
releases: {r: {purpose: p, sharing: enclave, fields: {who: tokenize}}}
""")
    named = assessed(capsys, folder / "policy.yaml", "-i", folder / "orders.parquet")
    assert named == assessed(capsys, "-i", folder / "orders.parquet", "--subject", "who", *QUASI, "--sensitive", "item")


def test_a_policy_names_direct_identifiers_too(planted, capsys):
    folder, _ = planted
    (folder / "policy.yaml").write_text("""
version: 1
dataset: d
fields:
  who: {role: direct_identifier}
  city: {role: quasi_identifier}
  day: {role: quasi_identifier}
  amount: {role: direct_identifier}
  item: {role: sensitive}
releases: {r: {purpose: p, sharing: enclave, fields: {city: keep}}}
""")
    found = assessed(capsys, folder / "policy.yaml", "-i", folder / "orders.parquet")
    test = next(test for test in found["tests"] if test["name"] == "direct_identifiers")
    assert (test["passed"], test["measured"], found["grade"]) == (False, 2, 1)
    assert "who (keep: clear), amount (keep: clear)" in test["detail"]


def test_a_person_is_told_what_a_join_found_and_what_to_coarsen(planted, capsys):
    folder, _ = planted
    capsys.readouterr()
    arguments = ["-i", str(folder / "orders.parquet"), "--subject", "who", *QUASI, "--max-combination", "2"]
    assert call(["assess", *arguments, "--join", f"spy={folder}/orders.csv:on=city"]) == 0
    said = capsys.readouterr().out
    assert "spy: candidates: subjects 200, least 10" in said
    assert "k_map 10" in said
    assert "coarsen or leave out day first" in said


def test_the_published_output_of_a_run_is_assessed_with_the_runs_figures(published, capsys):
    label = json.loads((published / "analytics" / "label.json").read_text("utf-8"))
    role = {
        one: [
            name for name, facts in label["fields"].items() if (facts["role"] == ["sensitive"]) == (one == "sensitive")
        ]
        for one in ("quasi", "sensitive")
    }
    assert all(role.values())
    named = ["--quasi", ",".join(role["quasi"]), "--sensitive", ",".join(role["sensitive"])]
    found = assessed(capsys, "-i", published / "analytics", *named)
    assert found["records"] == label["records"]["released"]
    # Without a subject records are counted, in the label persons; how many groups and values there are is the same.
    for figure in ("classes", "l_distinct"):
        assert found[figure] == label["risk"][figure], figure
    assert found["k"] >= label["risk"]["k"]


def test_identifiers_in_text_are_found(tmp_path, capsys):
    pq.write_table(pa.table({"q": ["a", "b"], "note": ["请打13800138000", "ok"]}), tmp_path / "x.parquet")
    found = assessed(capsys, "-i", tmp_path / "x.parquet", "--quasi", "q")
    assert found["scan"] == [{"field": "note", "kind": "mobile", "hits": 1}]
    assert found["grade"] == 1


@pytest.mark.parametrize(
    ("values", "k", "classes"),
    [([None, "x", "x"], 1, 2), (["x"] * 3, 3, 1), (list("abc"), 1, 3), ([None] * 3, 3, 1)],
    ids=["a null is a value", "one class", "all unique", "all null"],
)
def test_odd_tables_have_sensible_figures(tmp_path, capsys, values, k, classes):
    pq.write_table(pa.table({"q": pa.array(values, pa.string())}), tmp_path / "x.parquet")
    found = assessed(capsys, "-i", tmp_path / "x.parquet", "--quasi", "q")
    assert (found["k"], found["classes"]) == (k, classes)


def test_a_record_of_which_nothing_is_left_stands_in_no_class(tmp_path, capsys):
    columns = {"a": ["x"] * 5 + ["*"], "b": ["y"] * 5 + ["*"]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    found = assessed(capsys, "-i", tmp_path / "x.parquet", "--quasi", "a,b")
    assert (found["k"], found["classes"], found["records"]) == (5, 1, 5)
    pq.write_table(pa.table({"a": ["x"] * 5 + ["*"], "b": ["y"] * 5 + [None]}), tmp_path / "x.parquet")
    found = assessed(capsys, "-i", tmp_path / "x.parquet", "--quasi", "a,b", "--wildcard")
    assert (found["k"], found["k_wildcard"]) == (1, 6)


def test_an_empty_table_gets_no_label(tmp_path, capsys):
    pq.write_table(pa.table({"q": pa.array([], pa.string())}), tmp_path / "x.parquet")
    assert call(["assess", "-i", str(tmp_path / "x.parquet"), "--quasi", "q", "--json"]) == 3
    assert capsys.readouterr().out == ""


def test_whether_a_key_exists_is_unknown_whatever_values_look_like(tmp_path, capsys):
    columns = {"who": ["7f3a", "c0de"], "mobile": ["13800138000", "13900139000"], "q": ["a", "b"]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    found = assessed(capsys, "-i", tmp_path / "x.parquet", "--quasi", "q")
    test = next(test for test in found["tests"] if test["name"] == "restorable")
    assert (test["measured"], test["passed"]) == (None, False)
    assert "not measured" in test["detail"]


ROLES = """
version: 1
dataset: d
input: {ignore: ["x_*"]}
fields:
  city: {role: quasi_identifier}
  gift: {role: sensitive, optional: true}
  never: {role: sensitive, optional: true}
releases: {r: {purpose: p, sharing: enclave, fields: {city: keep}}}
"""


def test_files_may_differ_as_far_as_a_policy_says(tmp_path, capsys):
    pq.write_table(pa.table({"city": ["A"] * 3, "x_old": [1, 2, 3]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"gift": ["tea"] * 4, "city": ["A"] * 4, "x_new": ["z"] * 4}), tmp_path / "b.parquet")
    (tmp_path / "policy.yaml").write_text(ROLES)
    given = ["-i", str(tmp_path / "[ab].parquet")]
    known = pa.table({"city": ["A"], "gift": ["tea"]})
    pq.write_table(known, tmp_path / "known.parquet")
    join = ["--join", f"spy={tmp_path}/known.parquet:on=city,gift"]
    found = assessed(capsys, tmp_path / "policy.yaml", *given, *join)
    assert (found["records"], found["classes"], found["l_distinct"]["gift"]) == (7, 1, 2)
    assert found["attacks"][0]["candidates"]["least"] == 4
    assert call(["assess", *given, "--quasi", "city"]) == 2
    said = capsys.readouterr().err
    assert "its columns are not those of the first file: it lacks x_old" in said
    assert "b.parquet" in said
    assert "input.ignore" in said


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "--quasi"),
        (["--quasi", "nothing"], 2, "It has: who, city"),
        ([*QUASI, "--subject", "nobody"], 2, "no column nobody"),
        ([*QUASI, "--join", "x"], 2, "NAME=GLOB"),
        ([*QUASI, "--join", "x=FOLDER/none.csv:on=city"], 2, "no file matches"),
        ([*QUASI, "--join", "x=FOLDER/orders.parquet:on=town"], 2, "no column town"),
        ([*QUASI, "--join", "x=FOLDER/lacks.parquet:on=city"], 3, "lacks the column city"),
        ([*QUASI, "--join", "x=FOLDER/other.parquet:on=day"], 3, "nothing would match"),
        ([*QUASI, "-i", "FOLDER/other.parquet"], 2, "no column"),
    ],
)
def test_mistakes_are_told(planted, capsys, arguments, code, said):
    folder, _ = planted
    pq.write_table(pa.table({"town": ["A"]}), folder / "lacks.parquet")
    pq.write_table(pa.table({"day": ["1"]}), folder / "other.parquet")
    given = [word.replace("FOLDER", str(folder)) for word in arguments]
    assert call(["assess", "-i", str(folder / "orders.parquet"), *given]) == code
    assert said in capsys.readouterr().err


def test_figures_name_the_columns_that_were_counted_and_all_others(planted, capsys):
    folder, _ = planted
    found = assessed(capsys, "-i", folder / "orders.parquet", "--quasi", "city", "--sensitive", "item")
    assert (found["counted"], found["not_counted"]) == (["city", "item"], ["who", "day", "amount"])
    detail = {test["name"]: test["detail"] for test in found["tests"] if 3 <= test["line"] <= 6}
    assert detail["k"].startswith("persons in the smallest group of city, counted by")
    assert all(
        one.endswith("; not counted, since they are no quasi-identifiers here: who, day, amount")
        for name, one in detail.items()
        if name != "k_values:item"
    )
    assert call(["assess", "-i", str(folder / "orders.parquet"), "--quasi", "city"]) == 0
    assert "not counted: who, day, amount, item; whoever knows one" in capsys.readouterr().out


def test_nothing_is_left_out_of_what_is_counted_in_full(planted, capsys):
    folder, _ = planted
    found = assessed(capsys, "-i", folder / "orders.parquet", "--quasi", "who,city,day,amount,item")
    assert found["not_counted"] == []
    assert not [test for test in found["tests"] if "not counted" in test["detail"]]


def test_k_is_the_same_whether_or_not_combinations_are_looked_at(planted, capsys):
    folder, _ = planted
    both = (assessed(capsys, "-i", folder / "orders.parquet", *QUASI, "--max-combination", most) for most in (0, 4))
    one, other = ({test["name"]: test["measured"] for test in found["tests"]} for found in both)
    assert one == other
    assert one["k"] == 2


def test_that_nobody_named_a_direct_identifier_is_no_passing_test(planted, capsys):
    folder, _ = planted
    found = assessed(capsys, "-i", folder / "orders.parquet", *QUASI)
    test = next(test for test in found["tests"] if test["name"] == "direct_identifiers")
    assert (test["passed"], test["measured"]) == (False, None)
    assert "no column was said to be a direct identifier" in test["detail"]


def test_a_file_without_rows_is_no_dataset(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    path.write_text("who,city\n", "utf-8")
    assert call(["assess", "-i", str(path), "--quasi", "city"]) == 3
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{path}: there is no row in the input" in said.err


def test_thousands_are_separated(capsys, tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("city\n" + "北京\n" * 5_000, "utf-8")
    assert call(["assess", "-i", str(path), "--quasi", "city"]) == 0
    assert "  records: 5,000\n" in capsys.readouterr().out


FILLED_DOWN = """
version: 1
dataset: shop
subject: buyer
register: none
fields:
  number: {role: direct_identifier, kind: mobile}
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
input: {fill_down: {by: number, fields: [city]}}
releases:
  open: {purpose: p, sharing: enclave, fields: {city: keep}}
"""


def test_lines_of_an_order_in_several_spellings_are_one_order_as_in_a_run(tmp_path, capsys):
    orders = [(f"138{n:08}", f"138-{n // 10000:04}-{n % 10000:04}", f"b{n}", f"c{n % 3}") for n in range(60)]
    rows = [row for one, other, buyer, city in orders for row in (f"{one},{buyer},{city}", f"{other},{buyer},")]
    (tmp_path / "orders.csv").write_text("\n".join(["number,buyer,city", *rows, ""]), "utf-8")
    (tmp_path / "policy.yaml").write_text(FILLED_DOWN, "utf-8")
    policy, source, out = (str(tmp_path / name) for name in ("policy.yaml", "orders.csv", "out"))
    assert call(["run", policy, "-i", source, "-o", out, "--workers", "1"]) == 0
    label = json.loads((tmp_path / "out" / "open" / "label.json").read_text("utf-8"))
    found = assessed(capsys, policy, "-i", source)
    assert (found["k"], found["subjects"]) == (label["risk"]["k"], 60)
    assert found["k"] == 20
