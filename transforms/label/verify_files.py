"""The files of a release checked against its label: hashes, rows and metadata. Reads no values."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import DeidError, InputError
from beam_deid.transforms.formats import format_of_part
from beam_deid.transforms.formats.format import Format
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.label.decide_again import as_published
from beam_deid.transforms.label.documents import canonical
from beam_deid.transforms.storage.files import is_file, store_of
from beam_deid.transforms.storage.journal import sha256_of
from beam_deid.transforms.storage.paths import is_name, join

TRAVELLING = ("sharing", "environment", "attackers", "limits", "condition")
"""What of a label stands as JSON in every file whose format describes itself."""

_ROWS = 1 << 16
_NAMED = ("label", "release", "run")
"""What of a label stands as text in every file whose format describes itself."""


def file_problems(folder: str, file: Mapping[str, Any], label: Mapping[str, Any]) -> Iterator[str]:
    """Check one file of a release.

    Args:
        folder: The release's folder.
        file: What the label says of the file.
        label: The content of the release's ``label.json``.

    Yields:
        A sentence for each thing that is wrong.
    """
    name = file["path"]
    path = join(folder, name)
    written = format_of_part(name)
    if not is_name(name) or not is_file(path):
        yield f"{name} is missing"
    elif sha256_or_none(path) != file["sha256"]:
        yield f"{name} was changed: its sha256 is another"
    elif written is None:
        yield f"{name} is of no format that a release is written in"
    elif written.describes:
        yield from _described_problems(path, written, file, label)
    else:
        yield from _plain_problems(path, written, file, label)


def _described_problems(path: str, kind: Format, file: Mapping[str, Any], label: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a part that bears metadata."""
    name = file["path"]
    try:
        described = kind.described(path)
    except InputError:
        described = None
    if described is None:
        yield f"{name} is not a {kind.name.capitalize()} file"
        return
    if described.rows != file["rows"]:
        yield _other_rows(name, described.rows, file["rows"])
    yield from _metadata_problems(name, described.schema, label)


def _other_rows(name: str, rows: int, told: int) -> str:
    return (
        f"{name} holds 1 row, the label says {told}"
        if rows == 1
        else f"{name} holds {rows} rows, the label says {told}"
    )


def _metadata_problems(name: str, schema: pa.Schema, label: Mapping[str, Any]) -> Iterator[str]:
    """What a part says of its release and its fields, where its label says otherwise."""
    written = as_published(label)
    differing = [key for key in _NAMED if _metadata(schema.metadata, key) != written[key]]
    differing += [key for key in _travelling(label) if not _says(_metadata(schema.metadata, key), written[key])]
    yield from (f"{name} bears another {key} than its label" for key in differing)
    if sorted(schema.names) != sorted(label["fields"]):
        yield f"{name} has other fields than its label"
    for field in schema:
        if _field_metadata(field) != _told_metadata(written["fields"].get(field.name, {})):
            yield f"{name}: the metadata of {field.name} is not what the label says"


def _field_metadata(field: pa.Field) -> list[str | None]:
    """What a file says of a field: role, action, recoverability, and the key that made it."""
    return [_metadata(field.metadata, key) for key in ("role", "action", "recoverability", "key")]


def _told_metadata(facts: Mapping[str, Any]) -> list[str | None]:
    """What a file should say of a field, by its label."""
    key = facts.get("key")
    made = f"{key.get('id')}:{key.get('check')}" if key else None
    return [",".join(facts.get("role", [])), facts.get("action"), facts.get("recoverability"), made]


def _plain_problems(path: str, written: Format, file: Mapping[str, Any], label: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a part that bears no metadata: its rows are counted, and its fields compared."""
    name = file["path"]
    options = InputOptions(format=written.name, footer=0)  # a part has none
    rows = 0
    try:
        told = file["rows"] or written.heads
        names = written.schema(path, options).names if told else list(label["fields"])
        for shard in written.shards(path, _size(path), options, _ROWS):
            for chunk in written.read(shard, options, names, _ROWS):
                rows += len(chunk.rows) + sum(len(fault.rows) for fault in chunk.faults)
    except (DeidError, OSError, ValueError):  # Arrow's are of these
        yield f"{name} cannot be read"
        return
    if rows != file["rows"]:
        yield _other_rows(name, rows, file["rows"])
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


def sha256_or_none(path: str) -> str | None:
    """SHA-256 of a file, in hex; None where it is not there or cannot be read."""
    try:
        return sha256_of(path)
    except (InputError, OSError):
        return None


def _size(path: str) -> int:
    found = store_of(path).entry(path)
    return found.size if found else 0
