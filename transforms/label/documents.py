"""Labels and runs as JSON documents: their bytes, their hashes and their signatures."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from beam_deid.transforms.crypto.signing import ALGORITHM, SigningKey, is_signed

SIGNATURE = "signature"
OWN_SHA256 = "sha256"
"""The key under which a document says its own hash: ``run.json``, and a label that no ``run.json`` lists."""
WINDOW = "window"
"""The key under which such a label says the folder of its window."""


def plain(value: Any) -> Any:
    """Turn a value into what JSON holds.

    Args:
        value: A plain value, or a frozen dataclass, a named tuple, a mapping, a list or a tuple of such.

    Returns:
        Objects with a ``to_document`` as that writes them, other dataclasses and named tuples as dictionaries of their
        attributes in order, words of a closed set as text, tuples as lists, and everything else as it is.
    """
    if hasattr(value, "to_document"):
        return plain(value.to_document())
    if is_dataclass(value):
        return attributes(value)
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, str) else value


def attributes(value: Any, without: Collection[str] = ()) -> dict[str, Any]:
    """Turn the attributes of a dataclass into what JSON holds, by name and in order, but for some."""
    return {one.name: plain(getattr(value, one.name)) for one in fields(value) if one.name not in without}


def to_bytes(document: dict[str, Any]) -> bytes:
    """A document as readable JSON, UTF-8."""
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode()


def canonical(document: Any) -> bytes:
    """A document in its one form: keys in order, compact, ASCII with escapes."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def document_sha256(document: Mapping[str, Any]) -> str:
    """The hash of a document without its own ``sha256`` and ``signature``, in its canonical form."""
    rest = {key: value for key, value in document.items() if key not in (OWN_SHA256, SIGNATURE)}
    return hashlib.sha256(canonical(rest)).hexdigest()


def signed(document: Mapping[str, Any], key: SigningKey | None) -> dict[str, Any]:
    """A document with its signature as the last thing in it; without one if there is no key.

    What is signed is the canonical form of the document without ``signature``. A label lists its files with their
    hashes, and a run its labels, so that signing them signs what was published.
    """
    rest = _unsigned(document)
    if key is None:
        return rest
    return {**rest, SIGNATURE: {"algorithm": ALGORITHM, "key": key.public, "value": key.sign(canonical(rest))}}


def signer(document: Mapping[str, Any]) -> str | None:
    """The public key, in base64, that a document says it is signed by; None if it says none."""
    signature = document.get(SIGNATURE)
    key = signature.get("key") if isinstance(signature, dict) else None
    return key if isinstance(key, str) else None


def signature_problem(document: Mapping[str, Any], public: str | None = None) -> str | None:
    """What is wrong with a document's signature, or None.

    Args:
        document: The document.
        public: The key that must have signed it, in base64. If not given any key may have, or none.
    """
    if SIGNATURE not in document:
        return None if public is None else "bears no signature, so nothing shows who made it"
    signature = document[SIGNATURE]
    if not isinstance(signature, dict) or set(signature) != {"algorithm", "key", "value"}:
        return "bears a signature that cannot be read"
    if signature["algorithm"] != ALGORITHM:
        return f"bears a signature of another kind than {ALGORITHM}"
    if not is_signed(canonical(_unsigned(document)), signature["value"], signature["key"]):
        return "does not fit its signature"
    if public not in (None, signature["key"]):
        return "is signed by another key than the one given"
    return None


def _unsigned(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != SIGNATURE}
