"""Names of columns as rules see them, in whatever spelling they are written."""

import re
import unicodedata


def normal(name: str) -> str:
    """A name as rules see it, without a unit behind it and accents: ``总价(元)`` is ``_总价_``, ``Straße`` ``_strasse_``."""
    plain = re.sub(r"(?<=.)\s*[(（\[][^()（）\[\]]*[)）\]]\s*$", "", name)
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    return "_" + re.sub(r"[\W_]+", "_", _unaccented(words.lower())).strip("_") + "_"


def _unaccented(text: str) -> str:
    """A text in small letters without the accents of Latin ones."""
    parts = re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", parts).replace("ß", "ss")
