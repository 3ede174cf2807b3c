"""Encodings that are never told by bytes alone, and whose text may look like one that is: where they may be meant, nothing is told.

EUC of Korea and Japan fill other parts of the same double bytes as Chinese does: each character says how much likelier it is in
Chinese (`_Odds`). Encodings of one byte have words whose letters stand in order: capitals first, Thai vowels by their consonants.
Central European words, read as Western, have letters that no Western word needs.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int64]

_FEWEST = 4
_SURE = 2.0
_PLAUSIBLE = 0.9
_UNLIKE = 0.15
_HIGH = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][@-~\x80-\xff]*")
_WORD = re.compile(r"[^\W_]*[^\x00-\x7f][^\W_]*")


class _Odds(NamedTuple):
    """How characters of double bytes tell Chinese from a rival.

    Attributes:
        inside: Which codes the rival has in use.
        chinese: Share of Chinese characters in use that are outside.
        rival: Share of the rival's characters that are.
    """

    inside: Callable[[Codes], npt.NDArray[np.bool_]]
    chinese: float
    rival: float

    def of(self, codes: Codes) -> float:
        """Logarithm of how much likelier the characters are in Chinese."""
        outside = int((~self.inside(codes)).sum())
        for_chinese = outside * np.log(self.chinese / self.rival)
        against = (len(codes) - outside) * np.log((1 - self.rival) / (1 - self.chinese))
        return float(for_chinese - against)


_LIKE_CHINESE = {
    "euc_kr": _Odds(lambda codes: codes < 0xC9A1, 0.4, 0.03),
    "euc_jp": _Odds(lambda codes: codes < 0xD0A1, 0.22, 0.03),
}

_ONE_BYTE = {
    "cp932": re.compile(rb"(?:[\xb3\xb6-\xc4\xca-\xce][\xde\xdf]|[\xa6-\xdd])+"),
    "koi8_r": re.compile(rb"[\xe0-\xff]?[\xc0-\xdf\xa3]+|[\xe0-\xff\xb3]+"),
    "cp1251": re.compile(rb"[\xc0-\xdf\xa8]?[\xe0-\xff\xb8]+|[\xc0-\xdf\xa8]+"),
    "tis_620": re.compile(rb"(?:[\xe0-\xe4]?[\xa1-\xce][\xd1\xd4-\xda]?[\xe7-\xee]?[\xd0\xd2\xd3\xe5]*)+"),
    "cp1256": re.compile(rb"[\xc0-\xd6\xd8-\xdf\xe1\xe3-\xe6\xec\xed\x81\x8d\x8e\x90]+"),
}
"""What words of these encodings are made of; of cp932, those of half-width kana."""

_CENTRAL = tuple(
    frozenset(letters + letters.upper())
    for letters in ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž")
)
"""Polish, Czech, Slovak, Hungarian, Romanian, Croatian."""
_NEVER_CENTRAL = re.compile(
    r"ń[aeiouóáéíú]|ă[oe]|ę[aeiouéô]|ł[0-9]|[0-9]ł"
    # As French is read: Lefèvre, Hélène, Frêne, août, cœur.
    r"|[b-df-hj-np-tv-ziu]č(?:[rvslgmd]|[vbt]r|ch|gn|qu)e|élčne|ę[rmnqv]|[aeiou]ű|ś[aeiouyóąę]"
    # As Danish is read: Sørensen, Møller, Kjær.
    r"|řr|řll|ř[gj]|[b-df-hj-np-tv-z]ć[rlsdgtv]"
    # As à and å are read: città, gård, Åsa; where they are letters, in Slovak, consonants stand on both sides, and few after ĺ.
    r"|^[ŕĺ]|[ŕĺ]$|[ŕĺ][aeiouyáéíóúýäô]|[aeiouyáéíóúýäô][ŕĺ]|ĺ[rlg]|ĺn."
)
"""What stands in no Central European word in small letters: such sounds are not put side by side there, or written otherwise."""
_ASCII = re.compile(r"[0-9A-Za-z]")
_TURKISH = re.compile(r"[ĞİŞğış]")
_LATIN9 = re.compile(r"€|(?<![^\W\d_])[ŠŽŒ](?=[^\W\d_])|[šžœ](?=[^\W\d_])|(?<=[^\W\d_])[šžœ]")


def rivals(told: str, sample: bytes) -> list[str] | None:
    """The encodings that bytes may be in as well.

    Args:
        told: What they look like.
        sample: Whole lines, not all ASCII.

    Returns:
        Their names; None where there are too few characters to tell any.
    """
    if told == "utf-8":
        return []
    if told == "cp1252":
        return _western_rivals(sample)
    runs = set(_HIGH.findall(sample))
    text = {one for run in runs for one in run.decode(told, "ignore") if one > "\x7f"}
    if len(text) < _FEWEST:
        return None
    like = [name for name, odds in _LIKE_CHINESE.items() if odds.of(_codes(text)) < _SURE] if told == "gb18030" else []
    return like + [name for name, word in _ONE_BYTE.items() if _are_words(runs, word)]


def _codes(text: set[str]) -> Codes:
    """The numbers of characters that are in GB 2312 and no signs."""
    pieces = [one.encode("gb18030") for one in text]
    codes = np.array([int.from_bytes(piece, "big") for piece in pieces if len(piece) == 2], dtype=np.int64)
    return codes[(codes >= 0xB0A1) & ((codes & 0xFF) >= 0xA1)]


def _are_words(runs: set[bytes], word: re.Pattern[bytes]) -> bool:
    return sum(word.fullmatch(run) is not None for run in runs) >= _PLAUSIBLE * len(runs)


def _western_rivals(sample: bytes) -> list[str]:
    found = []
    if _may_be_chinese(sample):
        found.append("gb18030")
    found += [name for name in ("cp1250", "iso8859_2") if _may_be_central(sample, name)]
    if _TURKISH.search(_differing(sample, "cp1254")):
        found.append("cp1254")
    if _LATIN9.search(_differing(sample, "iso8859_15")):
        found.append("iso8859_15")
    return found


def _may_be_chinese(sample: bytes) -> bool:
    """Whether half of the words would be Chinese alone: of Western words, letters of ASCII are left beside."""
    words = set(_WORD.findall(sample.decode("gb18030", "replace")))
    alone = sum("\ufffd" not in word and not _ASCII.search(word) for word in words)
    return 2 * alone >= len(words) > 0


def _differing(sample: bytes, name: str) -> str:
    """The text in an encoding; letters that cp1252 has alike are `x`."""
    text = sample.decode(name, "replace")
    western = sample.decode("cp1252", "replace")
    return "".join("x" if one == other and one > "\x7f" else one for one, other in zip(text, western, strict=True))


def _may_be_central(sample: bytes, name: str) -> bool:
    """Whether what differs from Western text, read in an encoding, is in words of one Central European language each."""
    words = {
        word
        for word in _WORD.findall(sample.decode(name, "replace"))
        if word.encode(name, "replace").decode("cp1252", "replace") != word
    }
    unlike = sum(not _is_central(word) for word in words)
    return bool(words) and unlike < _UNLIKE * len(words)


def _is_central(word: str) -> bool:
    letters = {one for one in word if one > "\x7f"}
    return any(letters <= language for language in _CENTRAL) and not _NEVER_CENTRAL.search(word.lower())
