"""A revision as a file: its bytes, and the errors of files that are none."""

import json
from typing import Any

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import document_sha256, to_bytes
from beam_deid.transforms.register.document import FORMAT, Document
from beam_deid.transforms.register.names import revision_path
from beam_deid.transforms.storage.files import advice, reason, store_of
from beam_deid.transforms.storage.paths import is_name, shown

RESTORE = (
    "Restore it from a backup, and do not remove it: without it no release can be tested with what was given out before"
)
"""What to do about a revision that does not say what it said."""


def revision_bytes(document: Document) -> bytes:
    """A revision's file: the document with the hash of its canonical form, as readable JSON."""
    plain = document.to_document()
    return to_bytes({**plain, "sha256": document_sha256(plain)})


def read_revision(register: str, number: int) -> Document:
    """A revision of a register.

    Raises:
        FileNotFoundError: It is not there any more.
        UsageError: It cannot be read, is damaged, of a newer form, or no revision.
    """
    path = revision_path(register, number)
    try:
        with store_of(path).open_input(path) as stream:
            data = bytes(stream.read())
    except FileNotFoundError:
        raise
    except OSError as error:
        said = reason(error)
        raise UsageError(
            f"the register cannot be read ({said})", shown(path), advice(said, "Check the rights to it")
        ) from None
    return _document(_parsed(data, path), number, path)


def _parsed(data: bytes, path: str) -> dict[str, Any]:
    """The JSON of a file, as far as it is a revision's of a form that is known, and as it was written."""
    try:
        given = json.loads(data)
    except (ValueError, RecursionError):
        raise _wrong("the register is damaged: this revision is no JSON, or was not written to its end", path) from None
    if not isinstance(given, dict) or type(given.get("format")) is not int:
        raise _wrong("this is no revision of a register", path)
    if given["format"] > FORMAT:
        raise UsageError(
            "the register was written by a newer beam-deid", shown(path), "Upgrade beam-deid: pip install -U beam-deid"
        )
    if given.pop("sha256", None) != document_sha256(given):
        raise _wrong("the register is damaged: this revision is not what was written, or was changed by hand", path)
    return given


def _document(given: dict[str, Any], number: int, path: str) -> Document:
    try:
        document = Document.from_document(given)
        is_right = 0 < document.format <= FORMAT and all(map(is_name, document.files))
    except (AttributeError, KeyError, TypeError, ValueError):
        is_right = False
    if not is_right:
        raise _wrong("this is no revision of a register", path)
    if document.revision != number:
        raise _wrong("the register is damaged: this file holds another revision than its name says", path)
    return document


def _wrong(what: str, path: str) -> UsageError:
    return UsageError(what, shown(path), RESTORE)
