"""A folder as somebody works in it: files, a policy, a keyring, an output and a register; and what it looks like."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call

from ..kit.tables import POLICY as TABLES

POLICY = """\
version: 1
dataset: orders
subject: buyer
keys: {keyring: orders.keyring}
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  item: {role: sensitive}
releases:
  analytics:
    purpose: market analysis
    sharing: enclave
    require: {k: 3, suppression: 0.2}
    fields:
      city: keep
      age: {generalize: {ranges: [10], level: 0}}
      item: keep
  crm:
    purpose: marketing to members
    sharing: enclave
    fields:
      buyer: {tokenize: {domain: customer}}
      city: keep
"""


def furnish(folder: Path) -> None:
    """Make it in an empty folder, which is the current one."""
    (folder / "policy.yaml").write_text(POLICY, "utf-8")
    (folder / "tables.yaml").write_text(TABLES, "utf-8")
    (folder / "orders").mkdir()
    for name in ("may", "june"):
        (folder / "orders" / f"{name}.csv").write_text(_csv(name), "utf-8")
    pq.write_table(pa.table({"buyer": ["a"], "city": ["A"], "age": [30], "item": ["x"], "note": ["n"]}), "more.parquet")
    pq.write_table(pa.table({"buyer": ["a"], "city": ["A"], "age": [30]}), "fewer.parquet")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "header.csv").write_text("buyer,city,age,item\n")
    (folder / "torn.parquet").write_bytes(b"PAR1 no parquet")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (folder / "utf16.yaml").write_bytes(POLICY.encode("utf-16"))
    (folder / "gb18030.yaml").write_bytes(POLICY.replace("market analysis", "市场分析").encode("gb18030"))
    (folder / "nothing.yaml").write_bytes(b"")
    (folder / "notes.txt").write_text("mine")
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter.txt").write_text("mine")
    assert call(["keys", "create", "orders.keyring", "--kek", "env:SHOP_KEK"]) == 0
    assert call(["run", "policy.yaml", "-i", "orders/*.csv", "-o", "out", "--workers", "1"]) == 0
    assert call(["run", "policy.yaml", "-i", "orders/*.csv", "-o", "kept", "--workers", "1", "--release", "crm"]) == 0
    (folder / "kept" / "crm" / "remarks.txt").write_text("mine")
    (folder / "kept" / "list.txt").symlink_to("nowhere")


def look(folder: Path) -> dict[str, str]:
    """All that is in a folder, and of what bytes."""
    return {str(path.relative_to(folder)): _digest(path) for path in sorted(folder.rglob("*"))}


def key_id(folder: Path) -> str:
    """The id of the keyring's first key, which is another in each folder."""
    ring = json.loads((folder / "orders.keyring").read_text("utf-8"))
    return str(ring["keys"][0]["id"])


def _csv(name: str) -> str:
    rows = "".join(f"{name}{row},{'AB'[row % 2]},{20 + row % 10},{'xy'[row // 2 % 2]}\n" for row in range(40))
    return f"buyer,city,age,item\n{rows}"


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "a folder, or nothing"
