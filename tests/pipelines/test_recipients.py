"""Releases for declared recipients from the command line: periods, token domains, joins, the register and re-identification."""

import datetime
import json
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.schema import label_schema

from ..kit.crowds import crowd, grid, turn
from ..kit.policies import KEY, policy, release, roles

CELLS = grid(city=["north", "south"], age=[21, 41, 61])
TOKENS = {"buyer": {"tokenize": {"domain": "customer"}}, "phone": {"hash": {"domain": "phone"}}}
FIRST = {
    "name": "First Agency",
    "role": "entrusted_processor",
    "contract": "2026-017",
    "has_keys": "none",
    "sub_processing": False,
}
SECOND = {"name": "Second Agency", "role": "other_processor", "has_keys": "none"}


def orders() -> pa.Table:
    """Orders of 90 persons, some of whom are alone with their city, age and shop."""
    return crowd(
        CELLS,
        15,
        2,
        phone=lambda who: f"139{who.number:08d}",
        shop=lambda who: turn("abcdef", who.person) if who.person < 13 else f"own-{who.number}",
    )


def asked(**more: Any) -> dict[str, Any]:
    """A policy of two releases of the same orders, for two agencies."""
    recipients = {"first": FIRST | more.pop("first", {}), "second": SECOND | more.pop("second", {})}
    tokens = more.pop("tokens", TOKENS)
    return policy(
        roles(direct="buyer phone", quasi="city age shop"),
        top={"recipients": recipients},
        one=release("enclave", "city age shop", tokens, recipient="first", expect="still_personal"),
        two=release("enclave", "city age shop", tokens, recipient="second", expect="still_personal"),
    )


