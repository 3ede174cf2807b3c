"""Identities: which values name one person, and one spelling for each of them, so that a person is counted once.

Where two spellings may mean one person they become one: two persons taken for one make classes look smaller, never larger.
"""

from string import ascii_uppercase

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.code_points import CodePoints
from beam_deid.transforms.columns.distinct import per_distinct, per_value, plain
from beam_deid.transforms.columns.normal_text import normal_text
from beam_deid.transforms.columns.read_as import to_kind
from beam_deid.transforms.columns.words import words
from beam_deid.transforms.recognisers import BY_NAME
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.meaning import CIPHERTEXTS, MASKED
from beam_deid.transforms.recognisers.respelled import NUMERALS, digits_read, numerals_read
from beam_deid.transforms.recognisers.screen import Screen, Sign, buffers_of
from beam_deid.transforms.recognisers.steady import steady

IDENTIFYING: frozenset[Kind] = frozenset(kind for kind in KINDS if kind.identifies)
"""Kinds whose values name a person, or may hold what does, whatever the role of their field."""

_HIDDEN = r"[*●○■□█•]|\A[0-9 +-]*[xX×]{3,}[0-9 -]*\z|\A[?？]+\z|\.{3,}|…"
_NOTHING = ("null", "none", "nan", "n/a", "na", "-", "--", "nil", "unknown", "无", "暂无", "没有", "未知", "空")
"""What exports and people write where there is nothing."""
_BETWEEN = r"[-‐‑‒–—−.·•_/\\()\[\]{}<>,:转#]"
_IN_DIGITS = r"\A[+(]*[a-z]{0,4}[-0-9‐‑‒–—−.·_/\\()\[\]{}<>,转]{7,}[a-z]?\z"
_LONGEST_NOTHING = max(len(word.encode()) for word in _NOTHING)
_MAIL = r"\A.*?([a-z0-9][a-z0-9._%-]*)(?:\+[a-z0-9._%+-]*)?(@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}).*\z"
_MOBILE = r"\A(?:.*[^0-9a-z])?(?:\+?(?:0*86|0+))*(1[3-9][0-9]{9})(?:[^0-9a-z].*)?\z"
_EXTENDED = r"1[3-9][0-9]{9}[^0-9]{1,4}[0-9]{3,4}\s*\z"
"""A number with an extension behind it, which stands for another person."""
_NUMERAL = "".join(NUMERALS)
_EXACT = float(2**63)
_HIDING = tuple(BY_NAME[name] for name in (*MASKED, *CIPHERTEXTS, "platform_index"))
_SHORTEST_HIDDEN = min(
    max(one.needs.values(), default=0) for one in _HIDING if not one.needs.keys() & {Sign.STAR, Sign.MARK, Sign.AT}
)
"""The fewest bytes of what hides an identity without a sign that steady texts lack."""


def names_one_person(kind: Kind | None) -> bool:
    """Whether equal values of a kind mean one person, more or less; names, addresses and firms belong to many."""
    return kind is None or not kind.shared


def identity_text(column: pa.Array, kind: Kind | None) -> pa.Array:
    """Identities in one spelling, a plain ``string`` array (n,).

    Case, width, invisible characters, white space, traditional characters, and a spreadsheet's marks for text do not matter; nor
    do decimals that are zero, separators in numbers, the country's code before a mobile, and whether its digits are Chinese.
    Null where there is no identity: null, empty or a word for nothing, what came masked, and a platform's ciphertext or index.

    Args:
        column: Of any scalar type, plain or dictionary-encoded, shape (n,).
        kind: What it holds, if declared.
    """
    return per_value(column, lambda values: _spelt(_as_text(values), kind))


def _as_text(values: pa.Array) -> pa.Array:
    """Values (n,) as text; whole numbers without a point."""
    if pa.types.is_floating(values.type):
        return _floats(values.cast(pa.float64()))
    texts, _ = to_kind(plain(values), TEXT)
    return texts


def _floats(values: pa.Array) -> pa.Array:
    there = pc.if_else(pc.is_nan(values), None, values)
    whole = pc.and_(pc.equal(pc.floor(there), there), pc.less(pc.abs(there), _EXACT)).fill_null(False)
    digits = pc.if_else(whole, there, None).cast(pa.int64(), safe=False).cast(pa.string())
    return pc.coalesce(digits, there.cast(pa.string()))


def _trimmed(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, r"\A(\s*[-+]?[0-9][0-9,]*)\.0+(\s*)\z", r"\1")


def _spelt(texts: pa.Array, kind: Kind | None) -> pa.Array:
    """Texts (n,) in one spelling: the very array if nothing is to be changed. Each distinct value is respelt once."""
    given = texts.fill_null("") if texts.null_count else texts
    rest = pa.array(~_is_spelt(given, kind))
    lower = _lower(given)
    if kind is not None and kind.respelled is not None:
        lower = kind.respelled(lower)
    if not pc.any(rest).as_py():
        return lower
    respelt = per_distinct(given.filter(rest), lambda values: respelt_by_rule(values, kind))
    return pc.replace_with_mask(lower, rest, respelt)


