import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.recognisers import BY_NAME, RECOGNISERS
from beam_deid.transforms.recognisers.bank_card import is_luhn
from beam_deid.transforms.recognisers.hong_kong_id import is_hong_kong_id
from beam_deid.transforms.recognisers.iban import is_iban
from beam_deid.transforms.recognisers.id_card import is_id_card
from beam_deid.transforms.recognisers.taiwan_id import is_taiwan_id

# All of these are made up.
FOUND = {
    "mobile": [
        "13800000000",
        "电话１３８０００００００１",
        "138-0000-0000",
        "138 0000 0000",
        "+8613800000000",
        "打13800000000找我",
    ],
    "landline": ["010-12345678", "0755-1234567", "021 12345678-12"],
    "id_card": ["11010519491231002X", "身份证11010519491231002x。", "110101900307123"],
    "bank_card": ["6222020000000000000", "4111 1111 1111 1111", "卡号4111111111111111"],
    "email": ["a.b@example.com", "mail:x@mail.example.cn;", "***a*****@163.com", "用户0@例子.公司"],
    "plate": ["京A12345", "粤B·D12345", "沪AD12345", "车牌苏E9Z123在", "浙 A·D00000", "浙A-12345"],
    "passport": ["护照号：E12345678", "passport EA1234567"],
    "wechat": [
        "加微信abc_12345",
        "vx: some_name1",
        "QQ：123456",
        "微信号13800000000",
        "电话123vx：some_name1",
        "V信abc00000",
        "薇❤ abc_00000",
        "扣扣100000000",
        "QQ号码是100000000",
    ],
    "foreign_phone": [
        "+852 90106600",
        "+852 9010 6600",
        "+44 7700 900000",
        "+1 415 550 0000",
        "(415) 550-0000",
        "call +85290106600!",
    ],
    "ip_address": ["10.0.0.7", "from 192.168.1.20:80", "8.8.100.8"],
    "mac_address": ["a0:b1:c2:00:00:01", "00:11:22:33:44:55", "A0-B1-C2-00-00-01"],
    "coordinates": ["30.274151,120.155070", "(30.274151, 120.155070)", "120.155070，30.274151"],
    "masked_mobile": ["138****1234", "*******1234", "1*********5", "1********35"],
    "masked_name": ["张*", "张**", "张*甲", "收件人：李*"],
    "privacy_number": ["18800000000-123", "18800000000转1234"],
    "credit_code": ["91350100M000100Y43"],
    "platform_ciphertext": [
        "~AgAAAAAAAAAAAAAAAAAAAAAA~4~",
        "$138$AgAAAAAAAAAAAAAAAAAAAA$1$",
        "##AgAAAAAAAAAAAAAAAAAAAA#12##",
        "#abcd#AgAAAAAAAAAAAAAAAAAAAA#1##",
        "name ~Qm8xZ0RkT2pLdW5hV3k1Yg==~4~ end",
        "~kT9xQm8xZ0RkT2pLdW5hV3k1Yg==~mR3x8Qz1~1~~",
        "\x01kT9xQm8xZ0RkT2pLdW5hV3k1Yg==\x011\x01",
    ],
    "bare_ciphertext": ["AAS" + "a" * 61, "x: AAQ" + "bC3/" * 20 + "==", "0a" * 35],
    "platform_index": ["$kT9xQm8xZ0RkT2pLdW5hVw==$", "#mR3x8Qz1bN4T#"],
    "invoice_title": ["发票抬头：张小三", "开票抬头: 杭州张三餐饮店"],
    "order_number": ["251111-123456789012345", "P123456789012345678", "退款R123456789012345678。"],
    "tracking_number": ["SF1234567890123", "运单YT1234567890123", "JDVB12345678901", "EA123456789CN"],
    "masked_document": ["330106********1234", "1****************2", "6222 **** **** 1234"],
    "iban": [
        "DE89370400440532013000",
        "IBAN DE89 3704 0044 0532 0130 00, BIC X",
        "GB29 NWBK 6016 1331 9268 19",
        "NO9386011117947",
        "FR1420041010050500013M02606",
        "de89370400440532013000",
        "iban: gb29 nwbk 6016 1331 9268 19",
    ],
    "cpf": ["529.982.247-25", "CPF: 52998224725", "o cpf 529.982.247-25."],
    "cnpj": ["11.222.333/0001-81", "CNPJ 11222333000181", "12.ABC.345/01DE-35"],
    "ssn": ["123-45-6789", "SSN 123456789", "social security number: 123 45 6789"],
    "nino": ["AB 12 34 56 C", "NINO: AB123456C", "his national insurance number AB123456C"],
    "vat_id": ["VAT DE123456789", "USt-IdNr.: DE123456789", "P.IVA IT12345678901", "VAT reg. no. GB123456789"],
    "foreign_passport": [
        "Passport No. X1234567",
        "passport: 123456789",
        "护照号码：AB1234567",
        "Reisepass C01X00T47",
        "passport 12AB34567",
        "passport no. x1234567",
    ],
    "hong_kong_id": ["A123456(3)", "香港身份证A1234563", "HKID: AB987654(3)"],
    "macau_id": ["澳门身份证：1234567(8)", "澳門居民身份證 5/123456/7", "澳门身份证号12345678"],
    "taiwan_id": ["身份证字号：A123456789", "統一證號 A800000014", "居留证A123456789"],
    "travel_permit": ["回乡证H12345678", "台胞证：12345678", "港澳通行证C12345678", "通行证号码 CA1234567"],
    "masked_address": ["龙*街道花**路**号某某住宅区**-*-*", "人民路**号*幢***室", "文一西路****"],
}
ORDINARY = [
    None,
    "",
    "2025-01-02 03:04:05",
    "128.50",
    "红色连衣裙 夏季新款 2件装",
    "1234567890123456789",
    "https://example.com/a?b=1",
    "订单 4200000000000000001",
    "**特价** 满100减20",
    "iPhone 15 Pro Max 256GB",
    "138元",
    "12345678901",
    "0.1380013800055",
    "110101199013071234",
    "#女装#夏季#",
    "$9.9$",
    "京东超市自营",
    "*",
    "100-199",
    "2025-W03",
    "贵州茅台 53度 500ml*6",
    "AAf7cVPKTheAl6VXG8bOkv",
    "A4纸*5包",
    "华东",
    "10000000000",
    "满1000减100 010",
    "蒙牛纯牛奶250ml*24盒",
    "~~删除线~~",
    "#SummerSale2025#618#",
    "$x^2$",
    "$$E=mc^2$$",
    "#section-one-of-two#1#",
    "/9j/" + "4AAQSkZJRgABAQAAAQABAAD" * 6,
    "**新品**上市",
    "https://example.com/~user/a#b",
    "data:image/png;base64,AAQ" + "aB3/" * 20,
    "SF",
    "1.2.3.4",
    "v10.2.3.4",
    "24-05-13-12-30-45",
    "[12.345678, 78.901234)",
    "(12.345678, 78.901234]",
    "0.12345,0.5",
    "+12.345678%",
    "+100",
    "+1234567.89",
    "+08:00",
    "(100) 200-3000",
    "GMT+8",
    "2024-01-02T03:04:05+08:00",
    "13:14:15",
    "P1234",
    "991399-123456789012345",
    "长*宽*高 30*20*10",
    "DE89370400440532013001",
    "DE8937040044053201300",
    "52998224725",
    "529.982.247-26",
    "111.111.111-11",
    "11222333000181",
    "20240102030405",
    "123456789",
    "000-12-3456",
    "666-12-3456",
    "900-12-3456",
    "2024-01-02 12-3456",
    "AB123456C",
    "GB 12 34 56 C",
    "DE123456789",
    "VAT 19% of 123456789",
    "passport photo 35x45",
    "护照夹 真皮 2024新款",
    "护照夹 123456",
    "护照保护套 1234567",
    "de89370400440532013001",
    "de8937040044053201300",
    "A123456(4)",
    "A123456789",
    "身份证字号：A123456780",
    "通行证20240101",
    "停车通行证 2024",
    "5/12/2024",
    "1234567(8)",
    "5/123456/7",
]


