"""Where a rule is written, told in both languages: references to laws and standards, as files of data write them in English."""

import re

from beam_deid.pipelines.language.bilingual import Bilingual

_DIGITS = "零一二三四五六七八九"
_ARTICLE = re.compile(r"(PIPL )?Art\. (\d+)(?:\((\d+)\))?")
_SECOND = re.compile(r"(Art\. \d+) and (\d+)")
_REPLACED = (
    (re.compile(r" ?\(CAC Order (\d+), ([\d-]+)\), ?"), r"（国家互联网信息办公室令第\1号，\2）"),
    (re.compile(r" \(in force ([\d-]+)\), ?"), r"（\1起施行）"),
    (re.compile(r"; below it "), "；低于该数："),
    (re.compile(r" with (?=第)"), "及"),
    (re.compile(r" and (?=第)"), "、"),
    (re.compile(r",? Annex ([A-Z])"), r" 附录\1"),
    (re.compile(r" ?\("), "（"),
    (re.compile(r"\)"), "）"),
    (re.compile(r"; "), "；"),
    (re.compile(r", "), "，"),
)


def source(text: str) -> Bilingual:
    """A reference, in Chinese as laws and standards are quoted there."""
    chinese = _ARTICLE.sub(_article, _SECOND.sub(r"\1 and Art. \2", text))
    for pattern, words in _REPLACED:
        chinese = pattern.sub(words, chinese)
    return Bilingual(text, chinese)


def _article(found: re.Match[str]) -> str:
    law = "《个人信息保护法》" if found[1] else ""
    item = f"第{_numeral(int(found[3]))}项" if found[3] else ""
    return f"{law}第{_numeral(int(found[2]))}条{item}"


def _numeral(number: int) -> str:
    """A number below a hundred, as laws number their articles."""
    tens, ones = divmod(number, 10)
    before = "" if not tens else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return f"{before}{_DIGITS[ones] if ones or not tens else ''}"
