"""What a release says of the keys that made its fields: in the metadata of its Parquet parts, or in its label.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.manifest import SCHEMA_VERSION
from beam_deid.transforms.label.reading import read_manifest
from beam_deid.transforms.storage.files import is_file
from beam_deid.transforms.storage.paths import join, parent

LABEL = "label.json"

_READABLE = (2, SCHEMA_VERSION)
"""Versions of labels that say which keys were used as this one does."""
_RIGHT_LABEL = "Name the label.json of the release"


@dataclass(frozen=True)
class Mark:
    """What a release says of the key that made a field.

    Attributes:
        id: Id of the key.
        check: Check value of the field's subkey, which also covers the domain and the format.
    """

    id: int
    check: str


def marks_of(path: str, schema: pa.Schema, release: str) -> dict[str, Mark]:
    """The marks of one input file, by field: from its own metadata, else from the label beside it.

    Args:
        path: The file.
        schema: Its Arrow schema, with metadata where the format has any.
        release: The release that it should be a part of.

    Raises:
        UsageError: The file is a part of another release, or the label beside it is.
    """
    told = (schema.metadata or {}).get(b"beam_deid.release")
    if told is not None and told.decode("utf-8", "replace") != release:
        raise UsageError(f"this is a part of another release than {release}", path, "Name the right one by --release")
    marks = {column.name: mark for column in schema if (mark := _own_mark(column)) is not None}
    beside = join(parent(path), LABEL)
    if told is None and is_file(beside):
        marks.update(marks_in_label(beside, release))
    return marks


def _own_mark(column: pa.Field) -> Mark | None:
    said = (column.metadata or {}).get(b"beam_deid.key", b"").decode("ascii", "replace")
    identity, separator, check = said.partition(":")
    return Mark(int(identity), check) if separator and identity.isdecimal() else None


def marks_in_label(path: str, release: str) -> dict[str, Mark]:
    """The marks in a ``label.json``, by field.

    Raises:
        UsageError: It cannot be read, is damaged, or is the label of another release.
    """
    label, problem = read_manifest(path)
    if label is None:
        raise UsageError(problem, path, _RIGHT_LABEL)
    if label.get("release") != release or label.get("schema_version") not in _READABLE:
        raise UsageError(f"this is not the label of {release}", path, _RIGHT_LABEL)
    try:
        return _label_marks(label)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise UsageError("the label is damaged", path, _RIGHT_LABEL) from None


def _label_marks(label: Mapping[str, Any]) -> dict[str, Mark]:
    keys = {name: facts.get("key") for name, facts in label["fields"].items()}
    return {name: Mark(int(key["id"]), str(key["check"])) for name, key in keys.items() if key}


def agreed(own: Mapping[str, Mark], named: Mapping[str, Mark], path: str) -> dict[str, Mark]:
    """The marks of a file, completed by those of the label that was named for it.

    Args:
        own: What the file says itself, by field; it has precedence.
        named: What the named label says, by field.
        path: The file, for messages.

    Raises:
        UsageError: The two contradict each other.
    """
    for name, mark in own.items():
        if named.get(name, mark) != mark:
            what = f"the label that is named is of another key than the one that made {name}"
            raise UsageError(what, path, "Leave --label out")
    return {**named, **own}
