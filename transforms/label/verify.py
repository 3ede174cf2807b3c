"""Check what was published against its papers: files, hashes, rows, metadata, sums, signatures. Reads no values.

Whoever can write a folder can write papers that fit each other. So this shows integrity: that nothing was changed since the
papers were written. Who wrote them only a signature shows, checked with a key that came another way.
"""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.errors import DeidError, InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions
from beam_deid.transforms.label.again import as_published
from beam_deid.transforms.label.documents import canonical, document_sha256, signature_problem, signer
from beam_deid.transforms.label.evidence import SCHEMA_VERSION
from beam_deid.transforms.label.rule import contradictions
from beam_deid.transforms.label.well_formed import COUNTS, label_malformed, run_malformed
from beam_deid.transforms.storage.files import is_file, open_arrow, read_all, store_of
from beam_deid.transforms.storage.hidden import place_of
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import absolute, is_hidden, is_name, join, name_of, shown
from beam_deid.transforms.storage.sweeping import sweep, waiting
from beam_deid.transforms.terms import LabelName

PROVED = "proved"
UNPROVEN = "unproven"
TRAVELLING = ("sharing", "environment", "attackers", "limits", "condition")
"""What of a label stands in every Parquet file as well, as JSON."""

_COMPOSITION = 8
"""The line of the label rule that is about several releases."""
_ROWS = 1 << 16
_DEPTH = 32


@dataclass(frozen=True)
class Verified:
    """What was checked.

    Attributes:
        release: The release; "" for the run as a whole.
        problems: What is wrong, a sentence each; empty if nothing is.
        files: How many files were checked.
        label: The label it bears.
        origin: ``proved`` if the key that was given signed it and nothing is wrong, else ``unproven``.
        signed_by: The public key, in base64, whose signature it bears; None without one, or where that does not hold.
    """

    release: str
    problems: tuple[str, ...]
    files: int = 0
    label: str = ""
    origin: str = UNPROVEN
    signed_by: str | None = None


def verify(output: str, key: str | None = None) -> list[Verified]:
    """Check every published release of a run, and the run itself.

    Args:
        output: The folder of the run.
        key: Public key in base64 that must have signed all of it.

    Raises:
        UsageError: The folder holds no run.
    """
    sweep(output)
    output = absolute(output)
    path = join(output, "run.json")
    if not is_file(path):
        raise UsageError("there is no run.json here", shown(output), _elsewhere(output))
    run, problem = read_label(path)
    if run is None:
        return [Verified("", (problem,))]
    results = [_signature_checked(Verified("", tuple(_run_problems(output, run))), run, "run.json", key)]
    for name, release in _mapping(run.get("releases")).items():
        if _mapping(release).get("published") is True:
            results.append(_verify_release(output, run, name, _mapping(release), key))
    results = _together(output, results)
    results = [replace(one, problems=tuple(map(_printable, one.problems))) for one in results]
    # All of it or nothing: a release stands under the run that lists it.
    return (
        results if all(one.origin == PROVED for one in results) else [replace(one, origin=UNPROVEN) for one in results]
    )


def _run_problems(output: str, run: dict[str, Any]) -> Iterator[str]:
    yield from run_malformed(run)
    if run.get("schema_version") != SCHEMA_VERSION:
        yield "run.json has another schema version than this program knows"
    if run.get("sha256") != document_sha256(run):
        yield "run.json was changed after publication"
    releases = _mapping(run.get("releases"))
    known = {name for name, release in releases.items() if _mapping(release).get("published") is True}
    if not known:
        yield "run.json names no published release"
    store = store_of(output)
    for entry in store.entries(output):
        name = name_of(entry.path)
        if entry.is_folder and name not in known and not is_hidden(name) and store.entries(entry.path):
            yield f"the folder {name} is no release of this run"
    if _sha256(join(output, "rejected.parquet")) != run.get("rejected_sha256"):
        yield "rejected.parquet is missing or was changed"


