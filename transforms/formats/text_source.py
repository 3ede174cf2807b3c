"""Text files as bytes: opened from a place on, and the encoding that they are in."""

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.compression import open_plain
from beam_deid.transforms.formats.encoding import Encoding, agrees, canonical, marked_as
from beam_deid.transforms.formats.encoding_scores import utf16_of, verdict
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.paths import is_local, shown

_HEAD = 1 << 20
_UNSEEKABLE_HEAD = 4 << 20
_PLACES = 16
_PIECE = 64 << 10
_EVIDENCE = 16 << 10
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_BUFFER = 8 << 20


class Range:
    """A part of a file, read as if it were all.

    Args:
        stream: The file, at the part's beginning.
        length: Bytes of the part.
    """

    def __init__(self, stream: Any, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        data = bytes(self._stream.read(min(size, self._left)))
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def open_from(path: str, start: int = 0, end: int | None = None) -> Any:
    """A file, or a part of one that is not compressed, for reading.

    Args:
        path: The file.
        start: Offset of the first byte, after decompression.
        end: Offset behind the last byte; None for the end of the file.

    Raises:
        InputError: It is gone or may not be read.
    """
    if end is None:
        stream = open_plain(path)
        left = start
        while left > 0 and (passed := stream.read(min(left, _PIECE))):
            left -= len(passed)
        return stream
    file = open_arrow(path)
    file.seek(start)
    return Range(file if is_local(path) else pa.BufferedInputStream(file, _BUFFER), end - start)


def read_from(stream: Any, size: int, path: str) -> bytes:
    """``size`` bytes of a stream, fewer only at its end.

    Raises:
        InputError: It is truncated or damaged.
    """
    try:
        return bytes(stream.read(size))
    except OSError:
        raise InputError("the file is truncated or damaged", shown(path), "Fetch it again or leave it out") from None


def length_of(path: str) -> int | None:
    """Bytes of a file in which any place can be read; None of a compressed one."""
    stream = open_plain(path)
    try:
        if not isinstance(stream, pa.NativeFile):
            return None
    finally:
        stream.close()
    with open_arrow(path) as file:
        return int(file.size())


def head_of(path: str, size: int) -> bytes:
    """The first bytes of a file, unpacked.

    Raises:
        InputError: It is gone, truncated or damaged.
    """
    stream = open_plain(path)
    try:
        return read_from(stream, size, path)
    finally:
        stream.close()


def encoding_of(path: str, asked: str, otherwise: str | None = None) -> Encoding:
    """The encoding of a file: as asked, by its byte order mark, or by what bytes from all over it would say.

    Args:
        path: The file.
        asked: A name, or ``auto``.
        otherwise: The encoding where none can be told for sure; None where that is an error.

    Raises:
        InputError: It cannot be read, its mark says another encoding than is asked, or none can be told for sure.
    """
    head = head_of(path, _HEAD)
    marked = marked_as(head)
    if asked != "auto":
        return _as_asked(canonical(asked), marked, path)
    if marked is not None:
        return Encoding(*marked, found=True)
    if (wide := utf16_of(head)) is not None:
        return Encoding(wide, found=True)
    evidence = _evidence(path, head)
    if not evidence:
        return Encoding("utf-8", found=True, assumed=True)
    found = verdict(evidence)
    if found.encoding is None and otherwise is not None:
        return Encoding(otherwise, found=True)
    if found.encoding is None:
        raise _unsure(found.likely, head, path)
    return Encoding(found.encoding, found=True)


def _unsure(likely: Sequence[str], head: bytes, path: str) -> InputError:
    """The error for a file of which several encodings may be right; it says where two of them differ, and no value."""
    what = f"it may be {' or '.join(likely)}" if likely else "it is none that is known by its bytes"
    next_step = "Set input.encoding in the policy"
    place = _first_difference(head, *likely[:2]) if len(likely) > 1 else None
    if place is not None:
        line, character = place
        what = f"{what}; the first two differ at line {line}, character {character}"
        next_step = f"{next_step}, to the one in which that line reads rightly"
    return InputError(f"the encoding of the file cannot be told for sure, {what}", shown(path), next_step)


def _first_difference(head: bytes, one: str, other: str) -> tuple[int, int] | None:
    """Line and character, both from 1, at which two encodings first read something else; None where they read alike.

    Args:
        head: The first bytes of a file, in encodings that keep ASCII.
        one: An encoding; characters are counted in it.
        other: Another one.
    """
    for number, line in enumerate(head.splitlines(), 1):
        if not line.isascii():
            pairs = zip_longest(line.decode(one, "replace"), line.decode(other, "replace"))
            differing = next((place for place, (first, second) in enumerate(pairs, 1) if first != second), None)
            if differing is not None:
                return number, differing
    return None


def _as_asked(asked: str, marked: tuple[str, int] | None, path: str) -> Encoding:
    if marked is None:
        return Encoding(asked)
    name, length = marked
    if not agrees(asked, name):
        raise InputError(
            f"the file begins with the byte order mark of {name}, and input.encoding says {asked}",
            shown(path),
            "Leave input.encoding out, or say what the mark says",
        )
    return Encoding(name, length)


def _evidence(path: str, head: bytes) -> bytes:
    """Lines that are not all ASCII, from all over the file where any place of it can be read."""
    pieces = [head] if len(head) < _HEAD else [head[: head.rfind(b"\n") + 1] or head, *_later(path)]
    return b"\n".join(line for piece in pieces for line in _high_lines(piece))


def _high_lines(piece: bytes) -> list[bytes]:
    """The first lines that are not all ASCII."""
    found: list[bytes] = []
    size = 0
    if piece.isascii():
        return found
    for line in _HIGH_LINE.finditer(piece):
        if found and size + line.end() - line.start() > _EVIDENCE:
            break
        found.append(line[0][:_EVIDENCE])
        size += len(line[0])
    return found


def _later(path: str) -> list[bytes]:
    """Whole lines from places behind the head."""
    length = length_of(path)
    if length is None:
        return [_lines(head_of(path, _UNSEEKABLE_HEAD)[_HEAD:])]
    found = []
    with open_arrow(path) as file:
        step = max((length - _HEAD - _PIECE) // _PLACES, _PIECE)
        for start in [*range(_HEAD, length - _PIECE, step), max(length - _PIECE, _HEAD)]:
            file.seek(start)
            found.append(_lines(bytes(file.read(_PIECE))))
    return found


def _lines(piece: bytes) -> bytes:
    """The whole lines of a piece of text."""
    return piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1]
