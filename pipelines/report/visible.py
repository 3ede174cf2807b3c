"""Texts of which every character is seen: none is hidden, turns others around, or is forbidden in XML."""

import unicodedata

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that would not be seen, or turn the text around them; all that XML forbids are among them."""


def visible(text: str) -> str:
    """A text of which every character is seen: what would not be, or would turn others around, stands as its number."""
    if text.isprintable():
        return text
    return "".join(f"\\u{ord(one):04x}" if unicodedata.category(one) in _INVISIBLE else one for one in text)
