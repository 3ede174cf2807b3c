"""Published manifests read back: ``label.json`` and ``run.json``, which anybody may have written."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.storage.files import is_file, read_all
from beam_deid.transforms.storage.paths import name_of, shown

_DEPTH = 32


def needed_manifest(path: str) -> dict[str, Any]:
    """Read a manifest that must be there.

    Args:
        path: Its path.

    Raises:
        UsageError: It is missing or cannot be read.
    """
    document, _ = read_manifest(path)
    if document is None:
        raise UsageError("this cannot be read", shown(path), "Name the folder that was --output of a run")
    return document


def read_manifest(path: str) -> tuple[dict[str, Any] | None, str]:
    """Read a manifest.

    A key that stands in it twice is wrong: programs differ in which one they take, so it would say two things.

    Args:
        path: Its path.

    Returns:
        Its content, or None and what is wrong with it.
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
    if not _is_flat(document):
        return None, f"{name} is nested too deeply"
    NAMES.add_later(partial(own_names, document))
    return document, ""


def own_names(document: Mapping[str, Any]) -> Iterator[str]:
    """The names of the user's own in a manifest: of releases, fields and files, and what they are said to be for."""
    for section in ("releases", "fields", "attackers"):
        named = document.get(section)
        yield from named if isinstance(named, dict) else ()
    texts = (document.get(one) for one in ("dataset", "release", "subject", "purpose", "recipient"))
    yield from (text for text in texts if isinstance(text, str))


def _is_flat(document: Any) -> bool:
    """Whether nothing in a document lies deeper than any manifest's content, so that nothing that walks it can fail."""
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
