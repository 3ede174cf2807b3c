"""A second attacker, in SQL and by other hands' arithmetic: both must count the same persons in the same published files."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.synthetic import write_orders

from .oracle import Attack, _linked, _read
from .persons import identities
from .test_shipped import POLICIES, check, journey, ran, shipped

__all__ = ["journey"]

DIVISIONS = POLICIES.parent / "hierarchies" / "cn_divisions.csv"
SUBJECT = "buyer_open_uid"
IDENTITIES = ("buyer_nick", "receiver_mobile", "oaid", "tid")
CITY = {"city": "city", "province": "province", "region": "region", "*": "'*'"}
BIRTH = {
    **{
        f"by {width}": f"(birth_year // {width} * {width}) || '-' || (birth_year // {width} * {width} + {width - 1})"
        for width in (10, 20)
    },
    "*": "'*'",
}
CREATED = {
    "month": "strftime(created, '%Y-%m')",
    "quarter": "year(created) || '-Q' || quarter(created)",
    "year": "year(created)::TEXT",
    "*": "'*'",
}
PAYMENT = {
    "6 bins": """CASE WHEN payment < 50 THEN '<50' WHEN payment < 100 THEN '50-100' WHEN payment < 200 THEN '100-200'
        WHEN payment < 500 THEN '200-500' WHEN payment < 1000 THEN '500-1000' ELSE '>=1000' END""",
    "*": "'*'",
}
REST = ("receiver_city", "birth_year", "created", "payment")
ALL = (*REST, "category")


def same(one: str, other: str, columns: Sequence[str]) -> str:
    """Rows that are alike, nulls being alike."""
    return " AND ".join(f"{one}.{column} IS NOT DISTINCT FROM {other}.{column}" for column in columns)


class Sql:
    """A published release beside its source, in tables ``record`` (with its ``cell``) and ``cell`` (``kept`` of ``had`` rows)."""

    def __init__(self, source: str, out: Path, columns: Sequence[str], who: Sequence[str]) -> None:
        self.who = who
        names = ", ".join(columns)
        self.db = duckdb.connect()
        self.db.execute(f"CREATE TABLE made AS {source}")
        self.db.execute(
            f"CREATE TABLE given AS SELECT {names}, count(*) AS kept FROM '{out}/part-*.parquet' GROUP BY ALL"
        )
        self.db.execute(f"CREATE TABLE had AS SELECT {names}, count(*) AS had FROM made GROUP BY ALL")
        self.db.execute(
            f"CREATE TABLE cell AS SELECT row_number() OVER () AS cell, given.*, had.had FROM given JOIN had ON "
            f"{same('given', 'had', columns)}"
        )
        self.db.execute(
            f"CREATE TABLE record AS SELECT made.*, cell.cell, cell.kept, cell.had FROM made JOIN cell ON "
            f"{same('made', 'cell', columns)}"
        )

    def one(self, query: str) -> Any:
        """The only value of a query."""
        [(found,)] = self.db.execute(query).fetchall()
        return found

    def fewest(self, columns: Sequence[str]) -> int:
        """Persons of the smallest group: no more than there are, and of a cell that is not whole no more than its rows."""
        by = f"GROUP BY {', '.join(columns)}" if columns else ""
        bounds = ", ".join(
            f"least(count(DISTINCT {one}), count(DISTINCT {one}) FILTER (kept = had) + coalesce(any_value(partly.many), 0))"
            for one in self.who
        )
        part = f"SELECT {', '.join([*columns, 'sum(kept) AS many'])} FROM cell WHERE kept < had {by}"
        on = same("record", "partly", columns) or "true"
        by = f"GROUP BY {', '.join(f'record.{column}' for column in columns)}" if columns else ""
        return int(
            self.one(
                f"SELECT min(least) FROM (SELECT least({bounds}) AS least FROM record LEFT JOIN ({part}) AS partly ON {on} {by})"
            )
        )


def demo_source(data: Path, levels: dict[str, str]) -> str:
    """What the demo's release makes of its orders; whoever an identity does not name, the subject stands for."""
    named = ", ".join(
        f"coalesce({one}, (SELECT CASE WHEN count(DISTINCT other.{one}) = 1 THEN min(other.{one}) END FROM '{data}' AS other "
        f"WHERE other.{SUBJECT} = o.{SUBJECT}), 'subject ' || o.{SUBJECT}) AS {one}"
        for one in IDENTITIES
    )
    made = f"""SELECT {CITY[levels["receiver_city"]]} AS receiver_city, {BIRTH[levels["birth_year"]]} AS birth_year,
        {CREATED[levels["created"]]} AS created, {PAYMENT[levels["payment"]]} AS payment, category"""
    places = f"""SELECT part[1] AS city, part[2] AS province, part[3] AS region FROM (
        SELECT string_split(unnest(string_split(content, chr(10))), ';') AS part FROM read_text('{DIVISIONS}')
    ) WHERE len(part) >= 3 AND part[1] NOT LIKE '#%'"""
    return f"{made}, o.{SUBJECT}, {named} FROM '{data}' AS o JOIN ({places}) AS place ON place.city = o.receiver_city"


