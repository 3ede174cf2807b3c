"""A shop's year: generated orders with buyers who come back, the shop's policy, and what it publishes month by month."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic.orders import order_batches

from .joining import Given

KEY = "BEAM_DEID_YEAR_KEY"
os.environ.setdefault(KEY, "7b" * 32)

MONTHS = range(1, 13)
_GOODS = {
    "clothing": ("女装", "男装", "童装", "鞋靴", "箱包", "珠宝饰品", "家纺"),
    "food": ("零食", "生鲜", "茶酒", "宠物用品", "母婴"),
    "health": ("药品", "医疗器械", "孕产用品", "成人用品", "美妆", "个人护理"),
}
_REST = "home"


def orders(rows: int, seed: int = 3) -> pa.Table:
    """The orders of a year, of about rows / 2.5 buyers."""
    taken = {
        "tid": "tid",
        "buyer_open_uid": "buyer",
        "receiver_city": "city",
        "birth_year": "birth_year",
        "created": "created",
    }
    of = {category: name for name, categories in _GOODS.items() for category in categories}
    tables = []
    for batch in order_batches(rows, seed):
        goods = pc.dictionary_encode(batch["category"])
        names = pa.array([of.get(category, _REST) for category in goods.dictionary.to_pylist()])
        columns = {name: batch[source] for source, name in taken.items()}
        tables.append(pa.table({**columns, "goods": names.take(goods.indices)}))
    return pa.concat_tables(tables)


def of_month(table: pa.Table, month: int) -> pa.Table:
    """The orders of one month."""
    return table.filter(pc.equal(pc.month(table["created"]), month))


def until(table: pa.Table, month: int) -> pa.Table:
    """The orders up to the end of a month."""
    return table.filter(pc.less_equal(pc.month(table["created"]), month))


def policy(sharing: str, register: str | None = None, suppression: float = 0.05) -> dict[str, Any]:
    """What the shop publishes, at levels that the search chooses."""
    return {
        "version": 1,
        "dataset": "shop",
        "subject": "buyer",
        "record": "tid",
        "keys": {"key": f"env:{KEY}"},
        **({"register": register} if register else {}),
        "fields": {
            "tid": {"role": "direct_identifier", "kind": "order_number"},
            "buyer": {"role": "direct_identifier"},
            "city": {"role": "quasi_identifier", "kind": "division"},
            "birth_year": {"role": "quasi_identifier", "kind": "integer"},
            "created": {"role": "quasi_identifier", "kind": "timestamp"},
            "goods": {"role": "sensitive"},
        },
        "releases": {
            "market": {
                "purpose": "market analysis",
                "sharing": sharing,
                "require": {"suppression": suppression},
                "fields": {
                    "city": {"generalize": {"hierarchy": "cn_divisions"}},
                    "birth_year": {"generalize": {"ranges": [10, 20]}},
                    "created": {"generalize": {"calendar": ["month", "quarter", "year"]}},
                    "goods": "keep",
                },
            }
        },
    }


@dataclass(frozen=True)
class Shown:
    """What a month's run came to.

    Attributes:
        given: The release.
        label: Its label.
        seconds: How long the run took.
        bytes: Size of the register after it.
    """

    given: Given
    label: Mapping[str, Any]
    seconds: float
    bytes: int

    @property
    def share(self) -> float:
        """The share of records that were suppressed."""
        records = self.label["records"]
        return float(records["suppressed"] / records["read"])

    @property
    def failing(self) -> set[str]:
        """Names of the tests that do not hold."""
        return {test["name"] for test in self.label["tests"] if not test["passed"]}

    @property
    def composed(self) -> list[str]:
        """Names of the tests of line 8 but for that of the register."""
        return [test["name"] for test in self.label["tests"] if test["line"] == 8 and test["name"] != "register"]


class Shop:
    """Publishes from a folder of its own, with one register.

    Args:
        folder: The folder.
        sharing: To whom it publishes.
        register: As in a policy; its default if not given.
        suppression: Which share of records may be suppressed.
    """

    def __init__(
        self, folder: Path, sharing: str = "controlled", register: str | None = None, suppression: float = 0.05
    ) -> None:
        self._folder = folder
        self.register = folder / "shop.register"
        folder.mkdir(exist_ok=True)
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy(sharing, register, suppression)))

    def publish(self, name: str, table: pa.Table) -> Shown:
        """Publish some orders, into an output of their own."""
        source = self._folder / f"{name}.parquet"
        out = self._folder / name
        pq.write_table(table, source)
        begin = time.perf_counter()
        code = call(
            [
                "run",
                str(self._folder / "policy.yaml"),
                "--input",
                str(source),
                "--output",
                str(out),
                "--workers",
                "1",
            ]
        )
        seconds = time.perf_counter() - begin
        assert code == 0
        label = json.loads((out / "market" / "label.json").read_text("utf-8"))
        return Shown(Given(source, out / "market"), label, seconds, size_of(self.register))


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder; 0 where there is none."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def table_of(shown: Mapping[str, Shown]) -> str:
    """A line a month, for a person to read."""
    lines = [f"{'':8} {'label':14} {'read':>9} {'suppressed':>10} {'seconds':>8} {'register':>12}  levels"]
    for name, one in shown.items():
        levels = ", ".join(one.label["search"]["levels"].values())
        lines.append(
            f"{name:8} {one.label['label']:14} {one.label['records']['read']:9,} {one.share:10.2%} {one.seconds:8.2f} "
            f"{one.bytes:12,}  {levels}"
        )
    return "\n".join(lines)
