"""A shop with a signed run in every format, from which persons are erased."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call
from beam_deid.transforms.formats import format_of_part
from beam_deid.transforms.formats.input_options import InputOptions

FORMATS = {"crm": "parquet", "text": "csv", "lines": "jsonl", "sheet": "xlsx"}
PERSONAL = ("bare", *FORMATS)
BUYERS = 40
ITEMS = ("茶", 'a "quoted" thing', "two\nlines", "=1+1", "", None, "一,二")
_FIELDS = "buyer: {tokenize: {domain: customer}}, mobile: {fpe: {domain: mobile}}, city: keep, age: keep, paid: keep, item: keep"
POLICY = """
version: 1
dataset: shop
subject: buyer
record: number
sign: keyring
keys: {keyring: keys/shop.keyring}
fields:
  number: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  paid: {role: insensitive}
  item: {role: insensitive}
releases:
  analytics:
    purpose: test
    sharing: enclave
    expect: anonymized
    require: {k: 3, suppression: 0.3}
    environment: {controls: high, motive: low, prevalence: 0, acquaintances: 0, security: high}
    fields: {city: keep}
  bare: {purpose: test, sharing: enclave, expect: still_personal, fields: {city: keep, age: keep, paid: keep}}
""" + "".join(
    f"  {name}: {{purpose: test, sharing: enclave, expect: still_personal, format: {written}, fields: {{{_FIELDS}}}}}\n"
    for name, written in FORMATS.items()
)


def table() -> pa.Table:
    """Three orders of each buyer; two buyers have each mobile, and many of them the same city, age and price."""
    rows = range(3 * BUYERS)
    return pa.table(
        {
            "number": [f"2026{row:08d}" for row in rows],
            "buyer": [f"buyer-{row % BUYERS}" for row in rows],
            "mobile": [f"{13800000000 + 7919 * (row % BUYERS // 2)}" for row in rows],
            "city": [("杭州市", "宁波市")[row % 2] for row in rows],
            "age": pa.array([20 + row % 4 for row in rows], pa.int32()),
            "paid": [row % 3 + 0.25 for row in rows],
            "item": [ITEMS[row % len(ITEMS)] for row in rows],
        }
    )


@dataclass(frozen=True)
class Shop:
    """A folder with a policy, orders and an output.

    Attributes:
        folder: The folder.
        out: The output.
    """

    folder: Path
    out: Path

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")

    @property
    def orders(self) -> str:
        return str(self.folder / "orders.parquet")

    def run(self, *more: str) -> int:
        """Publish the orders."""
        return call(["run", self.policy, "-i", self.orders, "-o", str(self.out), "--workers", "1", *more])

    def list_of(self, column: str, *values: str) -> str:
        """A list of persons, as a file."""
        path = self.folder / f"{column}.csv"
        path.write_text("\n".join([column, *values, ""]), "utf-8")
        return str(path)

    def erase(self, subjects: str, *more: str) -> int:
        """Erase persons from the output."""
        return call(["erase", self.policy, str(self.out), "--subjects", subjects, "--reason", "request 17", *more])

    def erase_beside_source(self, subjects: str) -> int:
        """Erase persons from the output, whose source is at hand."""
        return self.erase(subjects, "--input", self.orders)

    def copied(self, folder: Path) -> "Shop":
        """A copy of everything."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder, out=folder / self.out.name)


def furnish(folder: Path) -> Shop:
    """Make a shop, and publish its orders."""
    assert call(["keys", "create", str(folder / "keys" / "shop.keyring"), "--kek", "env:SHOP_KEK"]) == 0
    assert call(["keys", "create", str(folder / "keys" / "shop.keyring"), "--sign"]) == 0
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    pq.write_table(table(), folder / "orders.parquet")
    made = Shop(folder, folder / "out")
    assert made.run() == 0
    return made


def rows_of(out: Path, release: str) -> list[tuple[object, ...]]:
    """The rows of a release as its files have them, in their order."""
    found: list[tuple[object, ...]] = []
    for path in sorted((out / release).glob("part-*")):
        kind = format_of_part(path.name)
        assert kind is not None
        options = InputOptions()
        names = kind.schema(str(path), options).names
        for shard in kind.shards(str(path), path.stat().st_size, options, 1 << 16):
            for chunk in kind.read(shard, options, names, 1 << 16):
                found += zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
    return found
