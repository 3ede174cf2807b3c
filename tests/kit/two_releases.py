"""A small run of two releases: the rows of one are shuffled, those of the other stay in the order of their source."""

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.storage.paths import MARK

from .outputs import without_times

# Without a register, for these releases are about outputs, and all of them are of the same records.
POLICY = """
version: 1
dataset: small
subject: who
keys: {key: "env:BEAM_DEID_KEY"}
register: none
fields:
  who: {role: direct_identifier}
  city: {role: quasi_identifier}
  what: {role: sensitive}
  age: {role: insensitive, kind: integer}
releases:
  crm:
    purpose: test
    sharing: enclave
    fields: {who: {tokenize: {}}, age: keep}
  report:
    purpose: test
    sharing: enclave
    fields: {city: {generalize: {hierarchy: cities.csv}}, what: keep}
"""
EPHEMERAL = POLICY.replace("purpose: test\n", "purpose: test\n    key: ephemeral\n", 1)
CITIES = "".join(f"c{number};{'near' if number < 7 else 'far'};*\n" for number in range(13))
MIXED = "report"
DIRECT = "crm"
MORE = ["--max-rejects", "0.01"]


def files() -> dict[str, bytes]:
    """Three files of 700 records, one of them compressed, by name; one record cannot be read."""
    found = {}
    for number in range(3):
        rows = [
            f"p{i},c{i * 7919 % 13},w{i * 104729 % 5},{20 + i % 50}" for i in range(number * 700, number * 700 + 700)
        ]
        if number == 1:
            rows[5] = "p705,c1,w1,old"
        text = ("\n".join(["who,city,what,age", *rows]) + "\n").encode()
        found[f"in-{number}.csv" + (".gz" if number == 1 else "")] = (
            gzip.compress(text, mtime=0) if number == 1 else text
        )
    return found


def fill(folder: Path, policy: str = POLICY) -> Path:
    """The files and the policy on a disk; returns the policy's path."""
    (folder / "in").mkdir(parents=True)
    for name, data in files().items():
        (folder / "in" / name).write_bytes(data)
    (folder / "cities.csv").write_text(CITIES, "utf-8")
    (folder / "policy.yaml").write_text(policy, "utf-8")
    return folder / "policy.yaml"


def upload(bucket: Any, policy: str = POLICY) -> str:
    """The same in a bucket; returns the policy's path."""
    for name, data in files().items():
        bucket.put(f"in/{name}", data)
    bucket.put("cities.csv", CITIES.encode())
    return str(bucket.put("policy.yaml", policy.encode()))


def published(place: Any, prefix: str = "out") -> dict[str, Any]:
    """All that a reader sees of a run: the hash of each part, the label of each release without its time, and the rejects
    without the folder of their file.

    Args:
        place: The output folder, or a bucket.
        prefix: Where the output is in the bucket.
    """
    if isinstance(place, Path):
        found = {str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    else:
        found = {key.removeprefix(f"{prefix}/"): place.get(key) for key in place.keys(f"{prefix}/") if MARK not in key}
    told: dict[str, Any] = {}
    for path, data in found.items():
        if path.endswith("label.json"):
            told[path] = without_times(json.loads(data))
        elif path == "rejected.parquet":
            rows = pq.read_table(pa.BufferReader(data)).to_pylist()
            told[path] = [{**row, "file": row["file"].rpartition("/")[2]} for row in rows]
        elif path not in ("run.json", "rejected.csv") and not path.endswith("report.html"):  # which say the same
            told[path] = hashlib.sha256(data).hexdigest()
    assert "run.json" in found
    return told
