"""Ciphertext and index strings of e-commerce platforms, by their common grammar.

A separator (one of ``~ $ #`` or the byte 1), cipher and index in base64 between separators, a key version, and one or two
separators at the end. JD writes bare base64 that begins with AA. All of it links records, and the platform can decrypt it.
"""

import re

from beam_deid.transforms.recognisers.recogniser import Recogniser

_BETWEEN = (
    r"(?P<s>[~$#\x01])(?:(?P<a>[A-Za-z0-9+/=_-]*)(?P=s))?"
    r"(?P<b>[A-Za-z0-9+/=_&-]{16,})(?P=s)(?P<v>-?\d{1,4})(?P=s){1,2}"
)
_NAME_INDEX = r"~[A-Za-z0-9+/]{22,}={0,2}~[A-Za-z0-9+/]{4,}={0,2}~-?\d{1,4}~~"
_JD = r"(?<![A-Za-z0-9+/])AA[A-Za-z0-9+/]{60,}={0,2}(?![A-Za-z0-9+/=])"

PLATFORM_CIPHERTEXT = Recogniser(
    "platform_ciphertext",
    re.compile(f"{_BETWEEN}|{_NAME_INDEX}|{_JD}"),
    r"[~$#\x01][A-Za-z0-9+/=_&-]{16,}[~$#\x01]|AA[A-Za-z0-9+/]{60}",
)
