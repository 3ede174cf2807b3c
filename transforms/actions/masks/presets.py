"""Masks by what a field holds, as platforms and Chinese practice write them.

A value without the shape of its kind is hidden whole: a mask made for a mobile number says nothing about what to
keep of anything else. Only names have no shape; of an odd one the first character is kept.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.masks.characters import Shape, by_shape, hide_name_before, keep_ends, whole

COMPOUND_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "夏侯",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "令狐",
    "慕容",
    "宇文",
    "长孙",
    "司徒",
    "司空",
    "独孤",
    "南宫",
    "端木",
    "轩辕",
    "百里",
    "东郭",
    "西门",
    "呼延",
    "淳于",
    "单于",
    "太史",
    "申屠",
    "公羊",
    "澹台",
    "濮阳",
    "闻人",
    "钟离",
    "鲜于",
    "拓跋",
    "完颜",
    "赫连",
    "万俟",
    "闾丘",
    "仲孙",
    "宗政",
    "左丘",
    "梁丘",
    "谷梁",
    "第五",
    "纳兰",
    "公冶",
    "太叔",
    "巫马",
    "公西",
    "漆雕",
    "乐正",
    "颛孙",
    "叶赫",
    "子车",
    "亓官",
    "段干",
)

_NAMES = (
    Shape(rf"^(?:{'|'.join(COMPOUND_SURNAMES)})\p{{Han}}", 2, 0),
    Shape(r"^\p{Han}[\p{Han}·•]+\p{Han}$", 1, 1),
)
_MOBILE = r"^1[3-9][0-9][0-9*]{4}[0-9]{4}$"
_SPACED_MOBILE = r"^(?:(?:\+|00)?86[- ]?)?(1[3-9][0-9])[- ]?([0-9]{4})[- ]?([0-9]{4})$"
_LANDLINES = (
    Shape(r"^0(?:10|2[0-9])[- ]?[2-8][0-9]{6,7}$", 3, 2),
    Shape(r"^0[3-9][0-9]{2}[- ]?[2-8][0-9]{6,7}$", 4, 2),
    Shape(r"^0(?:10|2[0-9])[- ]?[2-8][0-9]{6,7}[- ][0-9]{1,6}$", 3, 0),
    Shape(r"^0[3-9][0-9]{2}[- ]?[2-8][0-9]{6,7}[- ][0-9]{1,6}$", 4, 0),
)
_ID_CARDS = (Shape(r"^[1-9](?:[0-9]{14}|[0-9]{16}[0-9Xx])$", 1, 1),)
_BANK_CARDS = (Shape(r"^[0-9](?:[ -]?[0-9]){11,18}$", 0, 4),)
_PLATES = (Shape(r"^\p{Han}[A-Z][A-Z0-9\p{Han}]{5,6}$", 2, 1),)
_PRIVACY_NUMBERS = (Shape(r"^1[3-9][0-9]{9}(?:-| ?转 ?)[0-9]{3,4}$", 3, 0),)
_PASSPORTS = (Shape(r"^[A-Za-z]{1,2}[0-9]{7,8}$", 1, 1),)
_CREDIT_CODES = (Shape(r"^[0-9A-Z]{18}$", 2, 1),)
_WECHAT = (Shape(r"^[A-Za-z][A-Za-z0-9_-]{5,19}$", 1, 0),)
_TITLES = (Shape(r"^\p{Han}{5}", 2, 2),)
_EMAIL = r"^[^@\s]+@[^@\s]+$"


def person_name(texts: pa.Array, char: str) -> pa.Array:
    """张三 to 张*, 张小三 to 张*三, 欧阳小三 to 欧阳**; of a name in other letters the first one is kept."""
    return by_shape(texts, _NAMES, char, otherwise=_first_character)


def mobile(texts: pa.Array, char: str) -> pa.Array:
    """3 + 4 digits of a mainland mobile number are kept; its country code, spaces and dashes go."""
    fits = pc.match_substring_regex(texts, _MOBILE)
    masked = pc.utf8_replace_slice(texts, 3, 7, char * 4)
    other = pc.invert(fits)
    if not pc.any(other).as_py():
        return masked
    tidy = pc.replace_substring_regex(texts.filter(other), _SPACED_MOBILE, r"\1\2\3")
    rest = pc.if_else(
        pc.match_substring_regex(tidy, _MOBILE), pc.utf8_replace_slice(tidy, 3, 7, char * 4), whole(tidy, char)
    )
    return pc.replace_with_mask(masked, other, rest)


def landline(texts: pa.Array, char: str) -> pa.Array:
    """Area code and the last two digits are kept; with an extension the area code only."""
    return by_shape(texts, _LANDLINES, char)


def id_card(texts: pa.Array, char: str) -> pa.Array:
    """The first and the last character are kept: neither birthplace nor birthday."""
    return by_shape(texts, _ID_CARDS, char)


def bank_card(texts: pa.Array, char: str) -> pa.Array:
    """The last four digits are kept, as on a receipt."""
    return by_shape(texts, _BANK_CARDS, char)


def plate(texts: pa.Array, char: str) -> pa.Array:
    """The place of registration (first two) and the last character are kept."""
    return by_shape(texts, _PLATES, char)


def privacy_number(texts: pa.Array, char: str) -> pa.Array:
    """The first three digits are kept; the extension goes, for it is what leads to the person."""
    return by_shape(texts, _PRIVACY_NUMBERS, char)


def passport(texts: pa.Array, char: str) -> pa.Array:
    """The first letter and the last digit are kept."""
    return by_shape(texts, _PASSPORTS, char)


def credit_code(texts: pa.Array, char: str) -> pa.Array:
    """The first two characters (registrar and category) and the last are kept: not the division."""
    return by_shape(texts, _CREDIT_CODES, char)


def wechat(texts: pa.Array, char: str) -> pa.Array:
    """The first character is kept."""
    return by_shape(texts, _WECHAT, char)


def invoice_title(texts: pa.Array, char: str) -> pa.Array:
    """杭州张三餐饮店 to 杭州***饮店: two characters on either side; a shorter one is a person's name."""
    return by_shape(texts, _TITLES, char, otherwise=person_name)


def email(texts: pa.Array, char: str) -> pa.Array:
    """The first character and the domain are kept."""
    fits = pc.match_substring_regex(texts, _EMAIL)
    masked = hide_name_before(texts, "@", char)
    return masked if pc.all(fits).as_py() else pc.if_else(fits, masked, whole(texts, char))


def _first_character(texts: pa.Array, char: str) -> pa.Array:
    return keep_ends(texts, 1, 0, char)


PRESETS: Mapping[str, Callable[[pa.Array, str], pa.Array]] = {
    preset.__name__: preset
    for preset in (
        person_name,
        mobile,
        landline,
        privacy_number,
        id_card,
        bank_card,
        passport,
        credit_code,
        plate,
        email,
        wechat,
        invoice_title,
    )
}
"""The presets by name; `address` is apart (`beam_deid.transforms.actions.addresses`), for it generalizes."""
