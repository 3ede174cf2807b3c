"""Encodings of text files: their names, byte order marks, and how bytes become UTF-8."""

import codecs
import difflib
from typing import NamedTuple

import numpy as np
import pyarrow as pa

MARK = "\U0010ffff"
"""Stands where bytes could not be decoded; a value that holds it is a fault. It is no character of any text."""

MARK_BYTES = MARK.encode()

_MARKING = "beam_deid.mark"
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_USUAL = {
    "utf-8-sig": "utf-8",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "cp936": "gb18030",
    "shift_jis": "cp932",
}
"""Names that are taken for the encoding which holds all of theirs: files say the one and hold the other."""

_NAMES = (
    *(
        "utf-8",
        "gb18030",
        "gbk",
        "big5",
        "cp950",
        "shift_jis",
        "cp932",
        "cp1252",
        "latin-1",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
    ),
    *(
        "utf-32",
        "big5hkscs",
        "euc_jp",
        "euc_kr",
        "cp949",
        "cp437",
        "cp850",
        "cp874",
        "koi8-r",
        "mac_roman",
        "iso8859-2",
        "iso8859-15",
    ),
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
)
_SPREAD = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_STATEFUL = frozenset({"utf-7", "hz", "iso2022_jp", "iso2022_kr"})
_TRAILING = frozenset(range(0x30, 0x3A)) | frozenset(range(0x40, 0x7F))


class Encoding(NamedTuple):
    """The encoding of a file.

    Attributes:
        name: What Python calls it.
        mark: Bytes of the byte order mark, which is no text.
        found: Whether it was found in the bytes, and not said by anybody.
        assumed: Whether nothing showed it, for all bytes that were looked at are ASCII.
    """

    name: str
    mark: int = 0
    found: bool = False
    assumed: bool = False

    @property
    def spread(self) -> bool:
        """Whether every character has two bytes at least."""
        return self.name in _SPREAD

    def keeps(self, *marks: int) -> bool:
        """Whether these ASCII bytes stand for themselves wherever they are, so that text can be cut at them as it is."""
        if self.name == "utf-8":
            return True
        if self.spread or any(self.name.startswith(one) for one in _STATEFUL):
            return False
        return not _TRAILING.intersection(marks) or len(bytes(range(0x80, 0x100)).decode(self.name, "replace")) == 0x80


def _mark(error: UnicodeError) -> tuple[str, int]:
    return MARK, int(getattr(error, "end", 0))


codecs.register_error(_MARKING, _mark)


def canonical(name: str) -> str:
    """What Python calls an encoding of text.

    Raises:
        ValueError: There is none of that name, or it is none of text; with the nearest names.
    """
    lowered = name.strip().lower()
    try:
        info = codecs.lookup(lowered)
        decoded = b"a,b\n".decode(lowered)
    except (LookupError, UnicodeError, ValueError):
        info = None
        decoded = ""
    if info is None or (decoded != "a,b\n" and info.name not in _SPREAD) or not hasattr(info, "incrementaldecoder"):
        raise ValueError(f"there is no encoding of text called {name!r}; {_nearest(lowered)}")
    if "escape" in info.name or info.name in ("punycode", "idna"):
        raise ValueError(f"{name} is no encoding of files of text; {_nearest(lowered)}")
    return _USUAL.get(info.name, info.name)


def _nearest(name: str) -> str:
    like = difflib.get_close_matches(name, _NAMES, 3)
    return f"did you mean {' or '.join(like)}?" if like else f"known are {', '.join(_NAMES[:12])} and others"


def marked_as(head: bytes) -> tuple[str, int] | None:
    """The encoding that a file's byte order mark says, and the mark's length; None without one."""
    return next(((name, len(mark)) for mark, name in _MARKS if head.startswith(mark)), None)


def agrees(asked: str, marked: str) -> bool:
    """Whether an encoding may have that mark: UTF-16 does not say which bytes come first, its mark does."""
    return asked == marked or marked.startswith(f"{asked}-")


def decoder(encoding: str) -> codecs.IncrementalDecoder:
    """Makes text of bytes as they come; where they are broken stands `MARK`."""
    return codecs.getincrementaldecoder(encoding)(_MARKING)


def encoded(text: str) -> bytes:
    """A text as UTF-8; where it cannot be written so stands `MARK`."""
    return text.encode("utf-8", _MARKING)


def as_utf8(data: bytes, encoding: str) -> bytes:
    """Bytes of whole characters as UTF-8; where they are broken stands `MARK`."""
    if encoding == "utf-8" and (data.isascii() or is_utf8(data)):
        return data
    return encoded(data.decode(encoding, _MARKING))


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8."""
    # Arrow is three times as fast as Python here.
    bounds = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    text = pa.LargeStringArray.from_buffers(1, bounds, pa.py_buffer(data))
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