class Shop:
    """A folder with a policy and orders."""

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        self.folder = folder
        self.write(asked)
        pq.write_table(orders(), folder / "orders.parquet")

    def write(self, asked: dict[str, Any]) -> None:
        (self.folder / "policy.yaml").write_text(yaml.safe_dump(asked, allow_unicode=True), "utf-8")

    def run(self, *options: str, out: str = "out") -> int:
        given = ["-i", str(self.folder / "orders.parquet"), "-o", str(self.folder / out), "--workers", "1"]
        return call(["run", str(self.folder / "policy.yaml"), *given, *options])

    def rows(self, name: str) -> pa.Table:
        return pa.concat_tables(pq.read_table(path) for path in sorted((self.folder / "out" / name).glob("*.parquet")))

    def label(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "out" / name / "label.json").read_text("utf-8"))
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A run for both agencies."""
    shop = Shop(tmp_path_factory.mktemp("recipients"), asked())
    assert shop.run() == 0
    return shop


def test_two_recipients_cannot_join_what_they_hold_by_tokens(made: Shop) -> None:
    one = made.rows("one")
    two = made.rows("two")
    assert one.num_rows == two.num_rows == orders().num_rows
    for field in TOKENS:
        assert one.join(two, field, join_type="inner").num_rows == 0
        assert pc.count_distinct(one[field]).as_py() == pc.count_distinct(two[field]).as_py() == 90
    alone = {"(the recipient's own)" in made.label(name)["fields"]["buyer"]["sentence"] for name in ("one", "two")}
    assert alone == {True}


def linked_by(one: pa.Table, two: pa.Table, columns: list[str]) -> int:
    """Persons of one release whose values of some columns are those of one person of each release: a join links them."""
    counted = [
        table.group_by(columns).aggregate([("buyer", "count_distinct"), ("buyer", "min")]) for table in (one, two)
    ]
    alone = [table.filter(pc.equal(table["buyer_count_distinct"], 1)) for table in counted]
    both = alone[0].join(alone[1].select(columns), columns, join_type="inner")
    return int(pc.count_distinct(both["buyer_min"]).as_py())


def test_what_a_join_links_by_other_columns_stands_in_both_labels(made: Shop) -> None:
    columns = ["city", "age", "shop"]
    linked = linked_by(made.rows("one"), made.rows("two"), columns)
    assert 0 < linked < 90
    for name, other in (("one", "two"), ("two", "one")):
        (told,) = (one for one in made.label(name)["attacks"] if one["name"] == f"release:{other}")
        assert sorted(told["on"]) == sorted(columns)
        assert (told["linked"], told["subjects"], told["limit"]) == (linked, 90, None)


def test_what_shares_a_domain_is_joined_by_its_tokens_and_both_labels_tell(tmp_path: Path) -> None:
    shop = Shop(tmp_path, asked(tokens={"buyer": {"tokenize": {"domain": "customer", "shared": True}}}))
    assert shop.run() == 0
    joined = shop.rows("one").select(["buyer"]).join(shop.rows("two").select(["buyer"]), "buyer", join_type="inner")
    assert pc.count_distinct(joined["buyer"]).as_py() == 90
    for name in ("one", "two"):
        label = shop.label(name)
        assert "shared by recipients" in label["fields"]["buyer"]["sentence"]
        (told,) = (one for one in label["attacks"] if one["name"].startswith("release:"))
        assert "buyer" in told["on"]
        assert told["linked"] == 90


def test_labels_run_and_register_say_of_recipients_what_each_may(
    made: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        assert made.label(name)["for_recipient"]["statement"] == "identifiable"
        jsonschema.validate(made.label(name), label_schema())
    assert "agency" not in json.dumps(made.label("one")).lower()
    run = json.loads((made.folder / "out" / "run.json").read_text("utf-8"))
    assert run["recipients"]["one"]["contract"] == "2026-017"
    capsys.readouterr()
    assert call(["releases", "list", str(made.folder / "t.register"), "--json"]) == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)["releases"]}
    assert listed["one.1"]["recipient"] == "first"
    assert listed["one.1"]["given_to"]["name"] == "First Agency"
    assert listed["two.1"]["given_to"]["role"] == "other_processor"
    assert call(["releases", "show", str(made.folder / "t.register"), "one.1"]) == 0
    assert "2026-017" in capsys.readouterr().out
    assert call(["verify", str(made.folder / "out")]) == 0


@pytest.mark.parametrize("has_key", [True, False], ids=["with the key", "without it"])
def test_a_release_for_a_recipient_is_proved_against_its_source(
    made: Shop, has_key: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not has_key:
        monkeypatch.delenv(KEY)
    capsys.readouterr()
    source = ["--source", str(made.folder / "orders.parquet"), "--json"]
    assert call(["assess", str(made.folder / "policy.yaml"), "-i", str(made.folder / "out" / "one"), *source]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["agrees"] is True
    assert found["figures"]["differing"] == {}


def test_a_recipients_tokens_are_turned_back_by_its_policy_and_no_others(
    made: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    def turned_back(name: str, output: str) -> int:
        parts = str(made.folder / "out" / "one" / "*.parquet")
        given = ["--policy", str(made.folder / name), "--release", "one", "--fields", "buyer"]
        return call(["reidentify", *given, "-i", parts, "-o", str(made.folder / output), "--reason", "a test", "--all"])

    assert turned_back("policy.yaml", "back.parquet") == 0
    back = pq.read_table(made.folder / "back.parquet")["buyer"].to_pylist()
    assert sorted(back) == sorted(orders()["buyer"].to_pylist())
    other = asked()
    other["releases"]["one"]["recipient"] = "second"
    (made.folder / "other.yaml").write_text(yaml.safe_dump(other), "utf-8")
    capsys.readouterr()
    assert turned_back("other.yaml", "none.parquet") == 3
    assert "for another recipient the key's domain is another" in " ".join(capsys.readouterr().err.split())
    assert not (made.folder / "none.parquet").exists()


@pytest.mark.parametrize(
    ("period", "said"),
    [
        ({"until": "2026-01-31"}, "its period was over on 2026-01-31"),
        ({"from": "2999-01-01"}, "its period begins on 2999-01-01"),
    ],
    ids=["over", "not begun"],
)
def test_nothing_is_made_for_a_recipient_outside_its_period(
    tmp_path: Path, period: dict[str, str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path, asked(first=period))
    assert shop.run() == 2
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert "first may be given nothing" in " ".join(told.split())
    assert not (tmp_path / "out").exists()
    assert shop.run("--dry-run") == 2
    assert shop.run("--release", "two") == 0


def test_the_last_day_of_a_period_is_within_it(tmp_path: Path) -> None:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    shop = Shop(
        tmp_path, asked(first={"from": str(today - datetime.timedelta(1)), "until": str(today + datetime.timedelta(1))})
    )
    assert shop.run("--release", "one") == 0
