"""Keys in a policy's text, beside its values and in its comments: the text is published with what the policy made."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from beam_deid.transforms.crypto.pasted import has_key_as_word, holds_key
from beam_deid.transforms.policy.yaml_nodes import Problem

_COMMIT = re.compile(r"\bcommit[\s:=]+[0-9a-f]{40}\b", re.IGNORECASE)
"""What a version is known by, which looks like a key and is none."""
_FILE = re.compile(r"\bfile:([^\s,'\"{}\[\]#]+)")
_PLACE = re.compile(r"\b(?:env|passphrase|file|keyring):\S+")
_REFERENCE = re.compile(r"\b(?:env|passphrase):([A-Za-z_][A-Za-z0-9_.-]*)")
_MOST = 4096
"""Bytes that are read of a key's file."""
_LEAST_SECRET = 8
"""Characters of a variable's value below which it may stand in a text by chance."""
_IN_LINE = (
    "this line holds what looks like a key, and the policy is published with what it makes; take it out, and replace the key "
    "if it is one"
)
_VALUE = (
    "a key that this policy names by its variable stands here itself, and the policy is published with what it makes; take it "
    "out, and replace the key"
)


def pasted_keys(text: str) -> Iterator[Problem]:
    """The lines of a policy in which a key stands or may stand; nothing of them is repeated.

    What the policy says where references of keys belong is checked with its shape.

    Args:
        text: The text of the policy.
    """
    secrets = tuple(_secrets(text))
    for number, line in enumerate(text.split("\n"), 1):
        if any(secret in line for secret in secrets):
            yield Problem((), _VALUE, number)
        elif _looks_like_key(line):
            yield Problem((), _IN_LINE, number)


def _looks_like_key(line: str) -> bool:
    """Whether a line holds a key beside references, which are checked where they belong."""
    text = _PLACE.sub("", _COMMIT.sub("", line))
    words = " ".join(word for word in text.split() if "/" not in word or word.endswith("="))  # addresses and paths
    return has_key_as_word(text) or holds_key(words)


def _secrets(text: str) -> Iterator[str]:
    """The values of the variables, and what is in the files, that a text says are keys."""
    for name in dict.fromkeys(_REFERENCE.findall(text)):
        value = os.environ.get(name, "").strip()
        if len(value) >= _LEAST_SECRET:
            yield value
    for path in dict.fromkeys(_FILE.findall(text)):
        yield from _in_file(path)


def _in_file(path: str) -> Iterator[str]:
    """What a key's file holds as text, where it can be read; a file of other bytes cannot stand in a policy."""
    try:
        value = Path(path).read_bytes()[:_MOST].decode().strip()
    except (OSError, ValueError):
        return
    if len(value) >= _LEAST_SECRET:
        yield value
