"""Orders of a few buyers whose rows are equal in what is released, and who have consented or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from beam_deid.pipelines.cli import call

from .shop import rows_of

_HEAD = "number,buyer,city,agrees"
_POLICY = """
version: 1
dataset: equal
subject: buyer
record: number
keys: {key: env:BEAM_DEID_KEY}
fields:
  number: {role: direct_identifier, kind: order_number}
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier, kind: text}
  agrees: {role: insensitive}
releases:
"""
RELEASES = {
    "plain": "fields: {city: keep}",
    "some": "where: {agrees: 是}, fields: {city: keep}",
    "asked": "consent: {ledger: ledger.csv}, fields: {city: keep}",
    "numbered": "fields: {number: tokenize, city: keep}",
    "token": "fields: {buyer: tokenize, city: keep}",
}
ORDERS = {
    "1001": ("甲", "北京市", "是"),
    "1002": ("乙", "北京市", "是"),
    "1003": ("丙", "上海市", "是"),
    "1004": ("丁", "上海市", "是"),
    "1005": ("戊", "北京市", "否"),
    "1006": ("己", "北京市", "是"),
}
AGREED = tuple(f"{buyer},marketing,true,2025-01-01T00:00:00+08:00" for buyer, *_ in ORDERS.values())


@dataclass
class Equal:
    """A folder with orders, a policy of some releases, and an output.

    Attributes:
        folder: The folder.
        releases: Names of the releases.
        more: What else the policy says.
    """

    folder: Path
    releases: Sequence[str]
    more: str = ""
    orders: dict[str, tuple[str, str, str]] = field(default_factory=lambda: dict(ORDERS))

    def write(self, columns: str = "") -> None:
        """Write the policy, with more columns that it may name, and the orders."""
        made = "".join(
            f"  {name}: {{purpose: marketing, sharing: enclave, expect: still_personal, format: csv, {RELEASES[name]}}}\n"
            for name in self.releases
        )
        (self.folder / "policy.yaml").write_text(
            _POLICY.replace("releases:\n", columns + "releases:\n") + made + self.more, "utf-8"
        )
        self.source()
        self.ledger(*AGREED)

    def source(self) -> None:
        """Write the orders."""
        self.file("orders.csv", _HEAD, *(",".join([number, *order]) for number, order in self.orders.items()))

    def ledger(self, *rows: str) -> None:
        """Write the ledger of consent."""
        self.file("ledger.csv", "subject,purpose,granted,time", *rows)

    def file(self, name: str, *lines: str) -> str:
        """Write a file."""
        path = self.folder / name
        path.write_text("\n".join([*lines, ""]), "utf-8")
        return str(path)

    def run(self, *more: str, output: str = "out") -> int:
        """Publish the orders."""
        return self._call("run", "-i", "orders.csv", "-o", output, "--workers", "1", *more)

    def erase(self, *buyers: str) -> int:
        """Erase buyers, beside the source."""
        return self._ask("erase", self.file("gone.csv", "buyer", *buyers))

    def correct(self, changed: Mapping[str, tuple[str, str, str]]) -> int:
        """Correct orders, beside the source."""
        lines = (",".join([number, *order]) for number, order in changed.items())
        return self._ask("correct", self.file("corrected.csv", _HEAD, *lines))

    def cities(self, release: str, output: str = "out") -> dict[str, int]:
        """How many rows a release has of each city."""
        found: dict[str, int] = {}
        for row in rows_of(self.folder / output, release):
            found[str(row[-1])] = found.get(str(row[-1]), 0) + 1
        return found

    def _ask(self, command: str, subjects: str) -> int:
        path = str(self.folder / "policy.yaml")
        more = ["--input", str(self.folder / "orders.csv"), "--reason", "request 17"]
        return call([command, path, str(self.folder / "out"), "--subjects", subjects, *more])

    def _call(self, command: str, *words: str) -> int:
        places = {"orders.csv", "out", "later"}
        return call(
            [
                command,
                str(self.folder / "policy.yaml"),
                *(str(self.folder / word) if word in places else word for word in words),
            ]
        )
