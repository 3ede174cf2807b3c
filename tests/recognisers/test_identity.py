"""One spelling for each identity."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_deid.transforms.recognisers.identity import IDENTIFYING, identity_text, names_one_person
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.kinds.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.kinds.date import DATE
from beam_deid.transforms.recognisers.kinds.division import DIVISION
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE as MOBILE_KIND
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.plate import PLATE
from beam_deid.transforms.recognisers.kinds.platform_ciphertext import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.kinds.platform_id import PLATFORM_ID
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.recognisers.kinds.tracking_number import TRACKING_NUMBER

MOBILE = "13800138000"
MOBILES = [
    MOBILE,
    "138 0013 8000",
    "138-0013-8000",
    "138.0013.8000",
    "138/0013/8000",
    "+86 138-0013-8000",
    "0086 13800138000",
    "8613800138000",
    "(+86)13800138000",
    "013800138000",
    "１３８００１３８０００",
    "138\u200b00138000",
    "\u202d13800138000\u202c",
    "①③⑧⓪⓪①③⑧⓪⓪⓪",
    "一三八零零一三八零零零",
    "壹叁捌〇〇壹叁捌〇〇〇",
    "壹參捌零零壹參捌零零零",
    "幺三八零零幺三八零零零",
    "13800138000.0",
    "13800138000.00",
    '="13800138000"',
    "'13800138000",
    "1.3800138E+10",
    "1.3800138000e10",
    " 13800138000 ",
    "138\u00a00013\u00a08000",
    "١٣٨٠٠١٣٨٠٠٠",
]
NOBODY = [
    None,
    "",
    "  ",
    "\u200b",
    "-",
    "N/A",
    "null",
    "无",
    "138****8000",
    "*******8000",
    "138＊＊＊＊8000",
    "138●●●●8000",
    "138xxxx8000",
    "张*",
    "330106********1234",
    "***a*****@163.com",
    "~AgAAAAAAAAAAAAAAAAAAAAAA~4~",
    "$kT9xQm8xZ0RkT2pLdW5hVw==$",
    "0a" * 35,
]


def spelt(values: list[object], kind: Kind | None = None) -> list[str | None]:
    return identity_text(pa.array(values), kind).to_pylist()


@pytest.mark.parametrize("kind", [None, MOBILE_KIND, TEXT])
def test_a_mobile_is_one_in_all_its_spellings(kind: Kind | None) -> None:
    assert spelt(MOBILES, kind) == [MOBILE] * len(MOBILES)


@pytest.mark.parametrize("kind", [None, MOBILE_KIND, ORDER_NUMBER])
def test_what_is_empty_masked_or_a_platforms_is_nobody(kind: Kind | None) -> None:
    assert spelt(NOBODY, kind) == [None] * len(NOBODY)


@pytest.mark.parametrize(
    ("kind", "spellings"),
    [
        (None, ["1000", "1,000", "1000.0", "1000.00", " 1000", "１０００"]),
        (ID_CARD, ["33010619970928910x", "330106 19970928 910X", "330106-19970928-910X"]),
        (None, ["33010619970928910x", "330106-19970928-910X", "330106 19970928 910Ｘ"]),
        (BANK_CARD, ["6222 0200 0000 0000", "6222020000000000"]),
        (LANDLINE, ["0571-88000000", "+86 571 8800 0000", "0571 88000000", "(0571)88000000"]),
        (PRIVACY_NUMBER, ["18877771111-123", "18877771111转123"]),
        (EMAIL, ["A.B@Example.com", "a.b@example.COM "]),
        (PLATE, ["浙A·D00000", "浙 A-D00000", "浙ad00000"]),
        (TRACKING_NUMBER, ["SF-123 456 789 0123", "sf1234567890123"]),
        (None, ["SF-1234567890123", "sf1234567890123"]),
        (None, ["臺灣小張", "台湾小张", "台湾 小张"]),
    ],
)
def test_spellings_of_one_identity_are_one(kind: Kind | None, spellings: list[str]) -> None:
    assert len(set(spelt(list(spellings), kind))) == 1


def test_other_identities_stay_others() -> None:
    values = [
        "u1",
        "u2",
        "u-12",
        "u1-2",
        "a.b@x.com",
        "ab@x.com",
        "12-3",
        "1-23",
        "13800138000",
        "13800138001",
        "10.5",
        "105",
        "张三",
        "张四",
    ]
    assert len(set(spelt(list(values)))) == len(values)


def test_every_type_has_the_same_spelling() -> None:
    number = int(MOBILE)
    for column in (
        pa.array([number, None]),
        pa.array([float(number), None]),
        pa.array([Decimal("13800138000.00"), None]),
        pa.array([MOBILE, None]).dictionary_encode(),
        pa.array([MOBILE, None], pa.large_string()),
        pa.array([MOBILE.encode(), None]),
        pa.array([number, None], pa.uint64()),
    ):
        assert identity_text(column, None).equals(pa.array([MOBILE, None]))
    assert spelt([float("nan"), 1.5, 2.0**60]) == [None, "1.5", str(2**60)]
    assert identity_text(pa.nulls(2), None).equals(pa.nulls(2, pa.string()))
    assert identity_text(pa.array([True, None]), None).to_pylist() == ["true", None]


@settings(max_examples=40)
@given(st.lists(st.one_of(st.none(), st.text(max_size=10), st.text("138 -*e.０一張", max_size=14)), max_size=8))
def test_a_spelling_depends_on_its_value_alone(texts: list[str | None]) -> None:
    column = pa.array(["first", *texts, "last"], pa.string())
    alone = [identity_text(pa.array([text], pa.string()), None)[0].as_py() for text in texts]
    assert identity_text(column, None).to_pylist() == ["first", *alone, "last"]


def test_kinds_that_name_a_person() -> None:
    assert not any(names_one_person(kind) for kind in (PERSON_NAME, ADDRESS, FREE_TEXT, DATE, CREDIT_CODE))
    assert all(
        map(
            names_one_person,
            (None, TEXT, INTEGER, ORDER_NUMBER, MOBILE_KIND, PLATFORM_ID, PLATE),
        )
    )
    assert {
        PERSON_NAME,
        ADDRESS,
        FREE_TEXT,
        TRACKING_NUMBER,
        PLATFORM_CIPHERTEXT,
    } < IDENTIFYING
    assert not IDENTIFYING & {TEXT, INTEGER, DIVISION, DATE}