def test_every_recogniser_has_examples():
    assert set(FOUND) == set(BY_NAME)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in FOUND.items() for text in texts])
def test_an_identifier_is_found_and_can_be_replaced(name, text):
    column = pa.array(["x", text, None])
    assert BY_NAME[name].find(column).to_pylist() == [False, True, False]
    replaced = BY_NAME[name].replace(column, "[X]")
    assert "[X]" in replaced[1].as_py()
    assert BY_NAME[name].find(replaced).to_pylist() == [False, False, False]
    assert replaced[0].as_py() == "x"
    assert replaced[2].as_py() is None


@pytest.mark.parametrize("recogniser", RECOGNISERS, ids=lambda recogniser: recogniser.name)
def test_ordinary_texts_hold_none(recogniser):
    found = recogniser.find(pa.array(ORDINARY)).to_pylist()
    assert [text for text, hit in zip(ORDINARY, found, strict=True) if hit] == []


@pytest.mark.parametrize("recogniser", RECOGNISERS, ids=lambda recogniser: recogniser.name)
@given(texts=st.lists(st.one_of(st.none(), st.text(), st.text("0123456789*-@ 张京A"))))
def test_no_text_makes_a_recogniser_fail_and_what_surrounds_a_hit_stays(recogniser, texts):
    column = pa.array(texts, pa.string())
    found = recogniser.find(column)
    assert found.null_count == 0
    replaced = recogniser.replace(column, "[X]").to_pylist()
    for text, hit, after in zip(texts, found.to_pylist(), replaced, strict=True):
        assert (after != text) == hit