def _lower(texts: pa.Array) -> pa.Array:
    data, _ = buffers_of(texts)
    capitals = (data - np.uint8(ord("A"))) < len(ascii_uppercase)
    return pc.ascii_lower(texts) if capitals.any() else texts


def _is_spelt(texts: pa.Array, kind: Kind | None) -> Bools:
    """Which texts (n,), none null, need nothing but small letters, and what their kind does with all texts."""
    found = steady(texts, kind is not None and kind.grouped)
    sizes = np.diff(buffers_of(texts)[1])
    short = np.flatnonzero(found & (sizes <= _LONGEST_NOTHING))
    if len(short):
        found[short] &= ~_mask(pc.is_in(pc.ascii_lower(texts.take(pa.array(short))), value_set=words(*_NOTHING)))
    long = np.flatnonzero(found & (sizes >= _SHORTEST_HIDDEN))
    if len(long):
        found[long] &= ~_hidden(texts.take(pa.array(long)))
    return found


def respelt_by_rule(given: pa.Array, kind: Kind | None) -> pa.Array:
    """Respell texts (n,), none null, by every rule there is; null where there is no identity."""
    given = _trimmed(given)
    given = pc.replace_substring_regex(given, r"\A\s*(?:=\"([^\"]*)\"|'(.*))\s*\z", r"\1\2")
    none = _hidden(given)
    texts = pc.if_else(pa.array(none), None, given).fill_null("")
    texts = _alone(digits_read(CodePoints.of(normal_text(texts))).column())
    texts = _trimmed(pc.replace_substring_regex(texts, r"[\s\x00-\x1f\x7f]+", ""))
    texts = pc.if_else(pc.is_in(texts, value_set=words(*_NOTHING)), "", texts)
    texts = _scientific(texts)
    texts = _numerals(texts)
    texts = _alone(_ungrouped(texts, kind))
    texts = _national(texts, kind)
    return pc.if_else(pc.equal(texts, ""), None, texts)


def _hidden(texts: pa.Array) -> Bools:
    """Which texts (n,) stand for something else: masked ones and a platform's."""
    screen = Screen.of(texts)
    hidden = pc.match_substring_regex(screen.texts, _HIDDEN).fill_null(False)
    for one in _HIDING:
        hidden = pc.or_(hidden, one.valid(screen))
    return _mask(hidden)


def _mask(found: pa.Array) -> Bools:
    return np.asarray(found.to_numpy(zero_copy_only=False))


def _scientific(texts: pa.Array) -> pa.Array:
    """1.3800138e+10, as spreadsheets write a mobile, as its digits."""
    found = pc.match_substring_regex(texts, r"\A[0-9](?:\.[0-9]+)?e\+?[0-9]{1,2}\z")
    if not pc.any(found, min_count=0).as_py():
        return texts
    return pc.replace_with_mask(texts, found, _floats(texts.filter(found).cast(pa.float64())))


def _numerals(texts: pa.Array) -> pa.Array:
    """Values that are digits and Chinese numerals, a mobile's length at least, as digits."""
    found = pc.match_substring_regex(texts, rf"\A\+?(?:[0-9{_NUMERAL}]{_BETWEEN}?){{11,}}\z")
    if not pc.any(found, min_count=0).as_py():
        return texts
    return pc.replace_with_mask(texts, found, numerals_read(CodePoints.of(texts.filter(found))).column())


def _ungrouped(texts: pa.Array, kind: Kind | None) -> pa.Array:
    """Without separators in what is written in groups; a number as a whole has none that matter either."""
    if kind is not None and kind.grouped:
        return pc.replace_substring_regex(texts, _BETWEEN, "")
    number = pc.match_substring_regex(texts, rf"{_IN_DIGITS}|\A[0-9,]+\z")
    if not pc.any(number, min_count=0).as_py():
        return texts
    return pc.replace_with_mask(texts, number, pc.replace_substring_regex(texts.filter(number), _BETWEEN, ""))


def _alone(texts: pa.Array) -> pa.Array:
    """A mail address or a mobile without what stands beside it: a name, a second one, a label of one's own."""
    mail = pc.match_substring_regex(texts, _MAIL)
    if pc.any(mail, min_count=0).as_py():
        texts = pc.replace_with_mask(texts, mail, pc.replace_substring_regex(texts.filter(mail), _MAIL, r"\1\2"))
    mobile = pc.and_not(pc.match_substring_regex(texts, _MOBILE), pc.match_substring_regex(texts, _EXTENDED))
    if pc.any(mobile, min_count=0).as_py():
        texts = pc.replace_with_mask(texts, mobile, pc.replace_substring_regex(texts.filter(mobile), _MOBILE, r"\1"))
    return texts


def _national(texts: pa.Array, kind: Kind | None) -> pa.Array:
    """Without what stands before a number that is called from abroad, or from another place."""
    texts = pc.replace_substring_regex(texts, r"\A(?:\+?(?:0*86|0+))*(1[3-9][0-9]{9}(?:[0-9]{3,4})?)\z", r"\1")
    return texts if kind is None or kind.respelled is None else kind.respelled(texts)
