"""Which encoding bytes are of: how far what they would say looks like text that people write.

Chinese, Japanese and Taiwanese standards put the characters in use before the rare ones, so the share of characters from the
first part shows the right reading: GB 2312 has its 3,755 common characters at B0A1-D7F9, Big5 its 5,401 at A440-C67E, JIS X 0208
its 2,965 at 889F-9872 of Shift-JIS. In Western text a letter with an accent stands alone between ASCII letters.
"""

import re
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.formats.encoding import is_utf8
from beam_deid.transforms.formats.encoding_rivals import rivals

Codes = npt.NDArray[np.int64]

CANDIDATES = ("utf-8", "gb18030", "big5", "cp932", "cp1252")
"""What is told apart without a mark, beside UTF-16."""

_SURE = 0.8
_AHEAD = 0.2
_FEW = 4
_AHEAD_OF_FEW = 0.6
_BROKEN = 0.005
_TIMES_BROKEN = 8
_RARE = 0.7
_BESIDE_LETTER = 0.5
_BESIDE = re.compile(r"[A-Za-z](?=[^\x00-\x7f])|(?<=[^\x00-\x7f])[A-Za-z]")
_KANA = 0.05
_LOW_SECOND = 0.1
_DOUBTFUL = 0.5
_LETTERS = frozenset("äöüßÄÖÜéèêëàâçîïôûùœÉÈÊÀÂÇÎÔÛñáíóúÁÍÓÚÑåÅæÆøØãõÃÕìò")
_SIGNS = frozenset("£€°®©™–—‘’“”„…·²³½¼¾«»§´ªº¿¡•×\xa0")
_HIGH = re.compile(r"[^\x00-\x7f]+")
_ASCII = re.compile(rb"[\x00-\x7f]+")
_UTF16_SHARE = 0.1
_OTHER_SHARE = 0.01


class Verdict(NamedTuple):
    """What was found.

    Attributes:
        encoding: The encoding, or None if it cannot be told.
        likely: The candidates that may be right, the likeliest first.
    """

    encoding: str | None
    likely: tuple[str, ...]


def verdict(sample: bytes) -> Verdict:
    """Tell the encoding of bytes that are not all ASCII.

    Args:
        sample: Whole lines.
    """
    if is_utf8(sample):
        doubtful = _score(sample, "gb18030") >= _SURE and not _is_text(sample.decode())
        return Verdict(None, ("utf-8", "gb18030")) if doubtful else Verdict("utf-8", ("utf-8",))
    scores = {name: score for name in CANDIDATES if (score := _score(sample, name)) > 0}
    if scores.get("utf-8"):
        return Verdict("utf-8", ("utf-8",))
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked:
        return Verdict(None, ())
    best = ranked[0]
    rival = scores[ranked[1]] if len(ranked) > 1 else 0.0
    few = len(_ASCII.sub(b"", sample)) < 2 * _FEW
    sure = scores[best] >= _SURE and scores[best] - rival >= (_AHEAD_OF_FEW if few else _AHEAD)
    like = rivals(best, sample)
    return Verdict(best if sure and like == [] else None, tuple(dict.fromkeys([*ranked, *(like or [])])))


