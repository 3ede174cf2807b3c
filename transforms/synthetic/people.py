"""Attributes of buyers: ids, name, mobile and year of birth, all drawn at random."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.recognisers.mobile import PREFIXES_IN_USE
from beam_deid.transforms.synthetic.chance import Chance, Index, Wheel
from beam_deid.transforms.synthetic.text import digits, joined, letters, picked, table

# Roughly in the order of their frequency.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_COMPOUND = ("欧阳", "司马", "上官", "诸葛", "司徒", "令狐")
_WOMEN = "芳娜敏静丽艳娟霞秀英玲燕红梅婷雪慧莹倩洁琳璐颖佳怡欣悦萱雨涵诗梦瑶琪菲蕾岚云凤兰珍萍月晴思若妍"
_MEN = "伟强磊军洋勇杰涛超明刚平辉鹏飞鑫波斌宇浩凯健俊帆帅旭宁龙林彬志峰建国文华东海博轩泽晨睿铭昊天毅恒"
_NICK_HEADS = (
    "爱吃鱼的",
    "快乐的",
    "小小",
    "阿",
    "一只",
    "追风的",
    "住在海边的",
    "夏天的",
    "不爱说话的",
    "认真的",
    "佛系",
    "北方的",
    "江南",
    "半夜不睡的",
    "可爱的",
    "迷路的",
    "安静的",
    "努力的",
    "甜甜的",
    "温柔的",
)
_NICK_TAILS = (
    "小猫",
    "栗子",
    "云朵",
    "木木",
    "大白",
    "麦兜",
    "芒果",
    "奶茶",
    "橘子",
    "豆豆",
    "团子",
    "月亮",
    "石头",
    "糖糖",
    "企鹅",
    "土豆",
    "星星",
    "南瓜",
    "小鹿",
    "叶子",
    "西瓜",
    "鱼丸",
    "布丁",
    "阿福",
    "咸鱼",
)
_YEAR = 2025
_YOUNGEST = 16
_OLDEST = 85


@dataclass(frozen=True)
class People:
    """Buyers' columns, each of length n: strings, and ``birth_year`` as int32."""

    uid: pa.Array
    nick: pa.Array
    name: pa.Array
    mobile: pa.Array
    birth_year: pa.Array


def people(chance: Chance, buyer: Index) -> People:
    """The columns of buyers (n,), the same for the same buyer."""
    return People(
        uid=joined(pa.scalar("AA"), letters([chance.bits("uid", buyer), chance.bits("uid, rest", buyer)])),
        nick=_nicks(chance, buyer),
        name=_names(chance, buyer),
        mobile=mobiles(chance, "mobile", buyer),
        birth_year=pa.array((_YEAR - _ages().spin(chance.share("age", buyer)) - _YOUNGEST).astype(np.int32)),
    )


def mobiles(chance: Chance, stream: str, index: Index) -> pa.Array:
    """Random mobile numbers of 11 digits, with prefixes that are in use."""
    prefixes = np.array(PREFIXES_IN_USE)[chance.below(f"{stream}, prefix", index, len(PREFIXES_IN_USE))]
    return digits(prefixes * 100_000_000 + chance.below(stream, index, 100_000_000), 11)


def _names(chance: Chance, buyer: Index) -> pa.Array:
    surnames, surname_wheel, given = _name_tables()
    woman = chance.happens("woman", buyer, 0.58)
    half = len(given) // 2
    # given = women's characters, men's characters, each half ending in the empty second character.
    first = chance.below("given name", buyer, half - 1)
    second = chance.below("given name, second", buyer, half - 1)
    second[chance.happens("short name", buyer, 0.13)] = half - 1
    men = np.where(woman, 0, half)
    family = surname_wheel.spin(chance.share("surname", buyer))
    return joined(picked(surnames, family), picked(given, first + men), picked(given, second + men))


@lru_cache(maxsize=1)
def _name_tables() -> tuple[pa.Array, Wheel, pa.Array]:
    weights = [1 / (rank + 6) for rank in range(len(_SURNAMES))] + [0.002] * len(_COMPOUND)
    longest = min(len(_WOMEN), len(_MEN))
    given = [*_WOMEN[:longest], "", *_MEN[:longest], ""]
    return table([*_SURNAMES, *_COMPOUND]), Wheel(weights), table(given)


def _nicks(chance: Chance, buyer: Index) -> pa.Array:
    number = chance.below("nick number", buyer, 1_000_000_000)
    words = joined(
        picked(table(_NICK_HEADS), chance.below("nick head", buyer, len(_NICK_HEADS))),
        picked(table(_NICK_TAILS), chance.below("nick tail", buyer, len(_NICK_TAILS))),
        digits(number, 5),
    )
    plain = joined(pa.scalar("tb"), digits(number, 9))
    return pc.if_else(pa.array(chance.happens("plain nick", buyer, 0.45)), plain, words)


@lru_cache(maxsize=1)
def _ages() -> Wheel:
    """Ages of buyers: rising to about 30, then a long decline."""
    rise = 5.0
    fall = 13.0
    weights = [
        1 / (1 + 2.0 ** ((24 - age) / rise * 2)) / (1 + 2.0 ** ((age - 38) / fall * 2))
        for age in range(_YOUNGEST, _OLDEST + 1)
    ]
    return Wheel(weights)
