"""Whoever has all that was given out over time, in plain SQL: it knows who ordered what, and joins the releases order by order.

Nothing of the product counts here. What an order looks like in a release is made anew from the source, at the levels that the
label tells, and compared with the published parts, cell by cell: `kept` of `had` orders. Where a cell is not there as a whole,
nothing that was published says which of its orders are; the register does, which knows the orders by their fingerprints. Where
there is none, such an order is one that may be there: whoever is like it in that, too, is counted with it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.crypto.keys import Keys
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import read, table_path
from beam_deid.transforms.register.key import register_prints
from beam_deid.transforms.register.reference import Reference

DIVISIONS = Path(__file__).parents[2] / "configs" / "hierarchies" / "cn_divisions.csv"
LEVELS = {
    "city": {"city": "place.city", "province": "province", "region": "region", "*": "'*'"},
    "birth_year": {
        **{
            f"by {width}": f"(birth_year // {width} * {width}) || '-' || (birth_year // {width} * {width} + {width - 1})"
            for width in (10, 20)
        },
        "*": "'*'",
    },
    "created": {
        "month": "strftime(created, '%Y-%m')",
        "quarter": "year(created) || '-Q' || quarter(created)",
        "year": "year(created)::TEXT",
        "*": "'*'",
    },
    "goods": {"": "goods"},
}
"""What stands for a value at each level."""

REST = ("city", "birth_year", "created")
ALL = (*REST, "goods")


@dataclass(frozen=True)
class Given:
    """A release that was given out.

    Attributes:
        source: The orders that it was made of.
        out: Its folder.
    """

    source: Path
    out: Path

    @property
    def label(self) -> dict[str, Any]:
        """Its label."""
        found: dict[str, Any] = json.loads((self.out / "label.json").read_text("utf-8"))
        return found


class Attacker:
    """All releases beside all orders: the table ``seen`` has a row for each order that a release has, with what it says of it.

    Args:
        releases: The releases.
        register: The register that knows them; None where they are in none.
        key: Reference of its key.
    """

    def __init__(self, releases: Sequence[Given], register: Path | None = None, key: str = "") -> None:
        self.db = duckdb.connect()
        self.many = len(releases)
        self._places()
        columns = ", ".join(f"{one} TEXT" for one in ALL)
        self.db.execute(f"CREATE TABLE seen (release INT, sure BOOL, tid TEXT, buyer TEXT, {columns})")
        entries = _entries(releases, register) if register else []
        for number, given in enumerate(releases):
            self._cells(given)
            if register:
                self._registered(given, register, entries[number], key)
            else:
                surely = "SELECT made.*, kept = had AS sure FROM made JOIN cell USING (cell)"
                self.db.execute(f"CREATE OR REPLACE TABLE there AS {surely}")
            self.db.execute(f"INSERT INTO seen SELECT {number}, sure, tid, buyer, {', '.join(ALL)} FROM there")

    def one(self, query: str) -> Any:
        """The only value of a query."""
        [(found,)] = self.db.execute(query).fetchall()
        return found

    def joint_groups(self, columns: Sequence[str], *, told_anew: bool = False) -> list[int]:
        """Buyers of each joint group: of orders that look alike in every release, and are in the same releases; the fewest first.

        Args:
            columns: What is known of an order.
            told_anew: Only the groups that no single release shows as they are.
        """
        known = f"concat_ws('|', {', '.join(columns)})"
        found = self.db.execute(f"""
            WITH said AS (SELECT release, sure, tid, buyer, {known} || if(sure, '', '?') AS shown FROM seen),
            history AS (
                SELECT tid, any_value(buyer) AS buyer, string_agg(release || ':' || shown, ';' ORDER BY release) AS history
                FROM said GROUP BY tid HAVING bool_or(sure)
            ),
            joint AS (SELECT history, count(DISTINCT buyer) AS buyers, count(*) AS orders FROM history GROUP BY history),
            single AS (SELECT release, shown, count(*) AS orders FROM said GROUP BY ALL),
            smallest AS (
                SELECT history, min(single.orders) AS orders
                FROM said JOIN single USING (release, shown) JOIN history USING (tid) GROUP BY history
            )
            SELECT buyers FROM joint JOIN smallest USING (history)
            WHERE NOT {told_anew} OR joint.orders < smallest.orders ORDER BY buyers""").fetchall()
        return [buyers for (buyers,) in found]

    def _places(self) -> None:
        self.db.execute(f"""
            CREATE TABLE place AS SELECT part[1] AS city, part[2] AS province, part[3] AS region FROM (
                SELECT string_split(unnest(string_split(content, chr(10))), ';') AS part FROM read_text('{DIVISIONS}')
            ) WHERE len(part) >= 3 AND part[1] NOT LIKE '#%'""")

    def _cells(self, given: Given) -> None:
        """What the release says of each order if it is there, in ``made``; and how many of each cell are there, in ``cell``."""
        levels = given.label["search"]["levels"]
        made = ", ".join(f"{LEVELS[name][levels.get(name, '')]} AS {name}" for name in ALL)
        self.db.execute(
            f"CREATE OR REPLACE TABLE made AS SELECT tid, buyer, {made} "
            f"FROM '{given.source}' AS orders JOIN place ON place.city = orders.city"
        )
        assert self.one("SELECT count(*) FROM made") == self.one(f"SELECT count(*) FROM '{given.source}'")
        self.db.execute("ALTER TABLE made ADD COLUMN cell TEXT")
        self.db.execute(f"UPDATE made SET cell = concat_ws('|', {', '.join(ALL)})")
        self.db.execute(f"""
            CREATE OR REPLACE TABLE cell AS SELECT cell, kept, coalesce(had, 0) AS had
            FROM (SELECT concat_ws('|', {", ".join(ALL)}) AS cell, count(*) AS kept FROM '{given.out}/part-*.parquet' GROUP BY ALL)
            LEFT JOIN (SELECT cell, count(*) AS had FROM made GROUP BY cell) USING (cell)""")
        assert self.one("SELECT max(kept - had) FROM cell") <= 0, "the label's levels do not make what was published"

    def _registered(self, given: Given, register: Path, entry: Entry, key: str) -> None:
        """The orders that are there, as the register knows them; it must not say anything else than the parts."""
        document = read(str(register))
        assert document is not None
        prints = register_prints(
            Keys(key), Reference(str(register), document.register, None, document.key["id"], document.key["check"])
        )
        tids = self.db.sql("SELECT tid FROM made").to_arrow_table()["tid"]
        self.db.register("known", pa.table({"tid": tids, "record": fingerprint(tids, prints)}))
        assert entry.table is not None
        self.db.execute(f"""
            CREATE OR REPLACE TABLE there AS SELECT made.*, true AS sure FROM made JOIN known USING (tid)
            JOIN '{table_path(str(register), entry.table.file)}' USING (record)""")
        self.db.unregister("known")
        assert (
            self.one("""
            SELECT count(*) FROM cell FULL JOIN (SELECT cell, count(*) AS orders FROM there GROUP BY cell) USING (cell)
            WHERE kept IS DISTINCT FROM orders""")
            == 0
        )


def _entries(releases: Sequence[Given], register: Path) -> list[Entry]:
    """What the register says of releases, which it knows by their labels."""
    document = read(str(register))
    assert document is not None
    known = {entry.run: entry for entry in document.releases}
    return [known[given.label["run"]] for given in releases]
