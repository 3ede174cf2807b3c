"""Check what was published against its label: files, hashes, row counts, schema metadata, sums. Reads no values."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.again import as_published
from beam_deid.transforms.label.documents import document_sha256
from beam_deid.transforms.label.evidence import SCHEMA_VERSION
from beam_deid.transforms.terms import LabelName

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Verified:
    """What was checked.

    Attributes:
        release: The release; "" for the run as a whole.
        problems: What is wrong, a sentence each; empty if nothing is.
        files: How many files were checked.
        label: The label it bears.
    """

    release: str
    problems: tuple[str, ...]
    files: int = 0
    label: str = ""


def verify(output: str) -> list[Verified]:
    """Check every published release of a run, and the run itself.

    Raises:
        UsageError: The folder holds no run.
    """
    path = os.path.join(output, "run.json")
    if not os.path.isfile(path):
        raise UsageError("there is no run.json here", output, "Name the folder that was --output of a run")
    run, problem = read_label(path)
    if run is None:
        return [Verified("", (problem,))]
    problems = list(_run_problems(output, run))
    results = [Verified("", tuple(problems))]
    for name, release in _mapping(run.get("releases")).items():
        if _mapping(release).get("published") is True:
            results.append(_verify_release(output, run, name, _mapping(release)))
    return results


def _run_problems(output: str, run: dict[str, Any]) -> Iterator[str]:
    if run.get("schema_version") != SCHEMA_VERSION:
        yield "run.json has another schema version than this program knows"
    if run.get("sha256") != document_sha256(run):
        yield "run.json was changed after publication"
    releases = _mapping(run.get("releases"))
    known = {name for name, release in releases.items() if _mapping(release).get("published") is True}
    for entry in sorted(os.listdir(output)):
        if os.path.isdir(os.path.join(output, entry)) and entry not in known and not entry.startswith("."):
            yield f"the folder {entry} is no release of this run"
    rejected = os.path.join(output, "rejected.parquet")
    if not os.path.isfile(rejected) or _sha256(rejected) != run.get("rejected_sha256"):
        yield "rejected.parquet is missing or was changed"


def _verify_release(output: str, run: dict[str, Any], name: str, release: dict[str, Any]) -> Verified:
    folder = os.path.join(output, name)
    path = os.path.join(folder, "label.json")
    label, problem = read_label(path)
    if label is None:
        return Verified(name, (problem,))
    problems = []
    if _sha256(path) != release.get("label_sha256"):
        problems.append("label.json was changed after publication")
    differing = [key for key in ("run", "policy_sha256") if label.get(key) != run.get(key)]
    problems += [f"label.json names another {key} than run.json" for key in differing]
    if label.get("label") != release.get("label") or label.get("release") != name:
        problems.append("label.json and run.json do not bear the same label")
    problems += _label_problems(label)
    listed = [_mapping(file) for file in label.get("files", [])]
    problems += [p for file in listed for p in _file_problems(folder, file, label)]
    names = {str(file.get("path")) for file in listed} | {"label.json"}
    problems += [f"{entry} is not listed in the label" for entry in sorted(os.listdir(folder)) if entry not in names]
    return Verified(name, tuple(problems), len(listed), str(label.get("label")))


def _label_problems(label: dict[str, Any]) -> Iterator[str]:
    tests = [_mapping(test) for test in label.get("tests", [])]
    proved = bool(tests) and all(test.get("passed") is True for test in tests)
    if (label.get("label") == LabelName.ANONYMIZED) != proved:
        yield "the label does not follow from its tests"
    records = _mapping(label.get("records"))
    parts = ("released", "suppressed", "withheld", "rejected")
    if records.get("read") != sum(int(records.get(part, 0)) for part in parts):
        yield "read is not released + suppressed + withheld + rejected"
    if records.get("released") != sum(int(_mapping(file).get("rows", 0)) for file in label.get("files", [])):
        yield "the files do not hold as many rows as were released"


def _file_problems(folder: str, file: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    name = str(file.get("path"))
    path = os.path.join(folder, name)
    if os.path.basename(name) != name or not os.path.isfile(path):
        yield f"{name} is missing"
        return
    if _sha256(path) != file.get("sha256"):
        yield f"{name} was changed: its sha256 is another"
        return
    if name.endswith(".parquet"):
        yield from _parquet_problems(path, name, file, label)


def _parquet_problems(path: str, name: str, file: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    try:
        facts = pq.read_metadata(path)
        schema = facts.schema.to_arrow_schema()
    except (OSError, pa.ArrowException):
        yield f"{name} is not a Parquet file"
        return
    if facts.num_rows != file.get("rows"):
        yield f"{name} holds {facts.num_rows} rows, the label says {file.get('rows')}"
    named, earlier = as_published(label)
    for key, expected in (("label", named), ("release", label.get("release")), ("run", label.get("run"))):
        if _metadata(schema.metadata, key) != expected:
            yield f"{name} bears another {key} than its label"
    fields = _mapping(label.get("fields"))
    if set(schema.names) != set(fields):
        yield f"{name} has other fields than its label"
    for field in schema:
        said = _mapping(fields.get(field.name))
        role = ",".join(said.get("role", []))
        made, how = _mapping(said.get("key")), earlier.get(field.name, said.get("recoverability"))
        if [_metadata(field.metadata, key) for key in ("role", "action", "recoverability", "key")] != [
            role, said.get("action"), how, f"{made.get('id')}:{made.get('check')}" if made else None,
        ]:  # fmt: skip
            yield f"{name}: the metadata of {field.name} is not what the label says"


def _metadata(metadata: dict[bytes, bytes] | None, key: str) -> str | None:
    value = (metadata or {}).get(f"beam_deid.{key}".encode())
    return None if value is None else value.decode("utf-8", "replace")


def read_label(path: str) -> tuple[dict[str, Any] | None, str]:
    """A paper of a run, or None and what is wrong with it."""
    name = os.path.basename(path)
    try:
        with open(path, encoding="utf-8") as stream:
            document = json.load(stream)
    except FileNotFoundError:
        return None, f"{name} is missing"
    except (OSError, ValueError):
        return None, f"{name} cannot be read as JSON"
    return (document, "") if isinstance(document, dict) else (None, f"{name} is not a JSON object")


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _sha256(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
