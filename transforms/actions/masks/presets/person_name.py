"""The mask of names of persons."""

from typing import ClassVar

import pyarrow as pa

from beam_deid.transforms.actions.addresses import Division
from beam_deid.transforms.actions.masks.characters import Shape, by_shape, keep_ends
from beam_deid.transforms.actions.masks.preset import MaskPreset

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

_SHAPES = (
    Shape(rf"^(?:{'|'.join(COMPOUND_SURNAMES)})\p{{Han}}", 2, 0),
    Shape(r"^\p{Han}[\p{Han}·•]+\p{Han}$", 1, 1),
)


class PersonName(MaskPreset):
    """张三 to 张*, 张小三 to 张*三, 欧阳小三 to 欧阳**.

    Names have no shape: of one in other letters, and of an odd one, the first character is kept.
    """

    name: ClassVar[str] = "person_name"

    def mask(self, texts: pa.Array, char: str, division: Division | None = None) -> pa.Array:
        """See `MaskPreset.mask`."""
        return by_shape(texts, _SHAPES, char, otherwise=_first_character)


def _first_character(texts: pa.Array, char: str) -> pa.Array:
    return keep_ends(texts, 1, 0, char)
