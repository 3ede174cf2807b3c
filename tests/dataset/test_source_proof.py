"""Releases beside the files that they were made of: what agrees is proved, and whatever was changed is found."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keys import forget

from ..consent.ledgers import PURPOSE, write
from ..consent.ledgers import policy as consented

ROWS = 240
KEK = "5f" * 32
POLICY = """
version: 1
dataset: shop
subject: buyer
register: none
keys: {keyring: keys/orders.keyring}
input: {encoding: gb18030, skip: 1, nulls: ["-"], ignore: ["x_*"]}
fields:
  number: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  name: {role: direct_identifier, kind: person_name}
  city: {role: quasi_identifier, kind: division}
  age: {role: quasi_identifier, kind: integer}
  day: {role: quasi_identifier, kind: date}
  paid: {role: quasi_identifier, kind: decimal}
  item: {role: sensitive}
  hint: {role: insensitive, optional: true}
  note: {role: direct_identifier, kind: free_text}
releases:
  few:
    purpose: test
    sharing: enclave
    expect: still_personal
    fields: {name: keep, city: keep, paid: keep, item: keep, note: keep}
  market:
    purpose: test
    sharing: enclave
    require: {k: 3, suppression: 0.2, t: {item: 0.9}}
    fields:
      city: {generalize: {hierarchy: cn_divisions}}
      age: {generalize: {ranges: [5, 10, 40]}}
      item: keep
  recoded:
    purpose: test
    sharing: enclave
    require: {k: 3, suppression: 0.2}
    search: {rounds: 2}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields:
      age: {generalize: {ranges: [5, 40]}}
  crm:
    purpose: test
    sharing: enclave
    expect: still_personal
    fields:
      number: {hash: {}}
      buyer: {tokenize: {domain: customer}}
      mobile: {fpe: {domain: mobile}}
      name: {mask: {keep_first: 1}}
      city: keep
      day: {shift: {days: 9}}
      paid: {generalize: {bins: [10, 100], level: 0}}
      item: keep
      hint: keep
      note: encrypt
  tokens:
    purpose: test
    sharing: enclave
    key: ephemeral
    expect: still_personal
    fields:
      buyer: {tokenize: {}}
      city: keep
      item: keep
  sealed:
    purpose: test
    sharing: enclave
    key: ephemeral
    fields:
      buyer: {tokenize: {}}
      name: {surrogate: {}}
      item: keep
"""
FORMATS = {"sheet": "xlsx", "lines": "jsonl", "text": "csv"}
POLICY += "".join(
    f"  {name}: {{purpose: test, sharing: enclave, expect: still_personal, format: {written}, fields: "
    "{name: keep, city: keep, age: keep, day: keep, paid: keep, item: keep, hint: keep, note: keep}}\n"
    for name, written in FORMATS.items()
)


@dataclass
class Made:
    """A policy, its orders and what a run made of them.

    Attributes:
        folder: Where all of it is.
        out: The output of the run.
    """

    folder: Path
    out: Path

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")

    @property
    def source(self) -> str:
        return str(self.folder / "orders-*.csv")


def orders(first: int, rows: int, hint: bool) -> list[list[str]]:
    """Orders of two rows a buyer; some cities and ages are rare, and one mobile is none."""
    header = ["number", "buyer", "mobile", "name", "city", "age", "day", "paid", "item", "note", "x_trace"]
    lines = [header + (["hint"] if hint else [])]
    for row in range(first, first + rows):
        who = row // 2
        line = [
            f"2024{row:08d}",
            f"buyer-{who}",
            "12345" if row == 17 else f"{13800000000 + 7919 * who}",
            "王李张"[who % 3] + "小明",
            "上海市" if who % 50 == 49 else "杭州市宁波市"[3 * (who % 2) :][:3],
            "-" if row == 30 else str(60 + who // 8 if who % 40 == 0 else 20 + who % 10),
            f"2024-03-{1 + who % 9:02d}",
            f"{who % 7}.5",
            "茶纸笔"[row % 3],
            ["", '""', "=请勿按铃"][min(row % 5, 2)],
            "t",
        ]
        lines.append(line + (["=1+1"] if hint else []))
    return lines


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("proof")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOP_KEK", KEK)
        assert call(["keys", "create", str(folder / "keys" / "orders.keyring"), "--kek", "env:SHOP_KEK"]) == 0
        (folder / "policy.yaml").write_text(POLICY, "utf-8")
        for number, hint in enumerate((False, True)):
            lines = orders(number * ROWS // 2, ROWS // 2, hint)
            text = "导出的订单\n" + "".join(",".join(line) + "\n" for line in lines)
            (folder / f"orders-{number}.csv").write_bytes(text.encode("gb18030"))
        made = Made(folder, folder / "out")
        given = ["run", made.policy, "-i", made.source, "-o", str(made.out), "--workers", "1"]
        assert call([*given, "--max-rejects", "0.1"]) == 0
    return made


@pytest.fixture(autouse=True)
def _kek(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEK", KEK)
    forget()


@pytest.fixture
def copy(made: Made, tmp_path: Path) -> Made:
    """A copy of the output that may be tampered with."""
    shutil.copytree(made.out, tmp_path / "out")
    return Made(made.folder, tmp_path / "out")


def proved(
    capsys: pytest.CaptureFixture[str], made: Made, release: str, *, code: int = 0, source: str = ""
) -> dict[str, Any]:
    """What a proof finds."""
    capsys.readouterr()
    command = ["assess", made.policy, "-i", str(made.out / release), "--source", source or made.source, "--json"]
    assert call(command) == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["agrees"] == (code == 0)
    return found


def label_of(made: Made, release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((made.out / release / "label.json").read_text("utf-8"))
    return found


def rewrite(made: Made, release: str, change: Any) -> None:
    """Change the rows of a release's first part."""
    path = made.out / release / "part-00000.parquet"
    table = pq.read_table(path)
    pq.write_table(change(table).cast(table.schema), path)


