"""A small trade whose orders are released again and again, with a register: on a disk, and what its register says."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from beam_deid.pipelines.cli import call
from beam_deid.transforms.crypto.keyring_file import opened
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.register.document import Document
from beam_deid.transforms.register.folder import read
from beam_deid.transforms.register.key import register_subkey
from beam_deid.transforms.run.shards import prepare

KEK = "a-key-encryption-key-for-tests-0123456789"
"""What opens the keyring; `Trade.fill` takes for granted that ``SHOP_KEK`` of the environment says it."""

CITIES = ["杭州市", "宁波市", "温州市", "成都市"]
GOODS = ["绿茶一斤", "小说三册", "跑鞋一双"]
POLICY = """
version: 1
dataset: trade
subject: buyer
record: tid
keys: {keyring: keys/trade.keyring}
fields:
  tid: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  city: {role: quasi_identifier}
  goods: {role: sensitive}
releases:
  analytics:
    purpose: market analysis
    sharing: controlled
    recipient: an agency
    expect: anonymized
    fields: {city: keep, goods: keep}
  crm:
    purpose: marketing to members
    sharing: enclave
    expect: still_personal
    fields:
      buyer: {tokenize: {domain: customer}}
"""
KEYED = "keys: {keyring: keys/trade.keyring}\n"
FROM_ENVIRONMENT = "keys: {key: env:BEAM_DEID_KEY}\n"


def rows(numbers: Iterable[int]) -> list[dict[str, Any]]:
    """Orders of as many people; an order's number says all of it."""
    return [
        {
            "tid": f"9{one:017d}",
            "buyer": f"buyer-{one}",
            "mobile": str(13800000000 + 7919 * one),
            "city": CITIES[one % len(CITIES)],
            "goods": GOODS[one // len(CITIES) % len(GOODS)],
        }
        for one in numbers
    ]


def text(numbers: Iterable[int]) -> str:
    """The same as CSV."""
    lines = [",".join(map(str, row.values())) for row in rows(numbers)]
    return "\n".join(["tid,buyer,mobile,city,goods", *lines]) + "\n"


class Trade:
    """Orders and a policy on a disk, and their runs.

    Args:
        folder: Where all of it is.
        policy: The policy.
    """

    def __init__(self, folder: Path, policy: str = POLICY) -> None:
        self.folder = folder
        self.policy = folder / "policy.yaml"
        self.register = folder / "trade.register"
        self.ring = folder / "keys" / "trade.keyring"
        folder.mkdir(parents=True, exist_ok=True)
        self.policy.write_text(policy, "utf-8")
        if KEYED in policy:
            assert call(["keys", "create", str(self.ring), "--kek", "env:SHOP_KEK"]) == 0

    def orders(self, name: str, numbers: Iterable[int]) -> Path:
        """A file of orders."""
        path = self.folder / f"{name}.csv"
        path.write_text(text(numbers), "utf-8")
        return path

    def change(self, old: str, new: str) -> None:
        """Change a word of the policy."""
        given = self.policy.read_text("utf-8")
        assert old in given
        self.policy.write_text(given.replace(old, new), "utf-8")

    def words(self, source: Path, out: str, *more: str) -> list[str]:
        """A run, as a command."""
        return ["run", str(self.policy), "-i", str(source), "-o", str(self.folder / out), "--workers", "1", *more]

    def run(self, source: Path, out: str, *more: str) -> int:
        """The same, in this process."""
        return call(self.words(source, out, *more))

    def label(self, out: str, release: str = "analytics") -> dict[str, Any]:
        """A label of an output."""
        return dict(json.loads((self.folder / out / release / "label.json").read_text("utf-8")))

    def manifest(self, out: str) -> dict[str, Any]:
        """What a run says of itself."""
        return dict(json.loads((self.folder / out / "run.json").read_text("utf-8")))

    def known(self, register: Path | None = None) -> Document:
        """What the register says."""
        found = read(str(register or self.register))
        assert found is not None
        return found

    def states(self, register: Path | None = None) -> dict[str, str]:
        """What became of each release, as the register says."""
        return {one.name: str(one.state) for one in self.known(register).releases}

    def secrets(self) -> dict[str, bytes]:
        """The bytes of every key of the keyring, and of what the register's fingerprints are keyed with."""
        ring = opened(str(self.ring))
        found = {key.name: ring.unwrap(key, ring.opener()) for key in ring.keys}
        register = self.known()
        keys = prepare(read_policy(str(self.policy)), [str(self.folder / "*.csv")]).job.pinned().keys
        found["of fingerprints"] = register_subkey(
            keys, "keyring:register", register.register, register.key["id"]
        ).bytes
        return found


def files(folder: Path) -> dict[str, bytes]:
    """All files below a folder, by their path there."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
