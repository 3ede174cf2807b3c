"""How spreadsheets, and what writes for them, dress up texts, so that they stay as they are: one table, by which it is taken off.

A new escape is a row: of `EDGES` if it stands at the ends of a text, of `ESCAPES` if it stands around it or before it. Each says by
which bytes a text begins or ends that has it, so that a column without any is told by a look at its bytes.

An apostrophe is an escape before ``+ - = @``, before what is written like a number, a time or a code, and before a Chinese
character; in a column of identifiers before any letter. Elsewhere one before a letter may be part of a name, as of
's-Hertogenbosch or 'Abd al-Rahman, and stays; so does one that another one answers at the end.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools


class Edge(NamedTuple):
    """What is taken off both ends of a text, however often it stands there.

    Attributes:
        what: What it is.
        pattern: It, once, in RE2.
        samples: All texts that the pattern matches, by whose bytes it is looked for.
        is_space: Whether it is white space, which ``input.trim`` is about.
    """

    what: str
    pattern: str
    samples: tuple[str, ...]
    is_space: bool = False


class Escape(NamedTuple):
    """What stands around a text, or before it.

    Attributes:
        what: What it is.
        first: The character that it begins with.
        pattern: The whole text in RE2, whose group is what it stands for.
        quote: A quotation mark that is doubled inside; empty if none is.
        of_identifiers: Whether it is one in columns of identifiers alone.
    """

    what: str
    first: str
    pattern: str
    quote: str = ""
    of_identifiers: bool = False


def _characters(what: str, characters: str, is_space: bool = False) -> Edge:
    return Edge(what, f"[{characters}]", tuple(characters), is_space)


_SPACES = " \r\n\v\f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"

EDGES: tuple[Edge, ...] = (
    _characters("white space, full-width and without a break as well", _SPACES, is_space=True),
    _characters("tabs", "\t"),
    _characters("zero-width characters, direction marks and byte order marks", _INVISIBLE),
    Edge("a space in HTML", "&nbsp;", ("&nbsp;",)),
)
"""What is taken off the ends of texts."""

_CODE = r"[0-9A-Za-z_./:#,+@-]*[0-9][0-9A-Za-z_./:#,+@-]*"
_NUMBER = r"[0-9][0-9 .,:/()TZ+-]*"

ESCAPES: tuple[Escape, ...] = (
    Escape('="…"', "=", r'\A="((?:[^"]|"")*)"\z', '"'),
    Escape("='…'", "=", r"\A='((?:[^']|'')*)'\z", "'"),
    Escape('=T("…")', "=", r'\A=[Tt]\("((?:[^"]|"")*)"\)\z', '"'),
    Escape("an apostrophe before what may begin a formula", "'", r"(?s)\A'([-+=@].*)\z"),
    Escape(
        "an apostrophe before another, or before a full-width formula",
        "'",
        r"(?s)\A'(['＝＋－＠].*)\z",
    ),
    Escape("an apostrophe before a number, a time or a code", "'", rf"\A'({_NUMBER}|{_CODE})\z"),
    Escape("an apostrophe before a Chinese character", "'", r"\A'(\p{Han}[^']*)\z"),
    Escape("an apostrophe before a letter", "'", r"\A'(\p{L}[^']*)\z", of_identifiers=True),
    Escape("a backtick before a number or a code", "`", rf"\A`({_NUMBER}|{_CODE})\z"),
)
"""What is taken off from around texts, and from before them."""

_MOST_TIMES = 4
"""Escapes that stand around each other; what is dressed up more often than anyone does it stays as it is."""


class Dress(NamedTuple):
    """What is taken off the texts of a column.

    Attributes:
        escapes: Whether escapes are.
        trim: Whether white space at the ends is.
        identifiers: Whether the column holds identifiers.
    """

    escapes: bool = False
    trim: bool = False
    identifiers: bool = False


def unescaped(texts: pa.Array, dress: Dress) -> pa.Array:
    """Take escapes off texts. What is unescaped once more stays as it is.

    Args:
        texts: Valid UTF-8, plain or dictionary-encoded ``string``, shape (n,), with nulls or without.
        dress: What is taken off.

    Returns:
        The texts, shape (n,); the very array if nothing is to be taken off.
    """
    if isinstance(texts, pa.DictionaryArray):
        values = unescaped(texts.dictionary, dress)
        return texts if values is texts.dictionary else pa.DictionaryArray.from_arrays(texts.indices, values)
    edges = tuple(edge for edge in EDGES if (dress.trim if edge.is_space else dress.escapes))
    escapes = tuple(one for one in ESCAPES if dress.escapes and (dress.identifiers or not one.of_identifiers))
    rows = _dressed(texts, edges, escapes)
    if not rows.any():
        return texts
    mask = pa.array(rows)
    given = texts.filter(mask)
    settled = _settled(given, edges, escapes)
    return texts if settled.equals(given) else pc.replace_with_mask(texts, mask, settled)


def _settled(given: pa.Array, edges: tuple[Edge, ...], escapes: tuple[Escape, ...]) -> pa.Array:
    """Texts (n,) without escapes, and those that have more of them than `_MOST_TIMES` as they were given."""
    texts = given
    for _ in range(_MOST_TIMES):
        before = texts
        texts = _once(texts, edges, escapes)
        if texts.equals(before):
            return texts
    unsettled = pc.not_equal(_once(texts, edges, escapes), texts)
    return pc.if_else(unsettled, given, texts)


def _once(texts: pa.Array, edges: tuple[Edge, ...], escapes: tuple[Escape, ...]) -> pa.Array:
    if edges:
        any_edge = "|".join(edge.pattern for edge in edges)
        texts = pc.replace_substring_regex(texts, rf"\A(?:{any_edge})+|(?:{any_edge})+\z", "")
    for one in escapes:
        found = pc.match_substring_regex(texts, one.pattern).fill_null(False)
        if pc.any(found, min_count=0).as_py():
            inside = pc.replace_substring_regex(texts.filter(found), one.pattern, r"\1")
            if one.quote:
                inside = pc.replace_substring(inside, one.quote * 2, one.quote)
            texts = pc.replace_with_mask(texts, found, inside)
    return texts


def _dressed(texts: pa.Array, edges: tuple[Edge, ...], escapes: tuple[Escape, ...]) -> Bools:
    """Which texts (n,) begin or end with a byte by which some escape does."""
    found = np.zeros(len(texts), bool)
    if len(texts) == 0 or texts.buffers()[2] is None:
        return found
    first, last = _table(), _table()
    for sample in (sample for edge in edges for sample in edge.samples):
        first[sample.encode()[0]] = last[sample.encode()[-1]] = True
    for one in escapes:
        first[ord(one.first)] = True
    ends = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    there = np.flatnonzero(ends[1:] > ends[:-1])
    found[there] = first[data[ends[there]]] | last[data[ends[there + 1] - 1]]
    if texts.null_count:
        found &= texts.is_valid().to_numpy(zero_copy_only=False)
    return found


def _table() -> npt.NDArray[np.bool_]:
    return np.zeros(256, bool)
