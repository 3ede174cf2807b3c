"""Lines of JSON whose bare numbers and booleans are put into quotes, so that no reader takes them for numbers and loses digits."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.formats.text_bits import Bytes, Flags, Places, at, bits_of, flags_of, line_pieces, odd_until
from beam_deid.transforms.storage.limits import MOST_COLUMNS

_QUOTE, _BACKSLASH, _NEWLINE, _COLON = (ord(character) for character in '"\\\n:')
_IN_BARE = np.zeros(256, bool)
_IN_BARE[np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-._", np.uint8)] = True
_AFTER_BARE = np.zeros(256, bool)
_AFTER_BARE[np.frombuffer(b",}]", np.uint8)] = True
_NULL = np.frombuffer(b"null", np.uint8)
_BARE = r"^(?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|NaN|-?Infinity)$"


class Unplain(Exception):
    """These lines are for the reader that goes row by row."""


class Quoted(NamedTuple):
    """Lines in which every value but null is in quotes.

    Attributes:
        text: The lines, each with its line feed.
        lines: How many they are.
    """

    text: bytes
    lines: int


def quoted(block: bytes) -> Quoted:
    """Put every bare number and boolean of whole lines into quotes.

    Args:
        block: The lines, the last one with its line feed or without.

    Raises:
        Unplain: A line is no object from its first byte to its last, a token is none of JSON, or keys are too many.
    """
    if not block.endswith(b"\n"):
        block += b"\n"
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    array = np.frombuffer(block, np.uint8)
    escapes = b"\\" in block
    made = []
    lines = 0
    for start, stop in line_pieces(block, len(block)):
        piece = array[start:stop]
        inside, ends = _looked_at(piece, escapes)
        made.append(_with_quotes(piece, inside).data)
        lines += len(ends)
    changed = sum(map(len, made)) > len(block)
    return Quoted(b"".join(made) if changed else block, lines)


def _looked_at(text: Bytes, escapes: bool) -> tuple[Flags, Places]:
    """What of some lines is in quotes (opening quotes are, closing ones not), and where the lines end.

    Args:
        text: The lines.
        escapes: Whether a backslash may be among them.
    """
    quotes = text == _QUOTE
    if escapes:
        quotes[_escaped(np.flatnonzero(text == _BACKSLASH))] = False
    bits = odd_until(bits_of(quotes))
    ends = np.flatnonzero(text == _NEWLINE)
    starts = np.concatenate([[0], ends[:-1] + 1])
    if at(bits, ends).any() or (text[starts] != ord("{")).any() or (text[ends - 1] != ord("}")).any():
        raise Unplain
    inside = flags_of(bits, len(text))
    if (ends - starts).max() > MOST_COLUMNS:  # only a line of so many bytes can have more keys
        keys = np.searchsorted(np.flatnonzero((text == _COLON) & ~inside), ends)  # up to the end of each line
        if np.diff(keys, prepend=0).max() > MOST_COLUMNS:
            raise Unplain
    return inside, ends


def _with_quotes(text: Bytes, inside: Flags) -> Bytes:
    outside = np.flatnonzero(~inside)
    places = outside[_IN_BARE[text[outside]]]
    if not len(places):
        return text
    begins = np.ones(len(places), dtype=bool)
    begins[1:] = np.diff(places) != 1
    first = places[begins]
    lengths = np.diff(np.flatnonzero(begins), append=len(places))
    after = first + lengths  # it is there: a line ends with } and a line feed
    if not _AFTER_BARE[text[after]].all():
        raise Unplain
    null = _are_null(text, first, lengths)
    if null.all():
        return text
    _check(text[places[np.repeat(~null, lengths)]], lengths[~null])
    return np.insert(text, np.concatenate([first[~null], after[~null]]), _QUOTE)


def _are_null(text: Bytes, first: Places, lengths: Places) -> Flags:
    """Which tokens are null, by where they begin and how long they are."""
    found: Flags = lengths == len(_NULL)
    found[found] = (text[first[found, None] + np.arange(len(_NULL))] == _NULL).all(axis=1)
    return found


def _check(tokens: Bytes, lengths: Places) -> None:
    """See that tokens, one behind another, are numbers and booleans.

    Raises:
        Unplain: One is not.
    """
    ends = np.cumsum(lengths, dtype=np.int32)
    bounds = np.concatenate([np.zeros(1, dtype=np.int32), ends])
    texts = pa.StringArray.from_buffers(len(ends), pa.py_buffer(bounds), pa.py_buffer(tokens))
    if not pc.all(pc.match_substring_regex(pc.unique(texts), _BARE)).as_py():
        raise Unplain


def _escaped(backslashes: Places) -> Places:
    """The places that a backslash escapes: after each run of an odd number of them."""
    last = np.flatnonzero(np.diff(backslashes, append=-2) != 1)
    runs = np.diff(last, prepend=-1)
    places: Places = backslashes[last[runs % 2 == 1]] + 1
    return places
