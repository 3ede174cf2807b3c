"""Addresses to places: hard spellings of public places, and generated orders with figures."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from beam_deid.transforms.actions.addresses import cut_to, places_of
from beam_deid.transforms.actions.divisions import places
from beam_deid.transforms.synthetic.orders import order_batches

UNKNOWN = "***"

# Public places, typed by hand; what each is cut to at district.
HARD = [
    ("浙江省杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("浙江省 杭州市 西湖区 龙井路1号", "浙江省杭州市西湖区"),
    ("浙江省，杭州市，西湖区，龙井路1号", "浙江省杭州市西湖区"),
    ("浙江省/杭州市/西湖区/龙井路1号", "浙江省杭州市西湖区"),
    ("浙江省\u3000杭州市\u3000西湖区龙井路１号", "浙江省杭州市西湖区"),
    ("\ufeff浙江省\u200b杭州市西湖区", "浙江省杭州市西湖区"),
    ("⼴东省⼴州市越秀区中山三路", "广东省广州市越秀区"),
    ("中国浙江省杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("收货地址：浙江省杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    # without the province, without 市, without both
    ("杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("浙江杭州西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("杭州西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("余杭区文一西路", "浙江省杭州市余杭区"),
    ("浙江余杭区文一西路", "浙江省杭州市余杭区"),
    # cities of their own right, said twice or with a word that is no place
    ("北京市朝阳区建国路87号", "北京市朝阳区"),
    ("北京北京市朝阳区建国路87号", "北京市朝阳区"),
    ("北京市北京市朝阳区建国路87号", "北京市朝阳区"),
    ("北京朝阳区建国路87号", "北京市朝阳区"),
    ("北京市市辖区朝阳区建国路87号", "北京市朝阳区"),
    ("上海市上海城区浦东新区世纪大道1号", "上海市浦东新区"),
    ("重庆市县云阳县双江街道", "重庆市云阳县"),
    ("重庆市重庆郊县云阳县双江街道", "重庆市云阳县"),
    ("上海 南京东路1号", "上海市"),
    ("上海市南京东路1号", "上海市"),
    ("浙江省杭州市浙江省杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("浙江省杭州市杭州市西湖区龙井路1号", "浙江省杭州市西湖区"),
    ("河北省石家庄市市辖区长安区中山东路", "河北省石家庄市长安区"),
    # counties and cities directly under a province, cities without districts
    ("湖北省仙桃市沔阳大道1号", "湖北省仙桃市"),
    ("湖北省省直辖县级行政区划仙桃市沔阳大道1号", "湖北省仙桃市"),
    ("湖北仙桃沔阳街道", "湖北省仙桃市"),
    ("海南省陵水黎族自治县椰林镇", "海南省陵水黎族自治县"),
    ("海南省直辖县级行政单位陵水黎族自治县椰林镇", "海南省陵水黎族自治县"),
    ("海南陵水县椰林镇", "海南省陵水黎族自治县"),
    ("湖北省神农架林区松柏镇", "湖北省神农架林区"),
    ("河南省济源市沁园街道", "河南省济源市"),
    ("广东省东莞市长安镇", "广东省东莞市"),
    ("东莞市长安镇", "广东省东莞市"),
    ("广东中山火炬开发区", "广东省中山市"),
    ("甘肃省嘉峪关市雄关街道", "甘肃省嘉峪关市"),
    ("海南省儋州市那大镇", "海南省儋州市"),
    ("新疆石河子市东城街道", "新疆维吾尔自治区石河子市"),
    # autonomous regions, prefectures and counties, leagues, banners
    ("内蒙古呼和浩特市新城区", "内蒙古自治区呼和浩特市新城区"),
    ("内蒙古自治区锡林郭勒盟锡林浩特市", "内蒙古自治区锡林郭勒盟锡林浩特市"),
    ("内蒙古鄂尔多斯鄂托克前旗敖勒召其镇", "内蒙古自治区鄂尔多斯市鄂托克前旗"),
    ("广西南宁市青秀区民族大道", "广西壮族自治区南宁市青秀区"),
    ("宁夏银川兴庆区解放街", "宁夏回族自治区银川市兴庆区"),
    ("西藏拉萨市城关区布达拉宫", "西藏自治区拉萨市城关区"),
    ("新疆伊犁州伊宁市", "新疆维吾尔自治区伊犁哈萨克自治州伊宁市"),
    ("新疆喀什地区喀什市", "新疆维吾尔自治区喀什地区喀什市"),
    ("黑龙江大兴安岭地区漠河市北极村", "黑龙江省大兴安岭地区漠河市"),
    ("恩施土家族苗族自治州恩施市", "湖北省恩施土家族苗族自治州恩施市"),
    ("湖北恩施州恩施市", "湖北省恩施土家族苗族自治州恩施市"),
    ("湖北恩施市", "湖北省恩施土家族苗族自治州恩施市"),
    ("云南省大理州大理市洱海", "云南省大理白族自治州大理市"),
    ("四川阿坝州九寨沟县漳扎镇", "四川省阿坝藏族羌族自治州九寨沟县"),
    ("青海省海南州共和县", "青海省海南藏族自治州共和县"),
    ("浙江省丽水市景宁县鹤溪街道", "浙江省丽水市景宁畲族自治县"),
    # counties that are cities, without the city above them
    ("浙江省义乌市稠城街道", "浙江省金华市义乌市"),
    ("浙江义乌国际商贸城", "浙江省金华市义乌市"),
    ("江苏昆山花桥镇", "江苏省苏州市昆山市"),
    ("湖南省湘潭市韶山市", "湖南省湘潭市韶山市"),
    # one name at two levels
    ("吉林省吉林市船营区", "吉林省吉林市船营区"),
    ("吉林市船营区", "吉林省吉林市船营区"),
    ("吉林长春朝阳区", "吉林省长春市朝阳区"),
    ("辽宁省朝阳市朝阳县", "辽宁省朝阳市朝阳县"),
    ("湖南长沙长沙县星沙", "湖南省长沙市长沙县"),
    ("福州鼓楼区东街口", "福建省福州市鼓楼区"),
    ("南京市鼓楼区", "江苏省南京市鼓楼区"),
    # former names
    ("浙江省杭州市下城区武林广场", "浙江省杭州市拱墅区"),
    ("北京市宣武区菜市口", "北京市西城区"),
    ("北京市密云县", "北京市密云区"),
    ("山东省莱芜市莱城区", "山东省济南市莱芜区"),
    ("湖北省襄樊市襄城区", "湖北省襄阳市襄城区"),
    ("吉林省四平市公主岭市", "吉林省长春市公主岭市"),
    ("浙江省杭州市余杭市临平镇", "浙江省杭州市余杭区"),
    # of a district that was split, the city
    ("浙江省杭州市江干区", "浙江省杭州市"),
    # beyond the mainland
    ("香港特别行政区九龙尖沙咀", "香港特别行政区"),
    ("台湾省台北市", "台湾省"),
    # masked by a platform, or said in part
    ("浙江省杭州市**区龙*街道花**路**号", "浙江省杭州市"),
    ("浙江省杭*市", "浙江省"),
    ("浙江省某处1号", "浙江省"),
    ("北京海淀中关村", "北京市"),
    ("浙江杭州西湖大道1号", "浙江省杭州市"),
    ("浙江杭州路1号", UNKNOWN),
    ("龙*街道花**路**号", UNKNOWN),
    # streets, markets and houses that are named after places
    ("南京东路100号", UNKNOWN),
    ("北京西路100号", UNKNOWN),
    ("四川北路100号", UNKNOWN),
    ("西湖大道1号", UNKNOWN),
    ("义乌市场3号", UNKNOWN),
    ("上海花园3幢", UNKNOWN),
    ("鼓楼区中山路", UNKNOWN),
    ("朝阳区", UNKNOWN),
    ("郊区", UNKNOWN),
    ("某小区5幢", UNKNOWN),
    ("*", UNKNOWN),
]


@pytest.mark.parametrize(("address", "place"), HARD, ids=[address for address, _ in HARD])
def test_a_hard_spelling_is_cut_to_its_place(address, place):
    assert cut_to(pa.array([address]), "district", "*").to_pylist() == [place]


def test_a_column_gives_what_each_of_its_values_gives():
    texts = pa.array([address for address, _ in HARD])
    assert cut_to(texts, "district", "*").to_pylist() == [place for _, place in HARD]


def test_every_place_is_known_by_its_full_name_and_is_what_its_cuts_say():
    every = pa.array([place.name for place in places()])
    assert places_of(every).to_pylist() == list(range(len(every)))
    for division in ("province", "city", "district"):
        assert cut_to(every, division, "*").to_pylist() == [place.cut(division) for place in places()]


def orders():
    batch = next(iter(order_batches(20_000, 7)))
    state, city, district, rest = (batch[f"receiver_{name}"] for name in ("state", "city", "district", "address"))
    truth = [place.name for place in places()]
    full = {(p.province, p.city, p.district): p.name for p in places()}
    names = pa.array([full[key] for key in zip(state.to_pylist(), city.to_pylist(), district.to_pylist(), strict=True)])
    assert set(names.to_pylist()) <= set(truth)
    return state, city, district, rest, names


def without(ending, column):
    return pc.replace_substring_regex(column, f"(..)(?:{ending})$", r"\1")


SHORT_STATE = "省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区"


def test_generated_orders_are_found_however_their_address_is_put_together(record_property):
    state, city, district, rest, names = orders()
    short_state = without(SHORT_STATE, state)
    short_city = without("市", city)
    ways = {
        "state city district": (state, city, district),
        "state district": (state, district),
        "city district": (city, district),
        "short state, city, district": (short_state, city, district),
        "short state, short city, district": (short_state, short_city, district),
        "short city, district": (short_city, district),
        "state city, state city district": (state, city, state, city, district),
    }
    least = {"state district": 0.99}
    for way, parts in ways.items():
        address = pc.binary_join_element_wise(*parts, rest, "")
        found = cut_to(address, "district", "*")
        right = pc.equal(found, names)
        # A wrong place is worse than none: what is found is the place or one around it.
        around = [
            name.startswith(one)
            for name, one in zip(names.to_pylist(), found.to_pylist(), strict=True)
            if one != UNKNOWN
        ]
        recall = pc.mean(right.cast(pa.float64())).as_py()
        record_property(way, f"recall {recall:.4f} of {len(names)}, wrong {len(around) - sum(around)}")
        assert all(around), way
        assert recall >= least.get(way, 0.999), way


def test_a_detail_address_without_a_division_says_none():
    *_, rest, _ = orders()
    assert set(cut_to(rest, "district", "*").to_pylist()) == {UNKNOWN}