def test_both_checks_know_their_standards_examples():
    assert is_id_card("11010519491231002X")  # the example of GB 11643-1999
    assert not is_id_card("110105194912310021")
    assert is_luhn("49927398716")  # a textbook's example
    assert not is_luhn("49927398717")


CHECKED = {one.name: one for one in RECOGNISERS if one.columnar is not None and one.name in ("iban", "cpf", "cnpj")}


@pytest.mark.parametrize("name", CHECKED)
def test_of_numbers_that_differ_in_one_character_one_has_the_right_check_digits(name):
    """All three sums find each single fault but where they are taken modulo eleven and ten is told as zero."""
    number = FOUND[name][0]
    others = [
        number[:place] + other + number[place + 1 :]
        for place, own in enumerate(number)
        if own.isdigit()
        for other in "0123456789"
        if other != own
    ]
    found = CHECKED[name].find(pa.array([number, *others])).to_pylist()
    assert found[0]
    assert sum(found[1:]) <= len(others) // 20


@pytest.mark.parametrize("name", CHECKED)
@given(st.data())
def test_a_column_is_checked_as_its_values_are_one_by_one(name, data):
    one = CHECKED[name]
    texts = data.draw(st.lists(st.from_regex(rf"\A(?:{one.body})\Z", alphabet=st.characters(codec="ascii"))))
    assert one.columnar(pa.array(texts, pa.string())).tolist() == [one.check(text) for text in texts]


def test_known_numbers_have_the_right_check_digits():
    ibans = [
        "DE89370400440532013000",
        "GB29NWBK60161331926819",
        "MT84MALT011000012345MTLCAST001S",
        "BR1800000000141455123924100C2",
    ]
    assert [is_iban(number) for number in ibans] == [True] * len(ibans)  # examples of the registry
    assert is_hong_kong_id("A123456(3)")
    assert is_hong_kong_id("AB987654(3)")
    assert not is_hong_kong_id("A123456(5)")
    assert is_taiwan_id("A123456789")
    assert not is_taiwan_id("A123456788")


@pytest.mark.parametrize("name", ["cpf", "cnpj", "vat_id", "nino", "taiwan_id"])
def test_a_number_that_many_things_may_have_counts_only_where_its_signs_or_words_say_what_it_is(name):
    bare = {"cpf": "52998224725", "cnpj": "11222333000181", "vat_id": "DE123456789", "nino": "AB123456C"}
    number = bare.get(name, "A123456789")
    assert BY_NAME[name].find(pa.array([number])).to_pylist() == [False]
    assert any(number in text for text in FOUND[name])
