"""Persons erased from what a policy with tables published: their rows go from every table whose rows are about them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keys import forget
from beam_deid.transforms.register.folder import read

from ..kit.keys import KEY
from ..kit.tables import TABLES, Tables, made_up, part
from .test_erasing import state_of

PARTS = tuple(f"crm.{name}" for name in TABLES)
GUEST = "guest-of-nobody"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BEAM_DEID_KEY", KEY)
    forget()
    yield
    forget()


def tables(guests: bool) -> dict[str, pa.Table]:
    """The tables of a shop, with or without orders of persons whom no row of the customers names."""
    made = made_up(120)
    known = made["customers"]["buyer"].to_pylist()
    orders = made["orders"].to_pylist()
    for number, one in enumerate(orders):
        if one["buyer"] not in known:
            one["buyer"] = GUEST if guests else known[number % len(known)]
    return {**made, "orders": pa.Table.from_pylist(orders, made["orders"].schema)}


def furnished(folder: Path, guests: bool = True) -> Tables:
    made = Tables(folder)
    made.write(tables(guests))
    assert made.run() == 0
    return made


def rows(made: Tables, where: str = "") -> dict[str, int]:
    """How many rows of each table of the source are about some buyers, by joins of another program's."""
    source = {name: f"read_parquet('{made.folder / name}.parquet')" for name in TABLES}
    asked = {
        "customers": f"select count(*) from {source['customers']} {where}",
        "orders": f"select count(*) from {source['orders']} {where}",
        "items": f"select count(*) from {source['items']} join {source['orders']} using (tid) {where}",
    }
    return {name: duckdb.sql(query).fetchall()[0][0] for name, query in asked.items()}


def released(made: Tables, out: str = "out") -> dict[str, int]:
    return {name: label(made, name, out)["records"]["released"] for name in PARTS}


def label(made: Tables, name: str, out: str = "out") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((made.folder / out / name / "label.json").read_text("utf-8"))
    return found


def written(made: Tables, name: str, out: str = "out") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(sorted((made.folder / out / name).glob("part-*"))).to_pylist()
    return found


def list_of(made: Tables, column: str, *values: str) -> str:
    path = made.folder / "list.csv"
    path.write_text("\n".join([column, *values, ""]), "utf-8")
    return str(path)


def erase(made: Tables, subjects: str, *more: str) -> int:
    command = ["erase", made.policy, str(made.out), "--subjects", subjects, "--reason", "request 17", *more]
    return call(command)


def buyer_with_orders(made: Tables) -> str:
    query = f"select buyer from read_parquet('{made.folder / 'orders'}.parquet') where buyer <> '{GUEST}'"
    found: str = duckdb.sql(f"{query} group by buyer order by count(*) desc, buyer limit 1").fetchall()[0][0]
    return found


def test_their_rows_go_from_every_table_and_all_others_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = furnished(tmp_path)
    buyer = buyer_with_orders(made)
    where = f"where buyer in ('{buyer}', '{GUEST}')"
    theirs = rows(made, where)
    assert min(theirs["orders"], theirs["items"]) > 2
    before = {name: written(made, name) for name in PARTS}
    tokens = {one["buyer"] for one in before["crm.orders"]}
    assert erase(made, list_of(made, "buyer", buyer, GUEST, "nobody"), *made.inputs(), "--workers", "1") == 0
    assert "1 of the 3 persons of the list were found in no release" in " ".join(capsys.readouterr().out.split())

    after = {name: written(made, name) for name in PARTS}
    for name in PARTS:
        assert len(before[name]) - len(after[name]) == theirs[name.partition(".")[2]]
        left = iter(before[name])
        assert all(one in left for one in after[name]), "in their order"
        found = label(made, name)
        assert found["amendments"][-1]["measured"] == "beside its source"
        assert found["records"]["withheld_by"] == {"erased": theirs[name.partition(".")[2]]}
    gone = tokens - {one["buyer"] for one in after["crm.orders"]}
    assert len(gone) == 2
    files = b"".join(state_of(made.out).values())
    assert not [token for token in gone if token.encode() in files]
    orphans = f"select count(*) from read_parquet({part(made.out, 'crm.items')}) where tid not in (select tid from "
    assert duckdb.sql(f"{orphans} read_parquet({part(made.out, 'crm.orders')}))").fetchall() == [(0,)]
    assert call(["verify", str(made.out)]) == 0

    # A later run honours the list in every table, the items of an order included whose buyer no customer is.
    assert made.run(out="again") == 0
    assert released(made, "again") == released(made)
    for name in PARTS:
        assert written(made, name, "again") == after[name]


def test_a_person_is_found_by_another_identity_in_tables_that_do_not_have_it(tmp_path: Path) -> None:
    made = furnished(tmp_path)
    buyer = buyer_with_orders(made)
    customers = pq.read_table(made.folder / "customers.parquet").to_pylist()
    mobile = next(one["mobile"] for one in customers if one["buyer"] == buyer)
    same = ", ".join(repr(one["buyer"]) for one in customers if one["mobile"] == mobile)
    theirs = rows(made, f"where buyer in ({same})")
    before = released(made)
    assert erase(made, list_of(made, "mobile", f"+86 {mobile}"), *made.inputs()) == 0
    assert {name: before[name] - count for name, count in released(made).items()} == {
        f"crm.{name}": count for name, count in theirs.items()
    }


def test_by_tokens_alone_where_no_row_refers_to_nobody(tmp_path: Path) -> None:
    made = furnished(tmp_path, guests=False)
    buyer = buyer_with_orders(made)
    theirs = rows(made, f"where buyer = '{buyer}'")
    before = released(made)
    assert erase(made, list_of(made, "buyer", buyer)) == 0
    assert {name: before[name] - count for name, count in released(made).items()} == {
        f"crm.{name}": count for name, count in theirs.items()
    }
    document = read(str(made.folder / "shop.register"))
    assert document is not None
    assert sum(document.requests[-1].rows.values()) == sum(theirs.values())


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("buyer", "no column of the release crm.items shows whose a row is by customers.buyer"),
        ("tid", "the column tid does not say whose the rows of the table customers are"),
        ("customers.buyer", "the column customers.buyer is called buyer in a list of persons"),
        ("b-17", "what stands above column 1 is no field of the policy"),
    ],
)
def test_what_does_not_name_them_in_all_tables_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: str, told: str
) -> None:
    """Items of an order whose buyer no customer is are lent nobody: without the source they would stay."""
    made = furnished(tmp_path)
    subjects = list_of(made, column, GUEST)
    before = state_of(made.folder)
    assert erase(made, subjects) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert told in error
    assert "b-17" not in error
    assert state_of(made.folder) == before