def _verify_release(output: str, run: dict[str, Any], name: str, release: dict[str, Any], key: str | None) -> Verified:
    if not is_name(name):
        return Verified(_printable(name), ("this is no name of a release",))
    folder = join(output, name)
    path = join(folder, "label.json")
    label, problem = read_label(path)
    if label is None:
        return Verified(_printable(name), (problem,))
    problems = label_malformed(label)
    if _sha256(path) != release.get("label_sha256"):
        problems.append("label.json was changed after publication")
    if problems:  # what else is in it is not worth a look
        return _signature_checked(Verified(_printable(name), tuple(problems)), label, "label.json", key)
    differing = [one for one in ("run", "policy_sha256", "schema_version") if label.get(one) != run.get(one)]
    problems += [f"label.json names another {one} than run.json" for one in differing]
    if label["label"] != release.get("label") or label["release"] != name:
        problems.append("label.json and run.json do not bear the same label")
    problems += _label_problems(label)
    problems += _decided_again(label)
    problems += [p for file in label["files"] for p in _file_problems(folder, file, label)]
    names = [file["path"] for file in label["files"]]
    if len(set(names)) < len(names):
        problems.append("a file is listed twice in the label")
    listed = {*names, "label.json"}
    problems += [f"{entry} is not listed in the label" for entry in _names_in(folder) if entry not in listed]
    verified = Verified(name, tuple(problems), len(names), label["label"])
    return _signature_checked(verified, label, "label.json", key)


def _together(output: str, results: list[Verified]) -> list[Verified]:
    """The same with what the labels of one run say of each other, and not alike."""
    sound = [one for one in results if one.release and not one.problems]
    labels = {one.release: read_label(join(output, one.release, "label.json"))[0] or {} for one in sound}
    found = {one.release: list(_said_of_others(one.release, labels)) for one in sound}
    return [
        replace(one, problems=(*one.problems, *found[one.release])) if found.get(one.release) else one
        for one in results
    ]


