"""Keys that were pasted where the name of their place belongs: they must neither be looked for nor repeated."""

import re

_SHORTEST = 32
"""Characters of the shortest key: 16 bytes in hex, 24 in base64."""
_HEX = re.compile(r"(0[xX])?[0-9A-Fa-f]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_LONG_HEX = re.compile(rf"[0-9A-Fa-f]{{{_SHORTEST},}}")
_LONG_WORD = re.compile(rf"[A-Za-z0-9+/_-]{{{_SHORTEST},}}")
_CLASSES = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_OF_VARIABLES = ("env", "passphrase")
_WITH_NAMES = ("file", "keyring")
_AROUND = "\"'`()[]{}<>.!?"
"""What stands around a word of a text."""

PASTED = "what stands behind the scheme looks like a key and not like the name of its place"
"""What is wrong with such a reference; nothing of it is repeated."""


def is_pasted(scheme: str, place: str) -> bool:
    """Whether a reference holds a key rather than its place, or may do so.

    A variable's name has letters, digits, and few signs. A path is what it says, but for a name that is a key's hex or base64. A
    command, and the address of a key service, are never taken for keys.

    Args:
        scheme: What stands before the colon.
        place: What stands behind it.
    """
    if scheme in _OF_VARIABLES:
        return _VARIABLE.fullmatch(place) is None or _looks_random(place)
    # Policies make paths absolute before they are checked.
    return scheme in _WITH_NAMES and (_looks_random(place) or _looks_random(place.rpartition("/")[2]))


def _looks_random(text: str) -> bool:
    """Whether a text is as long as a key, and written as keys are: hex, or letters of both cases and digits mixed."""
    if len(text) < _SHORTEST:
        return False
    if _HEX.fullmatch(text):
        return True
    is_path = "/" in text and not text.endswith("=")
    return not is_path and _BASE64.fullmatch(text) is not None and all(one.search(text) for one in _CLASSES)


def has_key_as_word(line: str) -> bool:
    """Whether a word of a line is as long as a key and written as keys are, by itself or behind a name and ``=``."""
    words = (word.strip(_AROUND) for word in re.split(r"[\s,;:]+", line))
    return any(_looks_random(part) for word in words for part in (word, word.partition("=")[2]))


def holds_key(text: str) -> bool:
    """Whether a key may stand among other things in a text: as a word, behind a name and ``=``, or in groups of hex.

    Args:
        text: One line.
    """
    joined = re.sub(r"[\s:]+", "", text)
    in_groups = (run for run in _LONG_HEX.findall(joined) if not run.isdecimal())
    return (
        any(_LONG_HEX.findall(text))
        or any(in_groups)
        or any(all(one.search(word) for one in _CLASSES) for word in _LONG_WORD.findall(text))
    )
