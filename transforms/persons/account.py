"""What somebody says of what they do (``--reason``, ``--operator``): it is kept, so no key and nobody's number stands in it."""

import os
import re
from collections.abc import Iterable, Iterator

from beam_deid.transforms.crypto.pasted import holds_key
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.recognisers.in_names import scan_names

REASON = "--reason"
OPERATOR = "--operator"

_LONGEST = 500
_OF_THINGS = frozenset({"order_number", "tracking_number", "credit_code", "invoice_title", "coordinates", "ip_address"})
"""Recognisers of what a reason may name: orders, parcels, firms, places and machines."""
_LEAST_SECRET = 8
"""Characters of a variable's value below which it may stand in a text by chance."""


def checked_line(text: str, option: str, sources: Iterable[str] = ()) -> str:
    """A text as one line that holds no key and nothing that identifies a person, as far as recognisers know.

    Args:
        text: What was said.
        option: By which option, for messages.
        sources: Where keys are that must not stand in it, such as ``env:NAME`` and ``passphrase:NAME``; others are passed over.

    Raises:
        UsageError: It is no such line; the message repeats nothing of it.
    """
    line = " ".join(text.split())
    if not line or not line.isprintable() or len(line) > _LONGEST:
        what = f"this is no line of text of {_LONGEST} characters at most"
        raise UsageError(what, option, "Write a few words, such as the number of the request")
    if holds_key(line) or any(secret in line for secret in _secrets(sources)):
        what = "this holds what looks like a key, and it would be kept"
        raise UsageError(what, option, "Write words; if it is a key, replace it, for the shell's history may have it")
    apart = line.replace("_", " ")
    found = sorted({kind for _, kind in scan_names([line, apart])} - _OF_THINGS)
    if found:
        what = f"this holds what identifies a person ({found[0]}), and it would be kept"
        raise UsageError(what, option, "Name the request by its number, and an operator by a name or a login")
    return line


def _secrets(sources: Iterable[str]) -> Iterator[str]:
    """The values of the variables that hold keys, as a line has them."""
    for source in sources:
        named = re.fullmatch(r"(?:env|passphrase):(.+)", source)
        value = " ".join(os.environ.get(named[1], "").split()) if named else ""
        if len(value) >= _LEAST_SECRET:
            yield value
