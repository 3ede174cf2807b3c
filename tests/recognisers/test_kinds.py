"""Kinds: when a whole value is one, and what else is known of it."""

import copy
import datetime
import json
import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions.masks.presets import PRESETS
from beam_deid.transforms.recognisers import BY_NAME, RECOGNISERS
from beam_deid.transforms.recognisers.bank_card import are_luhn, is_luhn
from beam_deid.transforms.recognisers.credit_code import are_credit_codes, is_credit_code, of_individuals
from beam_deid.transforms.recognisers.id_card import CHECKS, WEIGHTS, are_id_cards, birth_dates, is_id_card, under_14
from beam_deid.transforms.recognisers.kinds import KINDS, kind_named
from beam_deid.transforms.recognisers.kinds.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.kinds.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.recognisers.kinds.invoice_title import INVOICE_TITLE
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.passport import PASSPORT
from beam_deid.transforms.recognisers.kinds.plate import PLATE
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.kinds.wechat import WECHAT
from beam_deid.transforms.recognisers.masked_address import addresses_left
from beam_deid.transforms.recognisers.masked_mobile import mobiles_left
from beam_deid.transforms.recognisers.masked_name import names_left
from beam_deid.transforms.recognisers.meaning import MASKED, OF_FORM, RESTORABLE
from beam_deid.transforms.terms import Role

VALID = {
    MOBILE: (["13800138000", "+86 138-0013-8000"], ["14000000000", "1380013800", "12345678901"]),
    LANDLINE: (["010-12345678", "0755 1234567-12"], ["01012345678", "110"]),
    PRIVACY_NUMBER: (["18877771111-123", "18877771111转1234"], ["18877771111"]),
    ID_CARD: (
        ["11010519491231002X", "110101900307123"],
        ["110105194912310021", "990101900307123x", "11010519491331002X"],
    ),
    BANK_CARD: (["6222020000000000000", "4111 1111 1111 1111"], ["4111111111111112", "1234567890123456"]),
    PASSPORT: (["E12345678", "EA1234567", "PE1234567"], ["12345678", "X1234567"]),
    PLATE: (["京A12345", "粤B·D12345", "沪AD12345"], ["京AABCDE", "京I12345", "A12345"]),
    EMAIL: (["a.b@example.com"], ["a.b@", "no address"]),
    WECHAT: (["some_name1"], ["abc", "1name_of", "名字"]),
    CREDIT_CODE: (["91350100M000100Y43"], ["91350100M000100Y44", "91350100I000100Y43"]),
    INVOICE_TITLE: (["张小三", "杭州（张三）餐饮店"], ["张", "100"]),
}


def test_every_kind_with_a_recogniser_of_its_own_names_people_and_has_a_mask() -> None:
    assert set(VALID) == {kind for kind in KINDS if kind.recogniser is not None}
    for kind in VALID:
        assert kind.identifies
        assert kind.recogniser is BY_NAME[kind.name]
        assert kind.recogniser.role is Role.DIRECT
        assert OF_FORM[kind.name] is kind
        assert kind.mask in PRESETS


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_kind_is_one_object_in_every_process(kind: Kind) -> None:
    assert pickle.loads(pickle.dumps(kind)) is copy.deepcopy(kind) is kind_named(kind.name) is kind
    assert kind == kind.name
    assert json.dumps([kind]) == f'["{kind.name}"]'


@pytest.mark.parametrize("kind", VALID)
def test_a_whole_value_is_one_or_is_not(kind: Kind) -> None:
    good, bad = VALID[kind]
    assert kind.valid(pa.array([*good, *bad, None, ""])).to_pylist() == [True] * len(good) + [False] * (len(bad) + 2)
    assert kind.valid_share(pa.array([*good, None])) == 1.0
    assert kind.valid_share(pa.nulls(2, pa.string())) == 0.0


def test_every_recogniser_means_something() -> None:
    assert {one.kind for one in RECOGNISERS if one.kind} <= {kind.name for kind in KINDS}
    assert {"platform_ciphertext", "bare_ciphertext", "platform_index"} == RESTORABLE
    assert {"masked_mobile", "masked_name", "masked_address"} < MASKED
    assert BY_NAME["platform_index"].links


def id_card(digits: str) -> str:
    return digits + CHECKS[sum(int(d) * w for d, w in zip(digits, WEIGHTS, strict=True)) % 11]


@given(
    st.lists(
        st.from_regex(r"[1-9][0-9]{5}(19|20)[0-9]{9}[0-9X]|[1-9][0-9]{14}", fullmatch=True, alphabet="0123456789X")
    )
)
def test_a_column_of_identity_numbers_is_checked_as_each_of_them_is(texts: list[str]) -> None:
    texts = [*texts, id_card("11010520000229003"), id_card("11010519000229003"), "110101900228123"]
    assert are_id_cards(pa.array(texts)).tolist() == [is_id_card(text) for text in texts]


@given(st.lists(st.from_regex(r"[0-9]{16,19}|[0-9]{4}([ -][0-9]{4}){3}", fullmatch=True, alphabet="0123456789 -")))
def test_a_column_of_cards_is_checked_as_each_of_them_is(texts: list[str]) -> None:
    texts = [*texts, "4111111111111111", "4111-1111-1111-1111"]
    assert are_luhn(pa.array(texts)).tolist() == [is_luhn(text) for text in texts]


@given(st.lists(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=18, max_size=18)))
def test_a_column_of_credit_codes_is_checked_as_each_of_them_is(texts: list[str]) -> None:
    texts = [*texts, "91350100M000100Y43"]
    assert are_credit_codes(pa.array(texts)).tolist() == [is_credit_code(text) for text in texts]


def test_credit_codes_of_one_person_are_told() -> None:
    assert of_individuals(pa.array(["92350100M000100Y43", "91350100M000100Y43", "92"])).tolist() == [True, False, False]


def test_an_identity_number_tells_the_birth_date_and_who_is_under_fourteen() -> None:
    texts = pa.array([id_card("11010520111124003"), id_card("11010520111125003"), "110101900307123", "x", None])
    assert birth_dates(texts).to_pylist() == [
        datetime.date(2011, 11, 24),
        datetime.date(2011, 11, 25),
        datetime.date(1990, 3, 7),
        None,
        None,
    ]
    assert under_14(texts, datetime.date(2025, 11, 24)).to_pylist() == [False, True, False, None, None]
    assert under_14(texts, datetime.date(2024, 2, 29)).to_pylist() == [True, True, False, None, None]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("138****1234", 1e4),
        ("*******1234", 5.2e5),
        ("136*******5", 1e7),
        ("1********35", 5.2e7),
        ("1*********5", 5.2e8),
        ("140****1234", 1e4),
        ("13800138000", 1.0),
    ],
)
def test_how_many_mobiles_may_be_meant(text: str, left: float) -> None:
    assert mobiles_left(pa.array([text])).tolist() == [left]


def test_how_many_names_and_addresses_may_be_meant_at_most() -> None:
    assert np.isnan(mobiles_left(pa.array(["138", "张*"]))).all()
    assert names_left(pa.array(["张*", "张*甲", "张**"])).tolist() == [8105, 8105, 8105**2]
    found = addresses_left(pa.array(["人民路**号*幢***室", "花**路*号", "文一西路****"]))
    assert found.tolist() == [1e6, 8105.0**2 * 10, 1e4]
