"""What would have a record taken for another one, or a register for none: it fails, and says why."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.storage.staging import Staging

from ..kit.policies import policy, release, roles

ORDERS = 300
"""Buyers of each age, one order each; one more is of an age by itself."""


def orders(**changed: object) -> pa.Table:
    """Six hundred and one orders: who is 50 is told by two releases of other bins together."""
    ages = [*[30] * ORDERS, 50, *[70] * ORDERS]
    rows = len(ages)
    columns = {
        "tid": [f"9{number:05d}" for number in range(rows)],
        "buyer": [f"u{number:05d}" for number in range(rows)],
        "age": ages,
        "goods": ["abc"[number % 3] for number in range(rows)],
    }
    return pa.table({**columns, **changed})


def asking(edge: int, **top: object) -> dict:
    """A release whose ages are below an edge or not."""
    age = {"age": {"generalize": {"bins": [edge], "level": 0}}}
    made = {"a": release("controlled", "goods", age)}
    fields = roles(direct="tid:order_number buyer", quasi="age:integer", sensitive="goods")
    return policy(fields, top={"record": "tid", **top}, **made)


@pytest.fixture
def shop(tmp_path, monkeypatch, capsys):
    """Runs a policy over a table, and gives the code, the label and what was said."""
    monkeypatch.chdir(tmp_path)

    def run(asked: dict, table: pa.Table, out: str, *more: str):
        Path(f"{out.replace('/', '-')}.yaml").write_text(yaml.safe_dump(asked), "utf-8")
        pq.write_table(table, "in.parquet")
        capsys.readouterr()
        code = call(["run", f"{out.replace('/', '-')}.yaml", "-i", "in.parquet", "-o", out, "--workers", "1", *more])
        path = Path(out, "a", "label.json")
        return code, json.loads(path.read_text("utf-8")) if path.exists() else {}, "".join(capsys.readouterr())

    return run


def test_two_edges_tell_who_is_between_them(shop):
    assert shop(asking(50), orders(), "first")[1]["label"] == "anonymized"
    _, label, _ = shop(asking(51), orders(), "second")
    assert label["label"] == "still_personal"
    tests = {test["name"]: test for test in label["tests"]}
    assert tests["composition:a.1"]["measured"] == 1
    assert label["register"]["in_common"] == {"a.1": 2 * ORDERS + 1}


TAMPERED = {
    "masked numbers": ({}, {"tid": ["***3"] * (2 * ORDERS + 1)}),
    "no numbers": ({}, {"tid": pa.nulls(2 * ORDERS + 1, pa.string())}),
    "numbers that are given anew": ({}, {"tid": [f"9{number:05d}" for number in reversed(range(2 * ORDERS + 1))]}),
    "numbers without zeros": (
        {"tid": [f"{number:06d}" for number in range(2 * ORDERS + 1)]},
        {"tid": list(range(2 * ORDERS + 1))},
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_records_are_not_hidden_by_their_numbers(shop, case):
    first, second = TAMPERED[case]
    assert shop(asking(50), orders(**first), "first")[1]["label"] == "anonymized"
    code, label, said = shop(asking(51), orders(**second), "second")
    assert label.get("label") != "anonymized", said
    assert code in (0, 3)
    assert code == 0 or "no_record_number" in said


def test_a_row_without_a_number_is_rejected_and_the_others_are_not(shop):
    numbers = orders()["tid"].to_pylist()
    numbers[7] = None
    code, label, _ = shop(asking(50), orders(tid=numbers), "first", "--max-rejects", "0.01")
    assert (code, label["label"], label["records"]["rejected"]) == (0, "anonymized", 1)
    rejected = pq.read_table("first/rejected.parquet").to_pylist()
    assert [(one["row"], one["field"], one["reason"]) for one in rejected] == [(8, "tid", "no_record_number")]


def test_a_column_under_another_name_is_not_passed_by(shop):
    assert shop(asking(50), orders(), "first")[1]["label"] == "anonymized"
    asked = json.loads(json.dumps(asking(51)).replace('"age"', '"years"'))
    _, label, said = shop(asked, orders().rename_columns(["tid", "buyer", "years", "goods"]), "second")
    assert label["label"] == "still_personal"
    assert "no field age any more" in " ".join(said.split())


def test_an_identity_that_is_left_out_is_not_passed_by(shop):
    phones = pc.binary_join_element_wise("138", pc.utf8_slice_codeunits(orders()["tid"], 1, 6), "12", "")
    table = orders().append_column("phone", phones)
    asked = asking(50)
    told = {**asked, "fields": {**asked["fields"], **roles(direct="phone:mobile")}}
    assert shop(told, table, "first")[1]["label"] == "anonymized"
    _, label, said = shop({**told, "fields": {**told["fields"], "phone": {"role": "insensitive"}}}, table, "second")
    assert label["label"] == "still_personal"
    assert "told by phone as well" in " ".join(said.split())


def test_a_policy_without_a_key_does_not_pass_a_register_by(shop):
    assert shop(asking(50), orders(), "first")[0] == 0
    asked = asking(51)
    del asked["keys"]
    code, _, said = shop(asked, orders(), "second")
    assert code == 2
    assert "names no key for it" in said
    assert not Path("second").exists()
    code, label, said = shop({**asked, "register": "none"}, orders(), "second")
    assert (code, label["register"]["missing"]) == (0, "the policy says register: none")
    assert "nothing remembers what was given out" in said


def test_a_register_that_is_gone_is_told_by_the_outputs_beside(shop):
    assert shop(asking(50), orders(), "first")[0] == 0
    shutil.rmtree("t.register")
    code, _, said = shop(asking(51), orders(), "second")
    assert code == 2
    assert "its register is gone" in said
    code, label, _ = shop(asking(51), orders(), "second", "--new-register")
    assert (code, label["label"], label["register"]["new"]) == (0, "anonymized", True)


@pytest.mark.parametrize("path", ["first/t.register", "first", "."])
def test_a_register_and_an_output_are_not_in_one_another(shop, path):
    code, _, said = shop(asking(50, register={"path": path, "key": "env:BEAM_DEID_CASES_KEY"}), orders(), "first")
    assert code == 2
    assert "in one another" in said
    assert not Path("first").exists()


def test_a_folder_of_somebody_else_becomes_no_register(shop):
    Path("notes").mkdir()
    Path("notes", "mine.txt").write_text("mine", "utf-8")
    code, _, said = shop(asking(50, register={"path": "notes", "key": "env:BEAM_DEID_CASES_KEY"}), orders(), "first")
    assert code == 2
    assert "nothing of a register" in said
    assert [one.name for one in Path("notes").iterdir()] == ["mine.txt"]


def test_what_could_not_be_published_is_withdrawn_and_nothing_else(shop, monkeypatch):
    assert shop(asking(50), orders(), "first")[0] == 0
    before = read("t.register")

    def full(*_: object) -> None:
        raise OutputError("no space left", "second", "Free space there")

    monkeypatch.setattr(Staging, "publish", full)
    assert shop(asking(50), orders(), "second")[0] == 1
    after = read("t.register")
    assert before is not None
    assert after is not None
    assert (after.releases, after.runs) == (before.releases, before.runs)
