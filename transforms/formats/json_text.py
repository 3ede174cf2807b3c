"""JSON text that is taken from a stream value by value, and how a file of it is opened."""

import codecs
from collections.abc import Iterator
from typing import Any

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import DECODER
from beam_deid.transforms.formats.text_source import encoding_of, open_from
from beam_deid.transforms.formats.text_stream import Utf8Stream
from beam_deid.transforms.storage.limits import LARGEST_VALUE, mebibytes

ENCODING = "utf-8"
"""What JSON is in where its bytes do not show another: its standard says so."""

HEAD = 1 << 20
"""How many bytes at the beginning of a file tell how it is written."""

SPACE = " \t\r\n\ufeff"
"""What may stand between values: the spaces of JSON, and the byte order mark of a file that was appended to another."""

_BLOCK = 1 << 20


def text_stream(path: str, options: InputOptions, start: int = 0, end: int | None = None) -> Utf8Stream:
    """A text file, or the part of it between two offsets, as UTF-8, whatever its encoding and compression.

    Raises:
        InputError: The file is gone, truncated or damaged.
    """
    encoding = encoding_of(path, options.encoding, ENCODING)
    return Utf8Stream(open_from(path, start or encoding.mark, end), encoding, path)


class Text:
    """JSON text that is taken from a stream value by value."""

    def __init__(self, stream: Any, path: str) -> None:
        self._stream = stream
        self._path = path
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._held = ""
        self._at = 0
        self._ended = False
        self._values = 0
        # of the first character that is held
        self._line = 1
        self._column = 1

    def next(self) -> str:
        """The next character that is no space, without taking it; "" at the end."""
        while True:
            while self._at < len(self._held) and self._held[self._at] in SPACE:
                self._at += 1
            if self._at < len(self._held):
                return self._held[self._at]
            if self._ended:
                return ""
            self._more()

    def value(self) -> Any:
        """Take the next value.

        Raises:
            InputError: It is too large, nested too deeply, cut off or no JSON.
        """
        self.next()
        while True:
            try:
                found, end = DECODER.raw_decode(self._held, self._at)
            except RecursionError:
                raise self._broken("a value is nested too deeply") from None
            except ValueError:
                end = -1
            # A number at the end of what is held may go on.
            if end >= 0 and (end < len(self._held) or self._ended):
                self._check_size(end)
                self._at = end
                self._values = self._values + 1
                return found
            if self._ended:
                raise self._broken("the document is cut off, or is no JSON")
            self._check_size(len(self._held))
            # What has been read of the value is read again, so it is doubled: otherwise the time grows with its square.
            unread = len(self._held) - self._at
            self._more(min(unread, LARGEST_VALUE + _BLOCK - unread))

    def elements(self) -> Iterator[None]:
        """Stand before each element of an array in turn; whoever asks must take it."""
        self._take("[")
        while self.next() != "]":
            yield
            if self.next() != "]":
                self._take(",")
                if self.next() == "]":
                    raise self._broken("an element is missing after a comma")
        self._take("]")

    def members(self) -> Iterator[str]:
        """Stand before each value of an object in turn, and give its key; whoever asks must take the value."""
        self._take("{")
        while self.next() != "}":
            if self.next() != '"':
                raise self._broken("a key is missing")
            key = str(self.value())
            self._take(":")
            yield key
            if self.next() != "}":
                self._take(",")
        self._take("}")

    def _take(self, character: str) -> None:
        if self.next() != character:
            raise self._broken("the document is cut off, or is no JSON")
        self._at += 1

    def _more(self, size: int = 0) -> None:
        block = self._stream.read(max(size, _BLOCK))
        self._ended = not block
        self._line, self._column = self._place()
        self._held = self._held[self._at :] + self._decoder.decode(block, final=not block)
        self._at = 0

    def _place(self) -> tuple[int, int]:
        """Line and column, both from 1, of what comes next."""
        breaks = self._held.count("\n", 0, self._at)
        if breaks:
            return self._line + breaks, self._at - self._held.rfind("\n", 0, self._at)
        return self._line, self._column + self._at

    def _check_size(self, end: int) -> None:
        """See that what comes next, up to ``end``, is no larger than a value may be."""
        characters = end - self._at
        # A character takes four bytes at most, so most values need not be encoded again.
        if 4 * characters > LARGEST_VALUE and len(self._held[self._at : end].encode()) > LARGEST_VALUE:
            line, column = self._place()
            raise InputError(
                f"a value is larger than {mebibytes(LARGEST_VALUE)}, or is no JSON",
                f"{self._path}: line {line}, column {column}",
                "If the records are in a list inside it, let input.records name the path of that list; else leave it out",
            )

    def _broken(self, what: str) -> InputError:
        return InputError(f"{what}, after {self._values} values", self._path, "Fetch it again or leave it out")
