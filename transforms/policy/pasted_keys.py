"""Keys in a policy's text, beside its values and in its comments: the text is published with what the policy made."""

import os
import re
from collections.abc import Iterator

from beam_deid.transforms.crypto.pasted import has_key_as_word
from beam_deid.transforms.policy.yaml_nodes import Problem

_COMMENT = re.compile(r"(?:^|\s)#(.*)")
_REFERENCE = re.compile(r"\b(?:env|passphrase):([A-Za-z_][A-Za-z0-9_.-]*)")
_LEAST_SECRET = 8
"""Characters of a variable's value below which it may stand in a text by chance."""
_IN_COMMENT = (
    "this comment holds what looks like a key, and the policy is published with what it makes; take it out, and replace the key "
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
        comment = _COMMENT.search(line)
        if any(secret in line for secret in secrets):
            yield Problem((), _VALUE, number)
        elif comment and has_key_as_word(comment[1]):
            yield Problem((), _IN_COMMENT, number)


def _secrets(text: str) -> Iterator[str]:
    """The values of the variables that a text says are keys."""
    for name in dict.fromkeys(_REFERENCE.findall(text)):
        value = os.environ.get(name, "").strip()
        if len(value) >= _LEAST_SECRET:
            yield value
