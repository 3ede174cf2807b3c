"""A made-up shop of three tables that refer to each other, and a policy over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic import shop

POLICY = """\
version: 1
dataset: shop
keys: {key: env:BEAM_DEID_KEY}
tables:
  customers:
    subject: buyer
    key: buyer
    fields:
      buyer: {role: direct_identifier}
      mobile: {role: direct_identifier, kind: mobile}
      city: {role: quasi_identifier}
  orders:
    key: tid
    joins: {buyer: customers}
    fields:
      tid: {role: direct_identifier, kind: order_number}
      buyer: {role: direct_identifier}
      month: {role: quasi_identifier, kind: integer}
  items:
    joins: {tid: orders}
    fields:
      tid: {role: direct_identifier, kind: order_number}
      line: {role: insensitive, kind: integer}
      category: {role: sensitive}
releases:
  crm:
    purpose: marketing to members
    sharing: enclave
    expect: still_personal
    tables:
      customers: {fields: {buyer: tokenize, city: keep}}
      orders: {fields: {tid: tokenize, buyer: tokenize, month: keep}}
      items: {fields: {tid: tokenize, customers.buyer: tokenize, line: keep, category: keep}}
"""
"""Where more releases are wanted they are written behind it."""

AGENCY = """\
  agency:
    purpose: letters to members
    sharing: enclave
    expect: still_personal
    tables:
      orders: {fields: {tid: tokenize, buyer: tokenize}}
"""
TRADING = """\
  trading:
    purpose: sales by month
    sharing: enclave
    EXPECT
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    tables:
      orders: {fields: {month: keep}}
"""
"""A release of one table that is anonymized, where it is tested alone."""

TABLES = ("customers", "orders", "items")


@dataclass
class Tables:
    """A folder with the files of three tables and a policy.

    Attributes:
        folder: Where all of it is.
    """

    folder: Path

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def write(self, tables: Mapping[str, pa.Table], policy: str = POLICY) -> None:
        """Write the files and the policy."""
        (self.folder / "policy.yaml").write_text(policy, "utf-8")
        for name, table in tables.items():
            pq.write_table(table, self.folder / f"{name}.parquet")

    def inputs(self) -> list[str]:
        """The files as options of a command."""
        return [word for name in TABLES for word in ("-i", f"{name}={self.folder / name}*.parquet")]

    def command(self, *more: str, out: str = "out") -> list[str]:
        """A run over the tables."""
        return ["run", self.policy, *self.inputs(), "-o", str(self.folder / out), "--workers", "1", *more]

    def run(self, *more: str, out: str = "out") -> int:
        """Carry it out."""
        return call(self.command(*more, out=out))


def made_up(rows: int, seed: int = 0) -> dict[str, pa.Table]:
    """The tables of a shop, with some orders of guests."""
    made = shop(rows, seed)
    orders = made["orders"]
    months = pa.array([one.month for one in orders.column("created").to_pylist()], pa.int32())
    customers = made["customers"].select(["buyer_open_uid", "mobile", "city"])
    return {
        "customers": customers.rename_columns(["buyer", "mobile", "city"]),
        "orders": pa.table({"tid": orders.column("tid"), "buyer": orders.column("buyer_open_uid"), "month": months}),
        "items": made["items"].select(["tid", "line", "category"]),
    }


def part(out: Path, name: str) -> str:
    """The parts of a table's release, for SQL."""
    return f"'{out / name}/part-*.parquet'"


def columns(table: pa.Table) -> Sequence[tuple[str, Sequence[object]]]:
    """The columns of a table as plain values."""
    return [(name, table.column(name).to_pylist()) for name in table.column_names]
