"""A small shop whose releases rest on keys."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call

ROWS = 60
POLICY = """
version: 1
dataset: shop
subject: buyer
keys: {{keyring: {keyring}}}
fields:
  buyer: {{role: direct_identifier}}
  mobile: {{role: direct_identifier, kind: mobile}}
  note: {{role: direct_identifier, kind: free_text}}
  age: {{role: quasi_identifier, kind: integer}}
  item: {{role: insensitive}}
releases:
  crm:
    purpose: marketing to members
    sharing: enclave
    format: {format}
    fields:
      buyer: {{tokenize: {{domain: customer}}}}
      mobile: {{fpe: {{domain: mobile}}}}
      note: encrypt
      age: {{tokenize: {{}}}}
      item: keep
  partner:
    purpose: for a partner
    sharing: enclave
    fields:
      buyer: {{tokenize: {partner}}}
      item: keep
"""


@dataclass
class Shop:
    """A folder with a keyring, a policy and orders.

    Attributes:
        folder: Where all of it is.
    """

    folder: Path

    @property
    def ring(self) -> str:
        return str(self.folder / "keys" / "orders.keyring")

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")

    @property
    def source(self) -> str:
        return str(self.folder / "orders.parquet")

    def out(self, name: str = "out") -> Path:
        return self.folder / name

    def run(self, name: str = "out", *options: str) -> int:
        return call(["run", self.policy, "-i", self.source, "-o", str(self.out(name)), "--workers", "1", *options])

    def released(self, release: str = "crm", name: str = "out") -> pa.Table:
        return pa.concat_tables(pq.read_table(path) for path in sorted((self.out(name) / release).glob("*.parquet")))

    def label(self, release: str = "crm", name: str = "out") -> dict:
        return json.loads((self.out(name) / release / "label.json").read_text("utf-8"))

    def reidentify(
        self,
        output: str,
        *options: str,
        fields: str = "buyer,mobile,note,age",
        name: str = "out",
        chosen: Sequence[str] = ("--all",),
    ) -> int:
        return call(
            [
                "reidentify",
                "--policy",
                self.policy,
                "--release",
                "crm",
                "--fields",
                fields,
                "--reason",
                "a test",
                "--input",
                str(self.out(name) / "crm" / "part-*"),
                "--output",
                str(self.folder / output),
                *chosen,
                *options,
            ]
        )


def orders() -> pa.Table:
    """Sixty orders of twenty buyers; nobody's."""
    return pa.table(
        {
            "buyer": [f"buyer-{row % 20}" for row in range(ROWS)],
            "mobile": [None if row == 7 else f"{13800000000 + 7919 * (row % 20)}" for row in range(ROWS)],
            "note": ["" if row == 8 else f"请送到后门 {row}" for row in range(ROWS)],
            "age": [20 + row % 30 for row in range(ROWS)],
            "item": ["茶" if row % 2 else "纸" for row in range(ROWS)],
        }
    )


def shop(folder: Path, *, partner: str = "{}", format: str = "parquet") -> Shop:  # noqa: A002 - the policy's word
    """Make a shop with a keyring under ``env:SHOP_KEK``, which the caller has set."""
    made = Shop(folder)
    assert call(["keys", "create", made.ring, "--kek", "env:SHOP_KEK"]) == 0
    Path(made.policy).write_text(POLICY.format(keyring="keys/orders.keyring", partner=partner, format=format), "utf-8")
    pq.write_table(orders(), made.source)
    return made
