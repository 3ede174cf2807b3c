"""What is found in released values, whole or in pieces."""

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.attack.recovery import mask_recoveries, platform_recoveries
from beam_deid.transforms.measure.scanning import Scanned, Scanner, scan
from beam_deid.transforms.recognisers.in_names import scan_names

from ..kit.examples import examples

CIPHER = "~AgAAAAAcayEFTSoAkR1crhaoc2rrX3j00OXmFloTXpjGp2jjmQ==~5bm5ZJ94~4~~"
WITH_MOBILE = "$kT9xQm8xZ0RkT2pLdW5hVw==$AgAAAA13800138000AkR1crhaoc2rrX3j00OXmFlo==$4$$"
TEXTS = [CIPHER, WITH_MOBILE, "138****1234", "*******1234", "张*甲", "13800138000", None, "ordinary"]


def test_parts_together_are_the_whole() -> None:
    parts = [scan("a", pa.array(TEXTS[:3])), scan("a", pa.array(TEXTS[3:])), Scanned()]
    whole = scan("a", pa.array(TEXTS))
    merged = Scanned.merge(parts)
    assert (merged.hits, merged.ciphers, merged.left) == (whole.hits, whole.ciphers, whole.left)
    assert whole.left == {("a", "masked_mobile"): 10_000, ("a", "masked_name"): 8_105}


def test_nothing_else_is_looked_for_in_a_whole_ciphertext() -> None:
    assert dict(scan("a", pa.array([WITH_MOBILE])).hits) == {("a", "platform_ciphertext"): 1}
    assert scan("a", pa.array([f"{CIPHER} 13800138000"])).hits["a", "mobile"] == 1


def test_what_a_columns_name_tells_is_counted_as_far_as_its_values_fit() -> None:
    scanner = Scanner({"oaid": r"\A1[A-Za-z]{20,}\z"})
    scanner.add("oaid", pa.array(["1" + "aB" * 12, "none", None]))
    scanner.add("other", pa.array(["1" + "aB" * 12]))
    assert dict(scanner.result().hits) == {("oaid", "platform_id"): 1}


def test_the_evidence_names_what_a_platform_can_restore_and_holds_no_value() -> None:
    (one,) = platform_recoveries(scan("a", pa.array([*TEXTS, "#mR3x8Qz1#kT9xQm8xZ0RkT2pLdW5hV3k1Yg==#9##"])))
    assert (one.attack, one.values, one.share, one.limit) == ("platform", 3, 1.0, 0.0)
    assert "pinduoduo (person name)" in one.detail
    assert "unknown" in one.detail
    assert "how long a name is" in one.detail
    assert not any(text in one.detail for text in TEXTS if text)


def test_an_index_alone_is_named_as_what_joins() -> None:
    (one,) = platform_recoveries(scan("a", pa.array(["$kT9xQm8xZ0RkT2pLdW5hVw==$"])))
    assert "equal ones mean the same telephone or address" in one.detail


def test_masks_of_ours_are_told_elsewhere() -> None:
    scanned = scan("a", pa.array(TEXTS))
    assert mask_recoveries(scanned, None, ours=("a",)) == []
    (one,) = mask_recoveries(scanned, None)
    assert (one.share, one.limit) == (None, 0.0)
    assert "it was not measured" in one.detail


