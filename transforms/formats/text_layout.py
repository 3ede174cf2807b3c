"""How one file of delimited text is written: its encoding, what is between values, its columns, and where its rows are."""

import re
from dataclasses import dataclass, replace

from beam_deid.transforms.errors import EmptyFile, InputError
from beam_deid.transforms.formats.encoding import Encoding, decoder, encoded
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.passed_over import NOTHING, PassedOver
from beam_deid.transforms.formats.text_dialect import STAND_IN, Dialect
from beam_deid.transforms.formats.text_footer import footer_of
from beam_deid.transforms.formats.text_header import LONGEST_NAME, Header, Sample, endless_name, find_header, lines_in
from beam_deid.transforms.formats.text_scan import Scan
from beam_deid.transforms.formats.text_source import encoding_of, head_of
from beam_deid.transforms.formats.text_stream import translated
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import LONGEST_HEADER, mebibytes

_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 256 << 10
_SAYS_DELIMITER = re.compile(rb'"?sep=(.)"?\r?\n|"?sep=(.)"?\r', re.IGNORECASE)


@dataclass(frozen=True)
class TextLayout:
    """How a file is written.

    Attributes:
        encoding: Its encoding.
        dialect: How values are told apart.
        stands_for: What the delimiter's byte stands for, where the text is decoded and its delimiter is more than a byte; or None.
        decoded: Whether offsets are of the text in UTF-8, for its structure cannot be seen in the file's own bytes.
        names: The columns.
        width: Values of a row; those behind the columns' must be empty.
        begin: Offset at which rows begin.
        end: Offset behind the last row where lines follow that are none; None for the end of the file.
        header: The line that names the columns, as it is written; empty if none does.
        footer: How many rows at the end are none; None where nobody says.
        passed: Lines before the header, and after the last row, that are passed over.
        above: How many lines stand above the first row, the header and blank ones counted.
    """

    encoding: Encoding
    dialect: Dialect
    stands_for: str | None
    decoded: bool
    names: tuple[str, ...]
    width: int
    begin: int
    end: int | None = None
    header: bytes = b""
    footer: int | None = None
    passed: PassedOver = NOTHING
    above: int = 0


def layout_of(path: str, options: InputOptions) -> TextLayout:
    """Find out how a file is written.

    Raises:
        InputError: It cannot be read, is empty, or its encoding or header cannot be told.
    """
    encoding = encoding_of(path, options.encoding)
    head = head_of(path, LONGEST_HEADER + encoding.mark)
    whole = len(head) < LONGEST_HEADER + encoding.mark
    if not head.strip(b"\r\n \t\0\xef\xbb\xbf"):
        raise EmptyFile("the file is empty, it has not even a header", path, "Leave it out")
    heads = _Heads(head, encoding, whole, options)
    chosen = max((heads.reading(mark) for mark in heads.delimiters()), key=lambda found: found.rank, default=None)
    if chosen is None or not chosen.sample.count:
        raise _no_header(heads, path)
    found = _header(chosen.sample, options, path)
    layout = TextLayout(
        encoding,
        chosen.dialect,
        chosen.stands_for,
        chosen.decoded,
        tuple(name.replace(STAND_IN, chosen.stands_for or "") for name in found.names),
        found.width,
        chosen.offset + found.begin,
        header=found.line,
        footer=options.footer,
        passed=PassedOver(found.passed),
        above=chosen.skipped + found.above,
    )
    if options.footer is not None:
        return layout
    footer = footer_of(path, layout)
    return replace(layout, end=footer.begin, passed=PassedOver(found.passed, footer.lines)) if footer else layout


def layout_of_shard(shard: Shard, options: InputOptions) -> TextLayout:
    """How the file of a shard is written: as when it was listed, where it has the same size and header still.

    Raises:
        InputError: See `layout_of`.
    """
    known = shard.written
    if isinstance(known, TextLayout) and _is_still(shard, known):
        return known
    return layout_of(shard.path, options)


def _is_still(shard: Shard, layout: TextLayout) -> bool:
    if layout.decoded or not layout.header:
        return False
    with open_arrow(shard.path) as file:
        size = int(file.size())
    return size == shard.size and head_of(shard.path, layout.begin).endswith(layout.header)


