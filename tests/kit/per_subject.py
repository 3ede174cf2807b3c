"""A shop whose tokens are under secrets of persons."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call

BUYERS = 30
TOKENS = (
    "buyer: {tokenize: {domain: customer, key: per_subject}}, mobile: {tokenize: {domain: customer, key: per_subject}}"
)
POLICY = f"""
version: 1
dataset: shop
subject: buyer
keys: {{keyring: keys/shop.keyring}}
fields:
  number: {{role: direct_identifier, kind: order_number}}
  buyer: {{role: direct_identifier}}
  mobile: {{role: direct_identifier, kind: mobile}}
  city: {{role: quasi_identifier}}
releases:
  crm: {{purpose: test, sharing: enclave, expect: still_personal, fields: {{{TOKENS}, city: keep}}}}
  bare: {{purpose: test, sharing: enclave, expect: still_personal, fields: {{number: keep, {TOKENS}}}}}
"""


def orders(first: int = 0, buyers: Sequence[str | None] = ()) -> pa.Table:
    """Orders; two buyers have each mobile."""
    who = list(buyers) or [f"buyer-{row % BUYERS}" for row in range(3 * BUYERS)]
    return pa.table(
        {
            "number": [f"2026{first + row:08d}" for row in range(len(who))],
            "buyer": pa.array(who, pa.string()),
            "mobile": [f"{13800000000 + 7919 * (row % BUYERS // 2)}" for row in range(len(who))],
            "city": [("杭州市", "宁波市")[row % 2] for row in range(len(who))],
        }
    )


@dataclass(frozen=True)
class Shop:
    """A folder with a policy, a keyring and orders.

    Attributes:
        folder: The folder.
    """

    folder: Path

    @property
    def policy(self) -> str:
        return str(self.folder / "policy.yaml")

    @property
    def keyring(self) -> str:
        return str(self.folder / "keys" / "shop.keyring")

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def copied(self, folder: Path) -> "Shop":
        """A copy of everything."""
        shutil.copytree(self.folder, folder)
        return Shop(folder)

    def command(self, *more: str, out: str = "out", orders: str = "orders*.parquet", workers: int = 1) -> list[str]:
        given = ["-i", str(self.folder / orders), "-o", str(self.folder / out)]
        return ["run", self.policy, *given, "--workers", str(workers), *more]

    def run(self, *more: str, **how: Any) -> int:
        return call(self.command(*more, **how))

    def rows(self, release: str = "crm", out: str = "out") -> list[dict[str, Any]]:
        paths = sorted((self.folder / out / release).glob("part-*"))
        return [row for path in paths for row in pq.read_table(path).to_pylist()]

    def label(self, release: str = "crm", out: str = "out") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / out / release / "label.json").read_text("utf-8"))
        return found

    def secrets(self) -> dict[str, bytes]:
        """The files of secrets, without locks."""
        folder = Path(f"{self.keyring}.subjects")
        return {path.name: path.read_bytes() for path in folder.glob("*") if path.suffix != ".lock"}

    def list_of(self, *buyers: str, column: str = "buyer") -> str:
        path = self.folder / "list.csv"
        path.write_text("\n".join([column, *buyers, ""]), "utf-8")
        return str(path)

    def erase(self, subjects: str, *more: str, out: str = "out") -> int:
        command = ["erase", self.policy, str(self.folder / out), "--subjects", subjects, "--reason", "request 17"]
        return call([*command, *more])

    def turned_back(
        self, out: str = "out", release: str = "crm", fields: str = "buyer,mobile"
    ) -> tuple[int, list[dict[str, Any]]]:
        """The code of a re-identification of all rows, and what came of it."""
        given = ["--release", release, "--fields", fields, "-i", str(self.folder / out / release), "--all"]
        target = self.folder / "back.parquet"
        target.unlink(missing_ok=True)
        code = call(
            ["reidentify", "--policy", self.policy, *given, "-o", str(target), "--reason", "complaint", "--overwrite"]
        )
        return code, pq.read_table(target).to_pylist() if target.exists() else []


def furnish(folder: Path, policy: str = POLICY, table: pa.Table | None = None) -> Shop:
    """Make a shop of two files; nothing is published."""
    made = Shop(folder)
    assert call(["keys", "create", made.keyring, "--kek", "env:SHOP_KEK"]) == 0
    (folder / "policy.yaml").write_text(policy, "utf-8")
    found = orders() if table is None else table
    half = len(found) // 2
    pq.write_table(found[:half], folder / "orders-0.parquet")
    pq.write_table(found[half:], folder / "orders-1.parquet")
    return made