def relabel(made: Made, release: str, change: Any) -> None:
    path = made.out / release / "label.json"
    label = json.loads(path.read_text("utf-8"))
    change(label)
    path.write_text(json.dumps(label), "utf-8")


@pytest.mark.parametrize("release", ["market", "recoded", "crm", *FORMATS])
def test_what_a_run_published_is_proved(made: Made, capsys: pytest.CaptureFixture[str], release: str) -> None:
    label = label_of(made, release)
    found = proved(capsys, made, release)
    assert found["columns"] == {"proved": list(label["fields"]), "not_proved": {}}
    assert found["rows"]["given"] == found["rows"]["released"] == label["records"]["released"]
    assert found["rows"]["left_out"] == label["records"]["suppressed"]
    assert found["same_files"]
    assert {"risk.k", "risk.subjects", "tests.k", "tests.dominance"} <= {*found["figures"]["proved"]}


def test_the_runs_suppressed_rejected_and_recoded_something(made: Made) -> None:
    assert label_of(made, "market")["records"]["suppressed"] > 0
    assert len(label_of(made, "recoded")["search"]["rounds"]) > 1
    assert label_of(made, "crm")["records"]["rejected"] == 1


def test_a_destroyed_key_leaves_its_columns_unproved(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    found = proved(capsys, made, "sealed")
    assert found["columns"]["proved"] == ["item"]
    assert {*found["columns"]["not_proved"]} == {"buyer", "name"}
    assert "key was destroyed" in found["columns"]["not_proved"]["buyer"]
    assert found["figures"]["proved"] == []
    assert "name" in found["figures"]["not_proved"]


def test_tokens_whose_key_was_destroyed_are_counted_by_what_they_were_made_of(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    found = proved(capsys, made, "tokens")
    assert (found["columns"]["proved"], [*found["columns"]["not_proved"]]) == (["city", "item"], ["buyer"])
    assert {"risk.k", "risk.k_composite", "tests.k", "tests.k_composite"} <= {*found["figures"]["proved"]}


def test_without_the_key_keyed_columns_are_not_proved(
    made: Made, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_KEK")
    found = proved(capsys, made, "crm")
    assert found["columns"]["proved"] == ["name", "city", "paid", "item", "hint"]
    assert {*found["columns"]["not_proved"]} == {"number", "buyer", "mobile", "day", "note"}
    assert found["rows"]["given"] == ROWS - 1
    assert call(["assess", made.policy, "-i", str(made.out / "crm"), "--source", made.source, "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "239 of 239 released rows are what the source gives: name, city, paid, item, hint" in said
    assert "not proved: mobile: its key cannot be had" in said


def test_another_key_is_not_taken_for_the_one_that_made_it(
    made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "keys").mkdir(parents=True)
    assert call(["keys", "create", str(elsewhere / "keys" / "orders.keyring"), "--kek", "env:SHOP_KEK"]) == 0
    shutil.copy(made.policy, elsewhere / "policy.yaml")
    for path in made.folder.glob("orders-*.csv"):
        shutil.copy(path, elsewhere)
    found = proved(capsys, Made(elsewhere, made.out), "crm")
    assert "buyer" in found["columns"]["not_proved"]


def test_a_rotated_key_still_proves_what_its_older_version_made(
    made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(made.folder, elsewhere)
    assert call(["keys", "rotate", str(elsewhere / "keys" / "orders.keyring")]) == 0
    assert proved(capsys, Made(elsewhere, elsewhere / "out"), "crm")["columns"]["not_proved"] == {}


@pytest.mark.parametrize("subject", ["subject: each_record\n", ""], ids=["each record", "nobody"])
def test_records_that_name_no_subject_are_proved_as_well(
    made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path, subject: str
) -> None:
    text = Path(made.policy).read_text("utf-8").replace("subject: buyer\n", subject)
    begun, _, _ = text.replace("keys: {keyring: keys/orders.keyring}\n", "").partition("releases:")
    text = begun + "releases: {plain: {purpose: p, sharing: enclave, fields: {city: keep, age: keep, item: keep}}}\n"
    (tmp_path / "policy.yaml").write_text(text, "utf-8")
    other = Made(tmp_path, tmp_path / "out")
    assert call(["run", other.policy, "-i", made.source, "-o", str(other.out), "--workers", "1"]) == 0
    found = proved(capsys, other, "plain", source=made.source)
    assert found["rows"]["given"] == ROWS
    assert found["linked"]["all"]["subjects"] == ROWS
    assert "risk.classes" in found["figures"]["proved"]


HEAVY = """
version: 1
dataset: heavy
subject: buyer
register: none
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
releases:
  plain:
    purpose: p
    sharing: enclave
    require: {suppression: 0.5}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields: {city: keep}
"""


def test_figures_of_rows_of_which_some_alike_were_suppressed_are_not_proved(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    buyers = [*(f"buyer-{who}" for who in range(3)), *["heavy"] * 30]
    pq.write_table(pa.table({"buyer": buyers, "city": ["A"] * len(buyers)}), tmp_path / "orders.parquet")
    (tmp_path / "policy.yaml").write_text(HEAVY, "utf-8")
    made = Made(tmp_path, tmp_path / "out")
    source = str(tmp_path / "orders.parquet")
    assert call(["run", made.policy, "-i", source, "-o", str(made.out), "--workers", "1"]) == 0
    assert 0 < label_of(made, "plain")["records"]["suppressed"] < 30
    found = proved(capsys, made, "plain", source=source)
    assert found["rows"]["divided"] == 1
    assert found["figures"]["proved"] == []
    assert "whose they are is not known" in found["figures"]["not_proved"]


def first(table: pa.Table, column: str, value: Any) -> pa.Table:
    """The table with another value in the first row of a column."""
    at = table.schema.get_field_index(column)
    values = pa.array([value], table.schema.field(column).type)
    return table.set_column(at, column, pa.concat_arrays([values, *table[column][1:].chunks]))


CHANGES = {
    "a value changed": ("strange", lambda table: first(table, "item", "墨")),
    "a value nulled": ("strange", lambda table: first(table, "item", None)),
    "a row added": ("strange", lambda table: pa.concat_tables([table, first(table.slice(0, 1), "item", "墨")])),
    "a row doubled": ("repeated", lambda table: pa.concat_tables([table, table.slice(0, 1)])),
    "a row dropped": ("left_out", lambda table: table.slice(1)),
}


@pytest.mark.parametrize("release", ["market", "crm"])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_changed_is_found(copy: Made, capsys: pytest.CaptureFixture[str], release: str, change: str) -> None:
    counted, made_of = CHANGES[change]
    before = label_of(copy, release)["records"]["suppressed"] if counted == "left_out" else 0
    rewrite(copy, release, made_of)
    found = proved(capsys, copy, release, code=1)
    assert found["rows"][counted] == before + 1
    assert found["figures"]["proved"] == []


def test_a_token_that_is_another_persons_is_found(copy: Made, capsys: pytest.CaptureFixture[str]) -> None:
    rewrite(copy, "crm", lambda table: first(table, "buyer", table["buyer"][10].as_py()))
    assert proved(capsys, copy, "crm", code=1)["rows"]["strange"] == 1


def test_a_changed_cell_of_a_text_is_found_once(copy: Made, capsys: pytest.CaptureFixture[str]) -> None:
    (part, *_) = sorted((copy.out / "text").glob("part-*"))
    lines = part.read_text("utf-8").splitlines(keepends=True)
    lines[1] = lines[1].replace("2024-03-01", "no day")
    part.write_text("".join(lines), "utf-8")
    assert proved(capsys, copy, "text", code=1)["rows"]["strange"] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda label: label["risk"].update(k=99), "risk.k: the label says 99, from these files follows"),
        (lambda label: label["records"].update(suppressed=0), "the label says that 0 were suppressed"),
        (lambda label: label["records"].update(read=7), "the label says that 7 were read"),
        (lambda label: label["records"].update(rejected=7), "the label says 7"),
        (
            lambda label: next(one for one in label["tests"] if one["name"] == "k").update(measured=50),
            "tests.k: the label says",
        ),
    ],
    ids=["k", "suppressed", "read", "rejected", "test"],
)
def test_a_label_that_says_something_else_is_found(
    copy: Made, capsys: pytest.CaptureFixture[str], change: Any, said: str
) -> None:
    relabel(copy, "market", change)
    assert any(said in one for one in proved(capsys, copy, "market", code=1)["problems"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda label: label.update(label="anonymized"), "the label does not follow from its tests"),
        (lambda label: label.update(grade=4 if label["grade"] != 4 else 3), "the grade does not follow"),
        (lambda label: label["fields"]["name"].update(role=["insensitive"]), "name: its role in the label"),
        (lambda label: label["fields"]["name"].update(recoverability="irreversible"), "name: its recoverability"),
        (lambda label: label.update(sharing="controlled"), "sharing: the label says something else"),
        (lambda label: label["asked"].update(subject=None), "subject: the label says something else"),
    ],
    ids=["label", "grade", "role", "recoverability", "sharing", "subject"],
)
def test_a_label_that_is_not_the_policys_or_contradicts_itself_is_found(
    copy: Made, capsys: pytest.CaptureFixture[str], change: Any, said: str
) -> None:
    relabel(copy, "crm", change)
    assert any(said in one for one in proved(capsys, copy, "crm", code=1)["problems"])


@pytest.mark.parametrize("change", [lambda facts: facts.pop("key"), lambda facts: facts.update(key=None)])
def test_a_column_whose_key_the_label_conceals_is_not_passed_over(
    copy: Made, capsys: pytest.CaptureFixture[str], change: Any
) -> None:
    mobiles = [f"{13800000000 + row}" for row in range(ROWS)]
    rewrite(copy, "crm", lambda table: table.set_column(1, "buyer", pa.array(mobiles[: len(table)])))
    relabel(copy, "crm", lambda label: change(label["fields"]["buyer"]))
    found = proved(capsys, copy, "crm", code=1)
    assert "buyer: the label does not tell the key that made it" in found["problems"]


def test_a_label_that_belies_its_key_is_not_passed_over(copy: Made, capsys: pytest.CaptureFixture[str]) -> None:
    """Before, the column was not proved, and all the others were as they should be."""
    relabel(copy, "crm", lambda label: label["fields"]["buyer"]["key"].update(check="00" * 8))
    found = proved(capsys, copy, "crm", code=1)
    said = "buyer: the label's check of its key is not that of the key with its id: one of both was changed"
    assert said in found["problems"]


def test_a_number_written_otherwise_is_none_that_was_released(copy: Made, capsys: pytest.CaptureFixture[str]) -> None:
    (part, *_) = sorted((copy.out / "text").glob("part-*"))
    table = [line.split(",") for line in part.read_text("utf-8").splitlines()]
    age = table[0].index('"age"')
    table[1][age] = f"00{table[1][age]}"
    part.write_text("".join(",".join(row) + "\n" for row in table), "utf-8")
    assert proved(capsys, copy, "text", code=1)["rows"]["strange"] == 1


def test_another_level_than_the_labels_matches_nothing(copy: Made, capsys: pytest.CaptureFixture[str]) -> None:
    def coarser(label: dict[str, Any]) -> None:
        label["search"]["levels"]["age"] = "by 5" if label["search"]["levels"]["age"] != "by 5" else "by 40"

    relabel(copy, "market", coarser)
    found = proved(capsys, copy, "market", code=1)
    assert found["rows"]["given"] == 0
    assert any("no released row is one that the source gives" in one for one in found["problems"])


def test_another_source_is_found(made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = orders(1_000, ROWS, hint=True)
    text = "导出的订单\n" + "".join(",".join(line) + "\n" for line in lines)
    (tmp_path / "other.csv").write_bytes(text.encode("gb18030"))
    found = proved(capsys, made, "crm", code=1, source=str(tmp_path / "other.csv"))
    assert (found["rows"]["given"], found["same_files"]) == (0, False)
    found = proved(capsys, made, "market", code=1, source=str(made.folder / "orders-0.csv"))
    assert found["rows"]["repeated"] > 0


def test_another_ledger_is_told_from_another_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = "subject,purpose,granted,time"
    granted = [(f"b{number}", PURPOSE, "是", "2026-01-01 10:00:00") for number in range(6)]
    ledger = write(tmp_path / "ledger.csv", header, granted)
    (tmp_path / "policy.yaml").write_text(json.dumps(consented(ledger)), "utf-8")
    (tmp_path / "orders-0.csv").write_text("buyer,city\n" + "".join(f"b{number},X\n" for number in range(8)), "utf-8")
    own = Made(tmp_path, tmp_path / "out")
    assert call(["run", own.policy, "-i", own.source, "-o", str(own.out), "--workers", "1"]) == 0
    found = proved(capsys, own, "crm")
    assert (found["same_files"], found["other_ledgers"]) == (True, [])
    write(ledger, header, granted[:5])
    found = proved(capsys, own, "crm", code=1)
    assert (found["same_files"], found["other_ledgers"]) == (True, ["crm"])
    capsys.readouterr()
    assert call(["assess", own.policy, "-i", str(own.out / "crm"), "--source", own.source]) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "The ledger of consent of crm is another than the run's" in told
    assert "other names or sizes" not in told


def test_the_linked_are_those_whose_row_can_be_nobody_elses(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert proved(capsys, made, "crm")["linked"]["all"]["share"] == 1
    whose: dict[tuple[str, ...], set[str]] = {}
    for row in orders(0, ROWS, hint=False)[1:]:
        _, buyer, _, name, city, _, _, paid, item, note, _ = row
        whose.setdefault((name, city, paid, item, note), set()).add(buyer)
    alone = {buyer for buyers in whose.values() if len(buyers) == 1 for buyer in buyers}
    linked = proved(capsys, made, "few")["linked"]["all"]
    assert (linked["subjects"], linked["linked"]) == (ROWS // 2, len(alone))
    assert 0 < len(alone) < ROWS // 2


def test_nobody_is_linked_on_columns_by_which_every_group_has_k_persons(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    linked = proved(capsys, made, "market")["linked"]
    assert linked["rest"]["linked"] == 0
    assert linked["rest"]["subjects"] == linked["all"]["subjects"] == ROWS // 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["-i", "OUT/market"], 2, "Name the policy"),
        (["POLICY", "-i", "OUT/market", "--quasi", "city"], 2, "--quasi does not go with --source"),
        (["POLICY", "-i", "OUT/market", "--encoding", "utf-8"], 2, "--encoding does not go with --source"),
        (["POLICY", "-i", "OUT"], 2, "Name the folder of one release"),
        (["POLICY", "-i", "OUT/none"], 2, "no file matches"),
        (["POLICY", "-i", "FOLDER/policy.yaml"], 2, "--join NAME=GLOB:on=F,F"),
        (["OTHER", "-i", "OUT/market"], 1, "the release was made by another policy"),
    ],
)
def test_mistakes_are_told(
    made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(Path(made.policy).read_text("utf-8").replace("keep_first: 1", "keep_first: 2"), "utf-8")
    places = {"OUT": str(made.out), "POLICY": made.policy, "OTHER": str(other), "FOLDER": str(made.folder)}
    given = arguments
    for name, path in places.items():
        given = [word.replace(name, path) for word in given]
    assert call(["assess", *given, "--source", made.source]) == code
    assert said in capsys.readouterr().err


def test_where_no_key_is_nothing_is_proved(
    made: Made, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = Path(made.policy).read_text("utf-8").replace("keys/", f"{made.folder}/keys/")
    begun, _, _ = text.partition("releases:")
    text = begun + "releases: {tokens: {purpose: p, sharing: enclave, fields: {buyer: tokenize}}}\n"
    (tmp_path / "policy.yaml").write_text(text, "utf-8")
    only = Made(tmp_path, tmp_path / "out")
    assert call(["run", only.policy, "-i", made.source, "-o", str(only.out), "--workers", "1"]) == 0
    command = ["assess", only.policy, "-i", str(only.out / "tokens"), "--source", made.source]
    assert call(command) == 0
    monkeypatch.delenv("SHOP_KEK")
    forget()
    capsys.readouterr()
    assert call(command) == 1
    assert "nothing can be proved" in capsys.readouterr().err