def _said_of_others(name: str, labels: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Releases that are anonymized together were tested together, and both labels tell the same of it."""
    mine = labels[name]
    tests = _composed(labels[name])
    for other, label in labels.items():
        listed = other in mine["asked"]["siblings"]
        if other == name or (not listed and LabelName.STILL_PERSONAL in (mine["label"], label["label"])):
            continue
        if not listed:
            yield f"it is anonymized, as {other} is, and the label does not say that the two were tested together"
            continue
        theirs = _composed(label)
        prefix = (f"composition:{other}", f"common_values:{other}:")
        about = {key: test for key, test in tests.items() if key == prefix[0] or key.startswith(prefix[1])}
        if any(theirs.get(key.replace(f":{other}", f":{name}", 1)) != test for key, test in about.items()):
            yield f"the label says something else of {other} and this release together than the label of {other} does"


def _composed(label: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What a label measured with other releases, and its limits."""
    return {
        test["name"]: (test["measured"], test["limit"]) for test in label["tests"] if test.get("line") == _COMPOSITION
    }


def _signature_checked(found: Verified, document: Mapping[str, Any], name: str, key: str | None) -> Verified:
    """What was found, with the signature's part in it."""
    problem = signature_problem(document, key)
    wrong = signature_problem(document)
    problems = (*found.problems, f"{name} {problem}") if problem else found.problems
    origin = PROVED if key is not None and not problems else UNPROVEN
    return replace(found, problems=problems, origin=origin, signed_by=None if wrong else signer(document))


def _label_problems(label: dict[str, Any]) -> Iterator[str]:
    if (label["label"] == LabelName.ANONYMIZED) != all(test["passed"] for test in label["tests"]):
        yield "the label does not follow from its tests"
    records = label["records"]
    if records["read"] != sum(records.get(part, 0) for part in COUNTS[1:]):
        yield "read is not released + suppressed + withheld + rejected"
    if records["released"] != sum(file["rows"] for file in label["files"]):
        yield "the files do not hold as many rows as were released"
    amendments = label.get("amendments")
    if label["label"] == LabelName.ANONYMIZED and amendments and amendments[-1].get("destroyed"):
        yield "the label became anonymized by the destruction of a key; only a new run can show that"


def _decided_again(label: dict[str, Any]) -> list[str]:
    """What in a label does not follow from the evidence that it gives."""
    try:
        return contradictions(label)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return ["the evidence of the label is not such that it can be decided again"]


def _file_problems(folder: str, file: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    name = file["path"]
    path = join(folder, name)
    if not is_name(name) or not is_file(path):
        yield f"{name} is missing"
        return
    if _sha256(path) != file["sha256"]:
        yield f"{name} was changed: its sha256 is another"
        return
    if name.endswith(".parquet"):
        yield from _parquet_problems(path, name, file, label)
    elif name.endswith((".csv", ".jsonl")):
        yield from _text_problems(path, name, file, label)
    else:
        yield f"{name} is of no format that a release is written in"


def _parquet_problems(path: str, name: str, file: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    try:
        with open_arrow(path) as stream:
            facts = pq.read_metadata(stream)
        schema = facts.schema.to_arrow_schema()
    except (InputError, OSError, pa.ArrowException):
        yield f"{name} is not a Parquet file"
        return
    if facts.num_rows != file["rows"]:
        yield f"{name} holds {facts.num_rows} rows, the label says {file['rows']}"
    written = as_published(label)
    earlier = written["fields"]
    for key, expected in (("label", written["label"]), ("release", label["release"]), ("run", label["run"])):
        if _metadata(schema.metadata, key) != expected:
            yield f"{name} bears another {key} than its label"
    for key in _travelling(label):
        if not _says(_metadata(schema.metadata, key), written.get(key, label[key])):
            yield f"{name} bears another {key} than its label"
    fields = label["fields"]
    if sorted(schema.names) != sorted(fields):
        yield f"{name} has other fields than its label"
    for field in schema:
        said = _mapping(fields.get(field.name))
        role = ",".join(said.get("role", []))
        made = _mapping(said.get("key"))
        how = earlier.get(field.name, said.get("recoverability"))
        if [_metadata(field.metadata, key) for key in ("role", "action", "recoverability", "key")] != [
            role,
            said.get("action"),
            how,
            f"{made.get('id')}:{made.get('check')}" if made else None,
        ]:
            yield f"{name}: the metadata of {field.name} is not what the label says"


def _text_problems(path: str, name: str, file: dict[str, Any], label: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a part that bears no metadata: its rows are counted, and its fields compared."""
    options = InputOptions(format="csv" if name.endswith(".csv") else "jsonl")
    rows = 0
    kind = format_of(path, options)
    try:
        names = kind.schema(path, options).names if file["rows"] or options.format == "csv" else list(label["fields"])
        for shard in kind.shards(path, _size(path), options, _ROWS):
            for chunk in kind.read(shard, options, names, _ROWS):
                rows += len(chunk.rows) + sum(len(fault.rows) for fault in chunk.faults)
    except (DeidError, OSError, ValueError):  # Arrow's are of these
        yield f"{name} cannot be read"
        return
    if rows != file["rows"]:
        yield f"{name} holds {rows} rows, the label says {file['rows']}"
    if sorted(names) != sorted(label["fields"]):
        yield f"{name} has other fields than its label"


def _travelling(label: Mapping[str, Any]) -> list[str]:
    """What of this label its files must bear as well; before any of the others did, the sharing model was in no file."""
    there = [key for key in TRAVELLING if key in label]
    return there if len(there) > 1 else []


def _says(text: str | None, value: Any) -> bool:
    """Whether metadata is a value's JSON."""
    try:
        return text is not None and canonical(json.loads(text)) == canonical(value)
    except (RecursionError, ValueError):
        return False


def _metadata(metadata: dict[bytes, bytes] | None, key: str) -> str | None:
    value = (metadata or {}).get(f"beam_deid.{key}".encode())
    return None if value is None else value.decode("utf-8", "replace")


def read_label(path: str) -> tuple[dict[str, Any] | None, str]:
    """A paper of a run, or None and what is wrong with it.

    A key that stands in it twice is wrong: programs differ in which one they take, so it would say two things.
    """
    name = name_of(path)
    try:
        if not is_file(path):
            return None, f"{name} is missing"
        document = json.loads(read_all(path).decode("utf-8"), object_pairs_hook=_pairs)
    except (InputError, RecursionError, ValueError):
        return None, f"{name} cannot be read as JSON"
    if not isinstance(document, dict):
        return None, f"{name} is not a JSON object"
    return (document, "") if _is_flat(document) else (None, f"{name} is nested too deeply")


def _is_flat(document: Any) -> bool:
    """Whether nothing in a document lies deeper than any paper's content, so that nothing that walks it can fail."""
    level = [document]
    for _ in range(_DEPTH):
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
        level = [child for child in level if isinstance(child, dict | list)]
    return not level


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError
    return document


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _printable(text: str) -> str:
    """A text without what cannot be written as UTF-8, which JSON may hold."""
    return text.encode("utf-8", "backslashreplace").decode()


def _elsewhere(output: str) -> str:
    """What to do where nothing is published."""
    with contextlib.suppress(OSError):
        for folder in waiting(place_of(output)):
            return f"A run whose process died waits to be published: beam-deid publish {shown(folder)}"
    return "Name the folder that was --output of a run"


def _sha256(path: str) -> str | None:
    """SHA-256 of a file, in hex; None where it is not there or cannot be read."""
    try:
        return sha256_of(path)
    except (InputError, OSError):
        return None


def _size(path: str) -> int:
    found = store_of(path).entry(path)
    return found.size if found else 0


def _names_in(folder: str) -> list[str]:
    return [name_of(entry.path) for entry in store_of(folder).entries(folder)]
