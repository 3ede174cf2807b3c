"""What was ordered: a fixed catalogue of goods in categories, some of them sensitive, and what was paid."""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from beam_deid.transforms.synthetic.chance import Chance, Index, Wheel
from beam_deid.transforms.synthetic.text import picked, table

SENSITIVE_CATEGORIES = ("药品", "医疗器械", "孕产用品", "成人用品", "宗教用品")
"""Categories that say something about health, sexual life or belief."""

_GOODS_PER_CATEGORY = 40
_LINES = (
    "轻享",
    "悦己",
    "本色",
    "初晴",
    "四季",
    "山野",
    "一方",
    "拾光",
    "暖阳",
    "小确幸",
    "青禾",
    "云上",
    "简印",
    "好日子",
    "朝夕",
    "有间",
    "素里",
    "半亩",
    "原物",
    "知夏",
)
_SPECS = ("标准装", "家庭装", "礼盒装", "升级款", "经典款", "便携装", "两件套", "新款", "大号", "旗舰款")

# Category: weight, median price in yuan, spread of the logarithm of the price, nouns.
_CATEGORIES: dict[str, tuple[float, float, float, tuple[str, ...]]] = {
    "女装": (13, 120, 0.7, ("连衣裙", "针织衫", "风衣", "半身裙")),
    "男装": (7, 130, 0.6, ("衬衫", "夹克", "休闲裤", "卫衣")),
    "童装": (5, 75, 0.5, ("儿童外套", "儿童套装", "童裤", "校服")),
    "鞋靴": (6, 160, 0.6, ("运动鞋", "板鞋", "短靴", "凉鞋")),
    "箱包": (3, 150, 0.8, ("双肩包", "斜挎包", "拉杆箱", "钱包")),
    "美妆": (8, 110, 0.7, ("口红", "面霜", "粉底液", "眼霜")),
    "个人护理": (6, 45, 0.6, ("洗发水", "沐浴露", "牙膏", "护手霜")),
    "零食": (9, 32, 0.5, ("坚果", "饼干", "牛肉干", "果干")),
    "生鲜": (4, 58, 0.5, ("苹果", "牛排", "虾仁", "车厘子")),
    "茶酒": (3, 140, 0.9, ("龙井茶", "普洱茶", "白酒", "葡萄酒")),
    "家居日用": (8, 36, 0.6, ("收纳箱", "毛巾", "垃圾袋", "拖把")),
    "家纺": (3, 180, 0.6, ("四件套", "蚕丝被", "枕头", "窗帘")),
    "家具": (2, 680, 0.8, ("书桌", "床垫", "衣柜", "沙发")),
    "厨具": (3, 95, 0.7, ("炒锅", "菜刀", "保温杯", "餐具")),
    "大家电": (1.5, 2300, 0.5, ("冰箱", "洗衣机", "空调", "电视机")),
    "小家电": (3, 220, 0.6, ("电饭煲", "吹风机", "加湿器", "扫地机")),
    "手机数码": (4, 520, 1.1, ("手机", "蓝牙耳机", "充电宝", "数据线")),
    "电脑办公": (2, 380, 1.1, ("键盘", "显示器", "打印纸", "笔记本电脑")),
    "母婴": (4, 130, 0.6, ("奶粉", "纸尿裤", "奶瓶", "婴儿车")),
    "玩具": (3, 70, 0.7, ("积木", "拼图", "毛绒玩偶", "遥控车")),
    "图书": (3, 42, 0.5, ("小说", "绘本", "教辅", "字帖")),
    "运动户外": (4, 120, 0.8, ("瑜伽垫", "帐篷", "跑步机", "羽毛球拍")),
    "宠物用品": (3, 75, 0.6, ("猫粮", "狗粮", "猫砂", "宠物窝")),
    "汽车用品": (2, 110, 0.7, ("行车记录仪", "坐垫", "机油", "车载支架")),
    "花卉园艺": (1.5, 38, 0.6, ("多肉", "鲜花", "花盆", "营养土")),
    "珠宝饰品": (1.5, 260, 1.1, ("项链", "手链", "耳钉", "戒指")),
    "药品": (1.2, 48, 0.6, ("感冒药", "降压药", "胃药", "抗过敏药")),
    "医疗器械": (0.8, 160, 0.7, ("血压计", "血糖仪", "体温计", "助听器")),
    "孕产用品": (0.9, 95, 0.6, ("孕妇装", "待产包", "叶酸", "防辐射服")),
    "成人用品": (0.8, 85, 0.6, ("避孕套", "情趣内衣", "润滑液", "验孕棒")),
    "宗教用品": (0.3, 70, 0.8, ("佛珠", "香炉", "十字架摆件", "礼拜毯")),
}


@dataclass(frozen=True)
class Goods:
    """Columns of length n: strings, ``num`` as int32, ``payment`` as decimal128(10, 2)."""

    category: pa.Array
    title: pa.Array
    num: pa.Array
    payment: pa.Array


@dataclass(frozen=True)
class _Catalogue:
    categories: pa.Array
    titles: pa.Array
    cents: npt.NDArray[np.int64]
    wheel: Wheel


def goods(chance: Chance, index: Index) -> Goods:
    """The goods of orders (n,): a price by article, less a discount, times how many."""
    shelf = _catalogue()
    article = shelf.wheel.spin(chance.share("article", index))
    number = _number().spin(chance.share("number", index)) + 1
    # Discounts in whole percent: none for half of the orders, up to 30.
    percent = 100 - np.maximum(chance.below("discount", index, 61) - 30, 0)
    cents = np.maximum(shelf.cents[article] * number * percent // 100, 1)
    return Goods(
        category=picked(shelf.categories, article),
        title=picked(shelf.titles, article),
        num=pa.array(number.astype(np.int32)),
        payment=_money(cents),
    )


def _money(cents: npt.NDArray[np.int64]) -> pa.Array:
    """Whole cents, not negative, as decimal128(10, 2)."""
    words = np.zeros((len(cents), 2), dtype="<i8")  # low and high half of each 128-bit number
    words[:, 0] = cents
    return pa.Array.from_buffers(pa.decimal128(10, 2), len(cents), [None, pa.py_buffer(words)])


@lru_cache(maxsize=1)
def _number() -> Wheel:
    return Wheel([82, 11, 3.5, 1.2, 0.9, 0.5, 0.2, 0.2, 0.1, 0.4])


@lru_cache(maxsize=1)
def _catalogue() -> _Catalogue:
    """The catalogue, which is the same in every data set."""
    categories = []
    titles = []
    cents = []
    weights = []
    normal = NormalDist()
    for name, (weight, median, spread, nouns) in _CATEGORIES.items():
        places = np.arange(_GOODS_PER_CATEGORY)
        prices = Chance(0).share(f"price of {name}", places)
        lines = Chance(0).below(f"line of {name}", places, len(_LINES))
        for place in range(_GOODS_PER_CATEGORY):
            spec = _SPECS[place // len(nouns) % len(_SPECS)]
            categories.append(name)
            titles.append(f"{_LINES[lines[place]]}{nouns[place % len(nouns)]}{spec}")
            price = median * math.exp(spread * normal.inv_cdf(0.5 / 64 + prices[place] * 63 / 64))
            # Shop prices: whole yuan less ten cents.
            cents.append(max(round(price), 2) * 100 - 10)
            weights.append(weight / (place + 2))
    return _Catalogue(table(categories), table(titles), np.array(cents, dtype=np.int64), Wheel(weights))
