"""Labels and runs as JSON documents: their bytes and their hashes."""

import hashlib
import json
from typing import Any


def to_bytes(document: dict[str, Any]) -> bytes:
    """A document as readable JSON, UTF-8."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def document_sha256(document: dict[str, Any]) -> str:
    """The hash of a document without its own ``sha256``: of its keys in order, as compact UTF-8 JSON."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
