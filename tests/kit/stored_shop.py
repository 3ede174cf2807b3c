"""The same small shop on a disk and in a bucket."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.pipelines.cli import call

from .s3.bucket import Bucket

ROWS = 600
PEOPLE = 200
CITIES = ["杭州市", "宁波市", "温州市", "成都市"]
POLICY = """
version: 1
dataset: shop
subject: buyer
keys: {keyring: keys/orders.keyring}
fields:
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  item: {role: sensitive}
releases:
  crm:
    purpose: marketing to members
    sharing: enclave
    fields:
      buyer: {tokenize: {domain: customer}}
      mobile: {fpe: {domain: mobile}}
      city: {tokenize: {}}
      item: keep
    frequencies: {city: known/people.csv}
  report:
    purpose: market analysis
    sharing: controlled
    fields:
      city: {generalize: {hierarchy: known/cities.csv}}
      age: {generalize: {ranges: [10, 20]}}
      item: keep
    require: {k: 5, suppression: 0.05}
    attackers:
      neighbour: {knows: [city, age], table: "known/neighbours.parquet"}
      archive: {knows: [city, item], release: EARLIER/report}
"""


def orders(seed: int, rows: int = ROWS) -> bytes:
    """Orders of two hundred people; nobody's."""
    who = [(row * 7 + seed) % PEOPLE for row in range(rows)]
    return parquet(
        {
            "buyer": [f"buyer-{one}" for one in who],
            "mobile": [f"{13800000000 + 7919 * one}" for one in who],
            "city": [CITIES[one % len(CITIES)] for one in who],
            "age": pa.array([20 + one % 40 for one in who], pa.int32()),
            "item": [["茶", "书", "鞋"][(row + one) % 3] for row, one in enumerate(who)],
        }
    )


def files() -> Mapping[str, bytes]:
    """All that a run is made of, by its path below a folder: two files of orders, and what attackers know."""
    provinces = {"成都市": "四川省"}
    people = [(name, str(9_000_000 - 10_000 * number)) for number, name in enumerate(CITIES)]
    known = {
        "buyer": [f"buyer-{one}" for one in range(PEOPLE)],
        "city": [CITIES[one % len(CITIES)] for one in range(PEOPLE)],
        "age": pa.array([20 + one % 40 for one in range(PEOPLE)], pa.int32()),
    }
    return {
        "orders/one.parquet": orders(0),
        "orders/deep/two.parquet": orders(3),
        "known/cities.csv": "".join(f"{name};{provinces.get(name, '浙江省')};*\n" for name in CITIES).encode(),
        "known/people.csv": _csv([("city", "count"), *people]),
        "known/neighbours.parquet": parquet(known),
    }


def parquet(columns: Mapping[str, object]) -> bytes:
    """A Parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), sink)
    return sink.getvalue()


def without_earlier(policy: str) -> str:
    """The policy of the run that an attacker's archive is of."""
    return "".join(line for line in policy.splitlines(keepends=True) if "EARLIER" not in line)


def fill(folder: Path) -> None:
    """The shop on a disk, with a keyring under ``env:SHOP_KEK``, which the caller has set.

    The keyring has a key for registers, which no run could add to a copy of it in a bucket.
    """
    for path, data in files().items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    ring = str(folder / "keys" / "orders.keyring")
    assert call(["keys", "create", ring, "--kek", "env:SHOP_KEK"]) == 0
    assert call(["keys", "create", ring, "--name", "register"]) == 0


def upload(folder: Path, bucket: Bucket, prefix: str) -> None:
    """The same in a bucket."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            bucket.put(f"{prefix}/{path.relative_to(folder)}", path)


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerows(rows)
    return sink.getvalue().encode()


PLAIN = """
version: 1
dataset: shop
subject: buyer
keys: {key: env:BEAM_DEID_KEY}
register: none
fields:
  buyer: {role: direct_identifier}
  mobile: {role: direct_identifier, kind: mobile}
  city: {role: quasi_identifier}
  age: {role: quasi_identifier, kind: integer}
  item: {role: sensitive}
releases:
  crm:
    purpose: marketing to members
    sharing: enclave
    fields: {buyer: {tokenize: {domain: customer}}, item: keep}
  report:
    purpose: market analysis
    sharing: controlled
    fields: {city: keep, age: {generalize: {ranges: [10, 20], level: 0}}, item: keep}
"""


class Plain:
    """Orders on a disk, and a policy without anything else."""

    def __init__(self, folder: Path, policy: str = PLAIN) -> None:
        self.policy = str(folder / "plain.yaml")
        self._folder = folder / "orders"
        self._folder.mkdir()
        for seed in range(3):
            (self._folder / f"{seed}.parquet").write_bytes(orders(seed))
        Path(self.policy).write_text(policy, "utf-8")

    def words(self, output: str, *more: str, files: int = 3) -> list[str]:
        """A run over some of the files."""
        inputs = [word for seed in range(files) for word in ("-i", str(self._folder / f"{seed}.parquet"))]
        return ["run", self.policy, *inputs, "-o", output, *more]

    def run(self, output: str, *more: str, files: int = 3) -> int:
        """The same, in this process."""
        return call(self.words(output, *more, "--workers", "1", files=files))

    def upload(self, bucket: Bucket, prefix: str) -> None:
        """The files in a bucket."""
        upload(self._folder, bucket, prefix)

    def change(self, old: str, new: str) -> None:
        """Change a word of the policy."""
        text = Path(self.policy).read_text("utf-8")
        assert old in text
        Path(self.policy).write_text(text.replace(old, new), "utf-8")