def utf16_of(head: bytes) -> str | None:
    """UTF-16 without a mark, told by its zeros: every other byte of its ASCII characters is one."""
    array = np.frombuffer(head[: len(head) // 2 * 2], np.uint8).reshape(-1, 2)
    if not len(array):
        return None
    zero = array == 0
    is_end = (array == ord("\n")) | (array == ord("\r"))
    first, second = zero.mean(axis=0).tolist()
    if second > _UTF16_SHARE and first < _OTHER_SHARE and (is_end[:, 0] & zero[:, 1]).any():
        return "utf-16-le"
    if first > _UTF16_SHARE and second < _OTHER_SHARE and (is_end[:, 1] & zero[:, 0]).any():
        return "utf-16-be"
    return None


def _is_text(text: str) -> bool:
    """Whether UTF-8 reads like text, and not like the few words of Chinese that are UTF-8 by chance: ``女装`` would be ``Ůװ``."""
    if max(text) >= "\u0800" or _western(text) >= 0.5:
        return True
    runs = _HIGH.findall(text)
    return all(ord(min(run)) >> 7 == ord(max(run)) >> 7 for run in runs) and max(map(len, runs)) > 2


def _score(sample: bytes, name: str) -> float:
    """From 0 to 1: the share of characters outside ASCII that look right; 0 where too many bytes are broken."""
    text = sample.decode(name, "replace")
    runs = _HIGH.findall(text)
    high = "".join(runs)
    broken = high.count("\ufffd")
    if name == "utf-8":
        # Other encodings have hardly a character that is UTF-8, so that much of it is damaged UTF-8.
        return float(len(high) - broken > _TIMES_BROKEN * broken)
    if not high or broken > _BROKEN * len(high):
        return 0.0
    if name == "cp1252":
        return _western(text)
    codes = _codes(high.replace("\ufffd", ""), name)
    right = float(_COMMON[name](codes).sum()) - _BESIDE_LETTER * len(_BESIDE.findall(text))
    return max(right, 0.0) / len(codes) * _PLAUSIBLE[name](np.unique(codes))


def _codes(text: str, name: str) -> Codes:
    """The number that each character has in an encoding of one or two bytes; 0 for those of four."""
    pieces = [one.encode(name, "replace") for one in text]
    return np.array([int.from_bytes(piece, "big") if len(piece) < 4 else 0 for piece in pieces], dtype=np.int64)


def _between(codes: Codes, first: int, last: int) -> npt.NDArray[np.bool_]:
    return (codes >= first) & (codes <= last)


def _chinese(codes: Codes) -> npt.NDArray[np.float64]:
    standard = (codes & 0xFF) >= 0xA1  # what GBK added has smaller second bytes as well
    common = _between(codes, 0xB0A1, 0xD7F9) | _between(codes, 0xA1A1, 0xA3FE)
    rare = _between(codes, 0xD8A1, 0xF7FE)
    return (common & standard) + _RARE * (rare & standard)


def _taiwanese(codes: Codes) -> npt.NDArray[np.float64]:
    return (_between(codes, 0xA440, 0xC67E) | _between(codes, 0xA140, 0xA3BF)).astype(np.float64)


def _japanese(codes: Codes) -> npt.NDArray[np.float64]:
    common = _between(codes, 0x8140, 0x81AC) | _between(codes, 0x824F, 0x8396) | _between(codes, 0x889F, 0x9872)
    # Half-width kana are every second byte of Chinese, and hardly ever stand alone in Japanese.
    return common + 0.3 * _between(codes, 0xA1, 0xDF)


def _like_chinese(distinct: Codes) -> float:
    """Kana are in hardly any Chinese."""
    return _DOUBTFUL if _between(distinct, 0xA4A1, 0xA5F6).sum() > _KANA * len(distinct) else 1.0


def _like_taiwanese(distinct: Codes) -> float:
    """Four in ten characters of Big5 have a second byte that none has in EUC."""
    return _DOUBTFUL if ((distinct & 0xFF) < 0xA1).mean() < _LOW_SECOND else 1.0


def _like_japanese(distinct: Codes) -> float:
    return 1.0


_COMMON = {"gb18030": _chinese, "big5": _taiwanese, "cp932": _japanese}
_PLAUSIBLE = {"gb18030": _like_chinese, "big5": _like_taiwanese, "cp932": _like_japanese}


def _western(text: str) -> float:
    right = 0.0
    count = 0
    for run in _HIGH.finditer(text):
        before = text[run.start() - 1 : run.start()]
        after = text[run.end() : run.end() + 1]
        count += run.end() - run.start()
        right += _western_run(run[0], before.isalpha(), after.isalpha())
    return right / count


def _western_run(run: str, letter_before: bool, letter_after: bool) -> float:
    """How many characters of a run outside ASCII look right: one or two letters in a word, or signs between words."""
    letters = sum(one in _LETTERS for one in run)
    signs = sum(one in _SIGNS for one in run)
    if letters == len(run) == 1:
        return 1.0
    if letters == len(run) == 2:
        return 2.0 if letter_after and (letter_before or run[0].isupper()) else 0.5
    if signs == len(run) <= 2:
        return 0.0 if letter_before and letter_after and run not in ("’", "·", "´", "–") else float(len(run))
    return letters + signs if len(run) <= 2 and letters else 0.0


def turned(name: str, data: bytes) -> int | None:
    """Where bytes that were read in this encoding are UTF-8: four Chinese characters, or accents after an Ã; None if nowhere."""
    if name == "utf-8" or data.isascii():
        return None
    found = (_TURNED_WIDE if name in _COMMON else _TURNED_NARROW).search(data)
    return found.start() if found else None


_TURNED_WIDE = re.compile(rb"(?:[\xe4-\xe9][\x80-\xbf]{2}){4}")
_TURNED_NARROW = re.compile(rb"\xc3[\xa0-\xbf]|(?:[\xe4-\xe9][\x80-\xbf]{2}){2}")
