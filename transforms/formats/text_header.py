"""The line of delimited text that names the columns: found by the agreement of rows, and refused where that is not safe."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.encoding import MARK, as_utf8
from beam_deid.transforms.formats.header_looks import is_data
from beam_deid.transforms.formats.header_names import column_names
from beam_deid.transforms.formats.text_scan import Scan
from beam_deid.transforms.storage.limits import check_columns

LONGEST_NAME = 128 << 10

_SAMPLE = 100
_PREAMBLE = 64
_AGREEING = 0.8
_FEWEST_AFTER_PREAMBLE = 3
_MOST_TRAILING = 3
_FEWEST_ROWS = 5
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Header(NamedTuple):
    """What the first lines of a file say.

    Attributes:
        names: The columns' names.
        width: Values of a whole row; those behind the names' are empty.
        begin: Offset at which rows begin.
        line: The line that names the columns, which is no row where it comes again; empty if none does.
        passed: How many lines that are not blank stand before it.
        above: How many lines stand above the first row, this one counted, blank ones as well.
    """

    names: list[str]
    width: int
    begin: int
    line: bytes
    passed: int
    above: int


class Sample:
    """The first rows of a file, read with one delimiter.

    Args:
        scan: The file's head.
        encoding: The encoding that the scanned bytes are in.
    """

    def __init__(self, scan: Scan, encoding: str) -> None:
        self.scan = scan
        self._encoding = encoding
        self._texts: dict[int, list[str]] = {}
        self.count = min(len(scan.rows.starts), _SAMPLE)
        self.counts = scan.counts[: self.count]
        several = self.counts[self.counts > 1]
        self.usual = Counter(several.tolist()).most_common(1)[0][0] if len(several) else 1
        self.agreeing = int((self.counts == self.usual).sum())

    def texts(self, row: int) -> list[str]:
        """The values of a row as text, without spaces around them."""
        if row not in self._texts:
            self._texts[row] = [bare(as_utf8(value, self._encoding).decode()) for value in self.scan.values(row)]
        return self._texts[row]

    def below(self, row: int) -> list[list[str]]:
        """The values of the rows that come after one."""
        return [self.texts(other) for other in range(row + 1, self.count)]


def bare(name: str) -> str:
    """A name without spaces around it, and without a spreadsheet's armour."""
    name = name.strip(" \t\r\n\ufeff\xa0")
    return name[2:-1] if name.startswith('="') and name.endswith('"') else name


def find_header(sample: Sample, path: str, known_place: bool) -> Header:
    """The header of a file.

    Args:
        sample: The first rows, behind the lines that are to be skipped.
        path: For messages.
        known_place: Whether the first line is said to be the header.

    Raises:
        InputError: There is none, or it cannot be told which line is it; no value is shown.
    """
    first = sample.texts(0)
    row = 0 if known_place else _header_row(sample, first, path)
    texts = sample.texts(row) if row else first
    if sample.scan.rows.broken[row] or MARK in "".join(texts):
        raise InputError("the header cannot be read", path, "Is a quote left open in it, or are bytes of it broken?")
    names, width = _without_trailing(sample, row, texts)
    _check_agreement(sample, row, width, path)
    check_columns(len(names), path)
    if max(map(len, names)) > LONGEST_NAME:
        raise endless_name(path)
    if is_data(texts, sample.below(row)):
        raise InputError(
            "the first line has values like those of rows where the columns' names should be",
            path,
            "If the file has no header, set input.header: [the columns' names]; if lines stand before it, input.skip",
        )
    rows = sample.scan.rows
    line = sample.scan.line(row)
    above = lines_in(sample.scan.data[: int(rows.starts[row])]) + 1
    return Header(column_names(names), width, int(rows.stops[row]), line, row, above)


def lines_in(data: bytes) -> int:
    """How many lines end in some text, whatever they end with."""
    return len(_LINE_END.findall(data))


def endless_name(path: str) -> InputError:
    """The error for a header that is none."""
    return InputError(
        "the header cannot be read, for a name in it is longer than 128 KiB",
        path,
        "Let the first line name the columns. Is a quote left open there? Check input.delimiter and input.quote",
    )


def _header_row(sample: Sample, first: list[str], path: str) -> int:
    """Which row is the header: the first, or where that has no names, the first with as many values as rows have."""
    usual = sample.usual
    if usual < 2 or (sample.counts[0] == usual and not _is_preamble(first, usual)):
        return 0
    there = np.flatnonzero(sample.counts == usual)
    row = next((one for one in there.tolist() if not _is_preamble(sample.texts(one), usual)), 0)
    if not row or (sample.counts[row:] == usual).mean() < _AGREEING or not _is_preamble(first, usual):
        return 0
    before = [sample.texts(one) for one in range(min(row, _PREAMBLE + 1))]
    names = sample.texts(row)
    safe = usual >= _FEWEST_AFTER_PREAMBLE and len(before) <= _PREAMBLE and len(sample.counts) > row + 1
    safe = safe and all(_is_preamble(one, usual) for one in before)
    names = names[: len(names) - _trailing(names)]
    if not safe or "" in names or len(set(names)) < len(names) or is_data(names, sample.below(row)):
        raise InputError(
            "it cannot be told which line names the columns, for the first lines have another number of values",
            path,
            "Set input.skip to how many lines stand before the header (0 for none)",
        )
    return row


def _is_preamble(texts: list[str], usual: int) -> bool:
    """Whether a line has so few values that it cannot name the columns."""
    return 2 * sum(text != "" for text in texts) <= usual and len(texts) - _trailing(texts) <= (usual + 1) // 2


def _trailing(texts: Sequence[str]) -> int:
    """How many values at the end are empty."""
    count = 0
    while count < len(texts) and texts[-1 - count] == "":
        count += 1
    return count


def _without_trailing(sample: Sample, row: int, texts: list[str]) -> tuple[list[str], int]:
    """The names, and the values of a row, where lines end with delimiters behind which nothing is."""
    rows = [one for one in range(row + 1, sample.count) if sample.counts[one] == sample.usual]
    if not rows or sample.usual < 2:
        return texts, len(texts)
    named = len(texts) - min(_trailing(texts), _MOST_TRAILING)
    extra = sample.usual - named
    if sample.usual > len(texts) and len(rows) < _AGREEING * (sample.count - row - 1):
        return texts, len(texts)
    if not 0 <= extra <= _MOST_TRAILING or not named:
        return texts, len(texts)
    empty = all(_trailing(sample.texts(one)) >= extra for one in rows) if extra else named < len(texts)
    return (texts[:named], sample.usual) if empty else (texts, len(texts))


def _check_agreement(sample: Sample, row: int, width: int, path: str) -> None:
    counts = sample.counts[row + 1 :]
    if len(counts) >= _FEWEST_ROWS and sample.usual != width and (counts == sample.usual).mean() >= _AGREEING:
        values = "1 value" if width == 1 else f"{width} values"
        raise InputError(
            f"the header has {values}, and rows have {sample.usual}",
            path,
            "Fix the header; or set input.skip to how many lines stand before it, or input.delimiter",
        )