MOBILES = [
    "138 0013 8000",
    "138.0013.8000",
    "138/0013/8000",
    "138·0013·8000",
    "138_0013_8000",
    "13800 138000",
    "1 3 8 0 0 1 3 8 0 0 0",
    "138-001-38000",
    "138\u00a00013\u00a08000",
    "138\u30000013\u30008000",
    "13800\u200b138000",
    "\u202d13800138000\u202c",
    "①③⑧⓪⓪①③⑧⓪⓪⓪",
    "𝟏𝟑𝟖𝟎𝟎𝟏𝟑𝟖𝟎𝟎𝟎",
    "١٣٨٠٠١٣٨٠٠٠",
    "１３８ ００１３ ８０００",
    "电话一三八零零一三八〇〇〇",
    "壹叁捌零零壹叁捌零零零",
    "壹參捌零零壹參捌零零零",
    "幺三八 零零幺三 八零零零",
    "1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣",
    '{"p":"1 3 8 0 0 1 3 8 0 0 0"}',
    "+86 138.0013.8000",
    "86 138 0013 8000",
    "138  0013  8000",
    "138.0013.8000,139.0013.9000",
    "138–0013–8000",
    "tel:138-00138000.",
]
EMAILS = [
    "u0(at)163.com",
    "u0[at]163.com",
    "u0 @ 163.com",
    "u0＠163.com",
    "u0 at 163.com",
    "u0艾特163点com",
    "u0(at)mail(dot)example.com",
]
HONEST = [
    "[50, 100)",
    "[1500, 20000)",
    "[15000, 200000)",
    "1990-1999",
    "15000-200000",
    "13800-138000",
    "1,500,000-2,000,000",
    "15,000-200,000",
    "13,800,138,000",
    "1350.5-1400.25",
    "137264427.72",
    "159.98765432",
    "13800/138000",
    "2024-01-02",
    "2024/01/02 13:14:15",
    "2024-01",
    "2024-W05",
    "2024.01.02-2024.01.31",
    "2024-05-18 2024-05-19 08:00",
    "18:00-19:30",
    "¥1,380.00",
    "$5 @ 3.50",
    "二零二四年一月二日",
    "一九九〇-一九九九",
    "十五",
    "女装/连衣裙/夏季",
    "药品、食品、图书",
    "门店 15_2024_00012",
    "SH-15-2024-00012",
    "店1024号",
    "165 170 175 180",
    "1,5,3,2,4,5,1,3,2,5,4",
    "30*20*10",
    "1735689600-1735689607",
    "20240101-20240131",
    "look at Amazon.com",
    "三星 Galaxy S24",
    "iPhone 15 Pro Max 256GB",
    "五一三路二号",
    "1380013-8000000 1",
    "20240102 030405",
    "v1.2.3.4",
    "1.38e10",
    "<18",
    "≥65",
    "50–100",
    "１００～２００",
]


@pytest.mark.parametrize("text", MOBILES)
def test_a_mobile_is_found_however_it_is_written(text: str) -> None:
    assert scan("a", pa.array(["x", text, None])).hits["a", "mobile"] == 1


@pytest.mark.parametrize("text", EMAILS)
def test_an_address_is_found_with_its_at_in_words(text: str) -> None:
    assert scan("a", pa.array([text])).hits["a", "email"] == 1


def test_an_identity_number_is_found_in_pieces() -> None:
    assert (
        scan("a", pa.array(["110105 19491231 002X", "11010519491231002Ｘ", "110105-19491231-002x"])).hits[
            "a", "id_card"
        ]
        == 3
    )


@pytest.mark.parametrize("text", HONEST)
def test_honest_values_hold_nothing(text: str) -> None:
    assert dict(scan("a", pa.array([text])).hits) == {}


def test_a_value_counts_once_for_each_recogniser() -> None:
    texts = pa.array(["138-0013-8000 一三八零零一三八零零零", "13800138000", "一三八零零一三八零零零", CIPHER])
    assert dict(scan("a", texts).hits) == {("a", "mobile"): 3, ("a", "platform_ciphertext"): 1}


@examples(0.4)
@given(st.lists(st.text("138 -./,0一三八零@at張x", max_size=16), max_size=6))
def test_values_are_searched_each_by_itself(texts: list[str]) -> None:
    texts = ["138", *dict.fromkeys(texts), "0013 8000"]
    alone = sum((scan("a", pa.array([text])).hits for text in texts), Counter())
    assert scan("a", pa.array(texts)).hits == alone


def test_names_of_columns_are_searched() -> None:
    names = ["送货_张三_13800138000", "tel_138_0013_8000", "u0@163.com", "收货人一三八零零一三八零零零"]
    honest = [
        "receiver_mobile",
        "wxopenid",
        "wechatnickname",
        "微信openid",
        "order.items.0.price",
        "sku_outer_id",
        "发票抬头",
        "day_2024_01_02",
        "",
    ]
    assert dict(scan_names([*names, *honest])) == {
        (names[0], "mobile"): 1,
        (names[1], "mobile"): 1,
        (names[2], "email"): 1,
        (names[3], "mobile"): 1,
    }
    assert not scan_names([])
