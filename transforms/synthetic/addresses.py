"""Where orders go: district, city and province that belong together, big cities ahead; street addresses."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.built_in import district_rows
from beam_deid.transforms.synthetic.chance import Chance, Index, Wheel
from beam_deid.transforms.synthetic.text import joined, picked, table

# Cities in about the order of their online shopping; whoever is not named comes after them.
_BIG = (
    "上海市",
    "北京市",
    "深圳市",
    "广州市",
    "杭州市",
    "成都市",
    "重庆市",
    "苏州市",
    "武汉市",
    "南京市",
    "东莞市",
    "西安市",
    "天津市",
    "郑州市",
    "宁波市",
    "佛山市",
    "长沙市",
    "青岛市",
    "合肥市",
    "无锡市",
    "温州市",
    "金华市",
    "济南市",
    "厦门市",
    "福州市",
    "泉州市",
    "沈阳市",
    "大连市",
    "昆明市",
    "南通市",
    "常州市",
    "石家庄市",
    "惠州市",
    "嘉兴市",
    "台州市",
    "哈尔滨市",
    "绍兴市",
    "中山市",
    "徐州市",
    "长春市",
    "南昌市",
    "贵阳市",
    "南宁市",
    "潍坊市",
    "太原市",
    "烟台市",
    "珠海市",
    "扬州市",
    "盐城市",
    "保定市",
    "临沂市",
    "洛阳市",
    "廊坊市",
    "唐山市",
    "芜湖市",
    "湖州市",
    "赣州市",
    "汕头市",
    "海口市",
    "兰州市",
    "乌鲁木齐市",
    "呼和浩特市",
)
_REMOTE = ("州", "盟", "地区")
_ROADS = (
    "人民",
    "解放",
    "建设",
    "中山",
    "新华",
    "和平",
    "文化",
    "胜利",
    "光明",
    "幸福",
    "朝阳",
    "迎宾",
    "学府",
    "滨河",
    "湖滨",
    "长江",
    "黄河",
    "青年",
    "友谊",
    "工业",
    "兴业",
    "创新",
    "科技",
    "振兴",
    "团结",
    "民生",
    "花园",
    "春晖",
    "文昌",
    "育才",
    "体育",
    "公园",
    "站前",
    "北环",
    "南环",
    "东风",
    "西园",
    "龙腾",
    "凤凰",
    "梧桐",
    "桃园",
    "梅园",
    "荷塘",
    "金桥",
    "银河",
    "富强",
    "安康",
    "永宁",
    "清泉",
    "云山",
)
_STREETS = ("路", "街", "大道", "巷", "东路", "西路", "南路", "北路")
_ESTATE_HEADS = (
    "阳光",
    "金色",
    "翠湖",
    "碧水",
    "丽景",
    "锦绣",
    "紫荆",
    "玉兰",
    "香樟",
    "枫林",
    "江畔",
    "云栖",
    "星河",
    "时代",
    "和谐",
    "御景",
    "书香",
    "万和",
    "天悦",
    "绿城",
)
_ESTATE_TAILS = ("花园", "小区", "家园", "公寓", "名苑", "新村", "华庭", "雅居", "府邸", "广场")


@dataclass(frozen=True)
class Places:
    """Receivers' columns, strings of length n."""

    state: pa.Array
    city: pa.Array
    district: pa.Array
    address: pa.Array


@dataclass(frozen=True)
class _Map:
    states: pa.Array
    cities: pa.Array
    districts: pa.Array
    wheel: Wheel


def places(chance: Chance, home: Index) -> Places:
    """The columns of homes (n,), the same for the same home."""
    divisions = _map()
    number = divisions.wheel.spin(chance.share("district", home))
    return Places(
        state=picked(divisions.states, number),
        city=picked(divisions.cities, number),
        district=picked(divisions.districts, number),
        address=_addresses(chance, home),
    )


def homes(chance: Chance, buyer: Index, index: Index) -> Index:
    """Which home each order goes to: one buyer in eight has a second one, for a third of the orders."""
    second = chance.happens("second home", buyer, 0.125) & chance.happens("to the second home", index, 1 / 3)
    return buyer * 2 + second


@lru_cache(maxsize=1)
def _map() -> _Map:
    rows = district_rows()
    of_city = _city_weights(list(dict.fromkeys((city, province) for _, city, province in rows)))
    of_district = _district_weights([name for name, _, _ in rows])
    total: dict[tuple[str, str], float] = {}
    for weight, (_, city, province) in zip(of_district, rows, strict=True):
        total[city, province] = total.get((city, province), 0.0) + weight
    weights = [
        of_city[city, province] * weight / total[city, province]
        for weight, (_, city, province) in zip(of_district, rows, strict=True)
    ]
    districts, cities, states = (table(column) for column in zip(*rows, strict=True))
    return _Map(states, cities, districts, Wheel(weights))


def _city_weights(cities: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    rank = {name: place for place, name in enumerate(_BIG)}
    even = _still("city", len(cities))
    # Rank first, then ordinary cities in any order, then remote prefectures.
    order = sorted(
        range(len(cities)),
        key=lambda n: (rank.get(cities[n][0], len(rank)), cities[n][0].endswith(_REMOTE), even[n]),
    )
    last = 1 / (len(rank) + 4)
    weights = [
        1 / (place + 4) if place < len(rank) else last * 0.989 ** (place - len(rank)) for place in range(len(order))
    ]
    return {cities[n]: weight for n, weight in zip(order, weights, strict=True)}


def _district_weights(names: list[str]) -> list[float]:
    base = [3.0 if name.endswith("区") else 2.0 if name.endswith("市") else 1.0 for name in names]
    even = _still("district", len(names))
    return [weight * (0.4 + share) for weight, share in zip(base, even, strict=True)]


def _still(stream: str, count: int) -> list[float]:
    """Shares that do not depend on the seed: a city has the same size in every data set."""
    return [float(share) for share in Chance(0).share(stream, np.arange(count))]


def _addresses(chance: Chance, home: Index) -> pa.Array:
    parts = []
    for name, words in _address_tables().items():
        parts.append(picked(words, chance.below(name, home, len(words))))
    return joined(*parts)


@lru_cache(maxsize=1)
def _address_tables() -> dict[str, pa.Array]:
    return {
        "road": table([road + street for road in _ROADS for street in _STREETS]),
        "house": table([f"{number}号" for number in range(1, 500)]),
        "estate": table([head + tail for head in _ESTATE_HEADS for tail in _ESTATE_TAILS]),
        "building": table([f"{number}幢{unit}单元" for number in range(1, 41) for unit in range(1, 4)]),
        "room": table([f"{floor}{door:02d}室" for floor in range(1, 29) for door in range(1, 5)]),
    }
