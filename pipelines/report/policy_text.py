"""What a policy's text says, read as it stands: none of it is checked again."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from beam_deid.transforms.policy.yaml_nodes import read_yaml


@lru_cache(maxsize=4)
def read_text(text: str | None) -> Mapping[str, Any]:
    """The policy as it is written; empty where there is none, or it cannot be read."""
    if text is None:
        return {}
    document = read_yaml(text.removeprefix("\ufeff"))
    return {} if document.problems or not isinstance(document.value, dict) else document.value


def part(document: Any, *keys: str) -> Any:
    """What stands under keys; None where something else does."""
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def release_text(text: str | None, release: str) -> Mapping[str, Any]:
    """What a policy says of a release, which of several tables is called RELEASE.TABLE; empty where it says nothing."""
    found = part(read_text(text), "releases", release) or part(read_text(text), "releases", release.partition(".")[0])
    return found if isinstance(found, dict) else {}


def source_fields(text: str | None) -> tuple[str, ...] | None:
    """All fields of the source, of several tables as TABLE.FIELD; None where the policy was not kept."""
    document = read_text(text)
    fields = part(document, "fields")
    if isinstance(fields, dict):
        return tuple(map(str, fields))
    tables = part(document, "tables")
    if not isinstance(tables, dict):
        return None
    return tuple(f"{table}.{field}" for table, one in tables.items() for field in part(one, "fields") or ())
