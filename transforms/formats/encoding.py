"""Text files as UTF-8: byte order marks dropped, GB18030 decoded, broken bytes marked."""

import codecs
import re
import threading
from typing import Any

from beam_deid.transforms.errors import InputError

MARK = "\U0010ffff"
"""Stands where bytes could not be decoded; a value that holds it is a fault. It is no character of any text."""

_BLOCK = 1 << 20
_ESCAPED = re.compile("[\ud800-\udfff]+")


def detect(head: bytes, asked: str) -> str:
    """The encoding of a file by its first bytes: as asked, else UTF-8 if they are that, else GB18030.

    Args:
        head: The first bytes, at most 1 MiB; the last character may be cut.
        asked: ``utf-8``, ``gb18030`` or ``auto``.
    """
    if asked != "auto":
        return "utf-8" if asked.lower() in ("utf-8", "utf8", "utf-8-sig") else asked
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        cut_off = error.reason == "unexpected end of data" and len(head) - error.start < 4
        return "utf-8" if cut_off else "gb18030"
    return "utf-8"


class Utf8Stream:
    """A binary stream read as UTF-8, for Arrow's readers. Counts quotes, and knows whether it marked anything.

    Args:
        stream: The plain stream.
        encoding: Its encoding.
        quote: The quote character, whose occurrences are counted.
        path: For messages.
    """

    def __init__(self, stream: Any, encoding: str, quote: str, path: str) -> None:
        self._stream = stream
        self._quote = quote.encode()
        self._path = path
        self._utf8 = encoding == "utf-8"
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogateescape")
        self._ready: list[bytes] = []
        self._held = 0
        self._carry = b""
        self._begun = False
        self._ended = False
        self.quotes = 0
        self.marked = False
        self.closed = False
        # Arrow reads ahead in a thread of its own: it must be out of here before the stream below is closed.
        self._reading = threading.RLock()

    def read(self, size: int = -1) -> bytes:
        """``size`` bytes, fewer only at the end; all of them if negative; b"" at the end and once it is closed.

        Arrow's reader of delimited text takes what it is given for a block, and a row fits into two blocks or not at all.

        Raises:
            InputError: The stream is truncated or damaged, or unpacks to far too much.
        """
        with self._reading:
            return b"" if self.closed else self._take(size)

    def readable(self) -> bool:
        """Say that the stream can be read: pyarrow asks before it reads from a Python object."""
        return True

    def close(self) -> None:
        """Close the stream of bytes that the text is read from."""
        with self._reading:
            if not self.closed:
                self.closed = True
                self._stream.close()

    def _take(self, size: int) -> bytes:
        while not self._ended and (size < 0 or self._held < size):
            self._fill()
        data = b"".join(self._ready)
        rest = data[size:] if 0 <= size < self._held else b""
        self._ready = [rest] if rest else []
        self._held = len(rest)
        return data[:size] if rest else data

    def _fill(self) -> None:
        try:
            block = bytes(self._stream.read(_BLOCK))
        except OSError:
            raise InputError("the file is truncated or damaged", self._path, "Fetch it again or leave it out") from None
        self._ended = not block
        data = self._plain(block)
        if not self._begun and data:
            data = data.removeprefix(codecs.BOM_UTF8)
            self._begun = True
        self.quotes += data.count(self._quote)
        self._ready.append(data)
        self._held += len(data)

    def _plain(self, block: bytes) -> bytes:
        if not self._utf8:
            return self._marked(self._decoder.decode(block, final=not block))
        data = self._carry + block
        self._carry = b""
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            if block and error.reason == "unexpected end of data" and len(data) - error.start < 4:
                self._carry = data[error.start :]
                return data[: error.start]
            cut = _cut(data) if block else len(data)
            self._carry = data[cut:]
            return self._marked(data[:cut].decode("utf-8", "surrogateescape"))
        return data

    def _marked(self, text: str) -> bytes:
        try:
            return text.encode("utf-8")
        except UnicodeEncodeError:
            self.marked = True
            return _ESCAPED.sub(MARK, text).encode("utf-8")


def _cut(data: bytes) -> int:
    """Where to cut broken UTF-8 so that no character that may still be whole is split: after the last ASCII byte."""
    end = len(data)
    while end and end > len(data) - 4 and data[end - 1] >= 0x80:
        end -= 1
    return end