@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_two_attackers_and_the_label_count_alike(tmp_path: Path, rows: int) -> None:
    data = tmp_path / "orders.parquet"
    out = tmp_path / "out"
    write_orders(str(data), rows, seed=1)
    ran(POLICIES / "tmall_orders.yaml", data, out, "analytics")
    label = json.loads((out / "analytics" / "label.json").read_text("utf-8"))
    source = pq.read_table(data)
    policy = shipped("tmall_orders")
    sql = Sql(demo_source(data, label["search"]["levels"]), out / "analytics", ALL, (SUBJECT, *IDENTITIES))
    assert sql.one("SELECT sum(kept) FROM cell") == label["records"]["released"]
    assert sql.one("SELECT max(kept - had) FROM cell") <= 0

    seen = _read(out / "analytics", "analytics", policy["releases"]["analytics"])
    who = identities(source, policy)
    assert seen is not None
    assert who is not None
    assert _linked(seen, source, policy, out) == []
    other = Attack(seen, policy, who)
    measured = {test["name"]: test["measured"] for test in label["tests"]}
    whole = sql.one("SELECT count(*) FROM cell WHERE kept < had") == 0
    for test, columns in {
        "k": REST,
        "k_without:category": REST,
        "k_values:category": ("category",),
        "all": ALL,
    }.items():
        fewest = sql.fewest(columns)
        assert fewest == other.most(other.groups(list(columns))).min()
        if test in measured:
            assert fewest == measured[test] if whole else fewest >= measured[test]


def test_two_attackers_and_the_label_compose_alike(journey: Path, tmp_path: Path) -> None:
    data = journey / "demographics.parquet"
    out = tmp_path / "out"
    ran(POLICIES / "completejourney_demographics.yaml", data, out, "segments", "open_data")
    check(pq.read_table(data), shipped("completejourney_demographics"), out, "segments", "open_data")
    columns = {
        "segments": ("age", "marital_status", "household_comp", "income"),
        "open_data": ("household_size", "household_comp", "kids_count"),
    }
    db = duckdb.connect()
    measured: dict[str, dict[str, Any]] = {}
    for name, shown in columns.items():
        sql = Sql(f"SELECT * FROM '{data}'", out / name, shown, ["household_id"])
        here = sql.db.execute("SELECT household_id, kept = had FROM record").fetchall()
        db.register(
            f"in_{name}", pa.table({"household_id": [one for one, _ in here], "sure": [sure for _, sure in here]})
        )
        label = json.loads((out / name / "label.json").read_text("utf-8"))
        measured[name] = {test["name"]: test["measured"] for test in label["tests"]}
        rest = [column for column in shown if column != "income"]
        assert sql.fewest(rest) >= measured[name]["k"]
        assert sql.fewest(shown) >= measured[name].get("k_all", 0)
    # Of a cell of which some rows were left out nobody can say which: whoever may be there is counted where somebody surely is.
    db.execute(f"""
        CREATE TABLE household AS SELECT household_id, household_comp, a.sure IS NOT NULL AS a_may,
            coalesce(a.sure, false) AS a_sure,
            b.sure IS NOT NULL AS b_may, coalesce(b.sure, false) AS b_sure
        FROM '{data}' AS every LEFT JOIN in_segments AS a USING (household_id) LEFT JOIN in_open_data AS b USING (household_id)""")
    groups = []
    for may, sure in (
        ("a_may AND b_may", "a_sure AND b_sure"),
        ("a_may AND NOT b_sure", "a_sure AND NOT b_may"),
        ("NOT a_sure AND b_may", "NOT a_may AND b_sure"),
    ):
        groups += db.execute(
            f"SELECT count(DISTINCT household_id) FILTER ({may}) FROM household GROUP BY household_comp HAVING bool_or({sure})"
        ).fetchall()
    assert measured["segments"]["composition:open_data"] == measured["open_data"]["composition:segments"]
    assert 20 <= measured["segments"]["composition:open_data"] <= min(persons for (persons,) in groups)