@dataclass
class _Reading:
    sample: Sample
    dialect: Dialect
    stands_for: str | None
    decoded: bool
    offset: int
    skipped: int

    @property
    def rank(self) -> tuple[int, int]:
        usual = self.sample.usual
        return (self.sample.agreeing if usual > 1 else 0, usual)


class _Heads:
    """The first bytes of a file, as they are and decoded.

    Args:
        head: The bytes.
        encoding: Their encoding.
        whole: Whether the file has no more.
        options: How the file is written.
    """

    def __init__(self, head: bytes, encoding: Encoding, whole: bool, options: InputOptions) -> None:
        self._options = options
        self._encoding = encoding
        self._whole = whole
        self._plain = head
        self.text = decoder(encoding.name).decode(head[encoding.mark :], whole).removeprefix("\ufeff")

    def delimiters(self) -> list[str]:
        """What may be the delimiter: as is said, in the policy or in a line ``sep=;`` before all others."""
        if self._options.delimiter != "auto":
            return [self._options.delimiter]
        said = self._says_delimiter()
        if said is not None:
            return [(said[1] or said[2]).decode()]
        doubled = self.text.count("||") * 2 == self.text.count("|") > 0
        likely = [*_DELIMITERS[:-1], "||"] if doubled else list(_DELIMITERS)
        # One that is nowhere divides nothing: the first stands for all of those.
        return [likely[0], *(mark for mark in likely[1:] if mark in self.text)]

    def _says_delimiter(self) -> re.Match[bytes] | None:
        return _SAYS_DELIMITER.match(encoded(self.text[:16]))

    def reading(self, delimiter: str) -> _Reading:
        """The first rows, told apart by a delimiter."""
        options = self._options
        plain = len(delimiter) == 1 and delimiter.isascii()
        byte = ord(delimiter) if plain else ord(STAND_IN)
        quote = None if options.quote == "none" else ord(options.quote)
        marks = [
            mark for mark in (byte, quote, ord("\\") if options.escape == "backslash" else None) if mark is not None
        ]
        decoded = not plain or not self._encoding.keeps(*marks)
        data = self._plain[self._encoding.mark :]
        if decoded:
            data = encoded(self.text if plain else translated(self.text, delimiter))
        dialect = Dialect(byte, quote, options.escape == "backslash")
        skipped = _after_lines(data, self._lines_before())
        rest = data[skipped : skipped + _SAMPLE]
        scan = Scan(rest, dialect, 0, self._whole and skipped + _SAMPLE >= len(data))
        if not len(scan.rows.starts):
            scan = Scan(data[skipped:], dialect, 0, self._whole)
        offset = skipped + (0 if decoded else self._encoding.mark)
        sample = Sample(scan, "utf-8" if decoded else self._encoding.name)
        return _Reading(sample, dialect, None if plain else delimiter, decoded, offset, lines_in(data[:skipped]))

    def _lines_before(self) -> int:
        if self._options.skip is not None:
            return self._options.skip
        return 1 if self._says_delimiter() is not None else 0


def _header(sample: Sample, options: InputOptions, path: str) -> Header:
    if options.header is None:
        return find_header(sample, path, options.skip is not None)
    names = list(options.header)
    first = sample.texts(0) == names
    extra = sample.usual - len(names)
    rows = [row for row in range(sample.count) if sample.counts[row] == sample.usual]
    trailing = 0 < extra <= 3 and all(not any(sample.texts(row)[len(names) :]) for row in rows)
    begin = int(sample.scan.rows.stops[0]) if first else 0
    return Header(
        names, sample.usual if trailing else len(names), begin, sample.scan.line(0) if first else b"", 0, int(first)
    )


def _after_lines(data: bytes, count: int) -> int:
    """Offset behind so many lines, whatever they end with."""
    place = 0
    for _ in range(count):
        found = re.compile(rb"\r\n|\r|\n").search(data, place)
        if found is None:
            return len(data)
        place = found.end()
    return place


def _no_header(heads: _Heads, path: str) -> InputError:
    if max(map(len, re.split(r"[,;\t|\r\n]", heads.text))) > LONGEST_NAME:
        return endless_name(path)
    if len(heads.text) < LONGEST_HEADER // 2:
        return EmptyFile(
            "the file is empty, it has not even a header", path, "Leave it out, and check input.skip and input.quote"
        )
    return InputError(
        f"the header does not end within {mebibytes(LONGEST_HEADER)}",
        path,
        "Let the first line name the columns, and check input.delimiter",
    )
