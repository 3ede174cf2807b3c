"""What differs between two releases, in rows that a table can show: on a screen, or on a page."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

RELEASED = "released"
NOT_RELEASED = "not released"
_WORDS = {"record": "records known by", "identities": "persons counted by", "policy_sha256": "policy"}
_OF_FIELDS = {
    "roles": "roles of",
    "l": "l of",
    "levels": "level of",
    "losses": "loss of",
    "actions": "action of",
    "recoverability": "recoverability of",
    "records": "records",
}
_HASH = 12  # of a hash, so that those that differ are told apart


class Differing(NamedTuple):
    """One difference.

    Attributes:
        what: What differs, in words with the names in them.
        one: What the one release says; None where it says nothing.
        other: What the other says.
        is_word: Whether what differs is a word alone, in which there is no name.
    """

    what: str
    one: Any
    other: Any
    is_word: bool = False


def differing_rows(document: Mapping[str, Any], named: Callable[[str], str] = str) -> Iterator[Differing]:
    """The rows of what `beam_deid.transforms.register.comparing` found, but for tests, figures and input files.

    Args:
        document: What was found.
        named: How the name of a field is written.
    """
    yield from _plain(document["plain"])
    for field in map(named, document["fields"]["removed"]):
        yield Differing(f"field {field}", RELEASED, NOT_RELEASED)
    for field in map(named, document["fields"]["added"]):
        yield Differing(f"field {field}", NOT_RELEASED, RELEASED)
    for name, of in _OF_FIELDS.items():
        for field, (one, other) in document.get(name, {}).items():
            # A field that is released in one of them alone is told already; levels and losses are of open fields alone.
            if name not in ("roles", "actions", "recoverability") or None not in (one, other):
                yield Differing(f"{of} {named(field)}", one, other)


def _plain(differing: Mapping[str, tuple[Any, Any]]) -> Iterator[Differing]:
    for name, (one, other) in differing.items():
        if name == "policy_sha256":
            yield Differing(_WORDS[name], short(one), short(other), is_word=True)
        else:
            yield Differing(_WORDS.get(name, name), one, other, is_word=True)


def short(sha256: str) -> str:
    """The beginning of a hash."""
    return f"{sha256[:_HASH]}…"
