"""A JSON document: an array of records, an answer of an API with its list somewhere inside, or lines of objects.

It is read piece by piece, a record at a time, so that its size does not matter. What lies beside the list of records is
read, too, so that a document that was cut off is never taken for a whole one. A document that is broken is refused; of
lines of objects (see `beam_deid.transforms.formats.json_lines`) only those lines are.
"""

import codecs
from collections.abc import Collection, Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.format import Chunk, Format, PartWriter, Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_lines import JsonLines, text_stream
from beam_deid.transforms.formats.json_rows import DECODER, chunks, columns_of, narrow
from beam_deid.transforms.formats.nesting import Nesting, Unit
from beam_deid.transforms.formats.output_options import PLAIN, OutputOptions
from beam_deid.transforms.storage.limits import LARGEST_VALUE, mebibytes
from beam_deid.transforms.terms import Reason

_BLOCK = 1 << 20
_SPACE = " \t\r\n"
_LINES = JsonLines()


class JsonDocument(Format):
    """One JSON document, or JSON Lines under the same ending."""

    name = "json"
    nests = True
    written = False
    heads = False
    suffixes = (".json",)

    def schema(self, path: str, options: InputOptions) -> pa.Schema:
        """The columns of the first thousand rows, all text. Keys that come later are faults of their rows."""
        if is_lines(path, options):
            return _LINES.schema(path, options)
        nesting = Nesting(options)
        return columns_of(units(path, options, nesting), nesting, path)

    def shards(self, path: str, size: int, options: InputOptions, rows: int) -> list[Shard]:
        """Give the whole file as one shard, for records cannot be told apart from the middle of a document."""
        return [Shard(path, self.name, size)]

    def read(
        self,
        shard: Shard,
        options: InputOptions,
        columns: Sequence[str],
        rows: int,
        known: Collection[str] | None = None,
        spare: Collection[str] = (),
    ) -> Iterator[Chunk]:
        """Read the records of the document piece by piece, so that memory stays bounded; see `Format.read`."""
        if is_lines(shard.path, options):
            return _LINES.read(shard, options, columns, rows, known, spare)
        nesting = Nesting(options)
        return chunks(units(shard.path, options, nesting), nesting, columns, rows, known, spare=spare)

    def writer(self, stream: BinaryIO, schema: pa.Schema, options: OutputOptions = PLAIN) -> PartWriter:
        """Make a writer of JSON Lines. A policy cannot ask for it; it serves whoever writes a ``.json`` file of records."""
        return _LINES.writer(stream, schema, options)


def is_lines(path: str, options: InputOptions) -> bool:
    """Whether the first line that is not blank is an object by itself."""
    stream = text_stream(path, options)
    try:
        head = codecs.decode(stream.read(_BLOCK), "utf-8", "ignore").lstrip(_SPACE)
    finally:
        stream.close()
    try:
        return isinstance(DECODER.decode(head.partition("\n")[0].strip()), dict)
    except (ValueError, RecursionError):
        return False


def units(path: str, options: InputOptions, nesting: Nesting) -> Iterator[Unit]:
    """The rows of a document, one by one.

    Raises:
        InputError: The file is gone, cut off or no JSON, or a row has too many keys.
    """
    stream = text_stream(path, options)
    text = Text(stream, path)
    try:
        while text.next():
            yield from narrow(_walk(text, nesting, nesting.records), path)
    finally:
        stream.close()


def _walk(text: "Text", nesting: Nesting, keys: tuple[str, ...]) -> Iterator[Unit]:
    """The rows of the value that comes next."""
    if not keys:
        if text.next() == "[":
            for _ in text.elements():
                yield from nesting.rows(text.value())
        else:
            record = text.value()
            if record is not None or not nesting.records:
                yield from nesting.rows(record)
        return
    there = False
    if text.next() == "{":
        for key in text.members():
            if key == keys[0]:
                there = True
                yield from _walk(text, nesting, keys[1:])
            else:
                text.value()
    else:
        text.value()
    if not there:
        yield Unit(None, ".".join(nesting.records), Reason.NO_RECORDS)


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
            while self._at < len(self._held) and self._held[self._at] in _SPACE:
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
