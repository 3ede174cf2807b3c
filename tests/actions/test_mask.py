import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.mask import Mask
from beam_deid.transforms.actions.masks.presets import PRESETS
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.bank_card import BANK_CARD
from beam_deid.transforms.recognisers.kinds.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.kinds.email_address import EMAIL
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.recognisers.kinds.invoice_title import INVOICE_TITLE
from beam_deid.transforms.recognisers.kinds.landline import LANDLINE
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.order_number import ORDER_NUMBER
from beam_deid.transforms.recognisers.kinds.passport import PASSPORT
from beam_deid.transforms.recognisers.kinds.person_name import PERSON_NAME
from beam_deid.transforms.recognisers.kinds.plate import PLATE
from beam_deid.transforms.recognisers.kinds.privacy_number import PRIVACY_NUMBER
from beam_deid.transforms.recognisers.kinds.wechat import WECHAT
from beam_deid.transforms.terms import Recoverability

from ..kit.fixed_keys import FixedKeys


def masked(options, *values, kind=None):
    action = parse_action({"mask": options})
    return action.bind(Target("r", "f", kind), FixedKeys())(pa.array(values, pa.string()), None).values.to_pylist()


@pytest.mark.parametrize(
    ("options", "value", "expected"),
    [
        ({"keep_first": 1}, "张小三", "张**"),
        ({"keep_last": 2}, "abcdef", "****ef"),
        ({"keep_first": 1, "keep_last": 1}, "abcd", "a**d"),
        ({"keep_first": 1, "keep_last": 1}, "ab", "**"),
        ({"keep_first": 3, "keep_last": 4}, "1234567", "*******"),
        ({"keep_first": 3}, "ab", "**"),
        ({"keep_first": 0}, "abc", "***"),
        ({"keep_first": 1, "char": "#"}, "😀😀", "😀#"),
        ({"keep_first": 1}, "x" + "y" * 100, "x" + "*" * 100),
        ({"from": 4, "to": 7}, "13800138000", "138****8000"),
        ({"from": 1, "to": 2}, "abcd", "**cd"),
        ({"from": 2, "to": 9}, "abcd", "a***"),
        ({"from": 5, "to": 9}, "abcd", "****"),
        ({"from": 4, "to": 7}, "abc", "***"),
        ({"before": "@"}, "user@b.cn", "****@b.cn"),
        ({"before": "@"}, "@b.cn", "*****"),
        ({"before": "@"}, "user", "****"),
        ({"before": "@"}, "a@b@c", "*@b@c"),
        ({"after": "@"}, "a@b@c", "a@***"),
        ({"after": "@"}, "user@", "*****"),
        ({"after": "市"}, "杭州市西湖区", "杭州市***"),
    ],
)
def test_a_mask_hides_what_it_says(options, value, expected):
    assert masked(options, value, None, "") == [expected, None, ""]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (PERSON_NAME, "张三", "张*"),
        (PERSON_NAME, "张小三", "张*三"),
        (PERSON_NAME, "欧阳修", "欧阳*"),
        (PERSON_NAME, "欧阳小三", "欧阳**"),
        (PERSON_NAME, "欧阳", "欧*"),
        (PERSON_NAME, "张", "*"),
        (PERSON_NAME, "阿不都·热合曼", "阿*****曼"),
        (PERSON_NAME, "Jane Roe", "J*******"),
        (MOBILE, "13800138000", "138****8000"),
        (MOBILE, "+86 138 0013 8000", "138****8000"),
        (MOBILE, "138-0013-8000", "138****8000"),
        (MOBILE, "138001380001", "************"),
        (MOBILE, "１３８００１３８０００", "***********"),
        (MOBILE, "~AgAAAA~4~", "**********"),
        (LANDLINE, "010-62345678", "010*******78"),
        (LANDLINE, "05716234567", "0571*****67"),
        (LANDLINE, "0571-62345678-12", "0571************"),
        (ID_CARD, "11010519491231002X", "1" + "*" * 16 + "X"),
        (ID_CARD, "110105", "******"),
        (BANK_CARD, "6222020000000000000", "*" * 15 + "0000"),
        (BANK_CARD, "62220", "*****"),
        (PLATE, "京AD12345", "京A*****5"),
        (PRIVACY_NUMBER, "18800000000-1234", "188" + "*" * 13),
        (PRIVACY_NUMBER, "18800000000", "*" * 11),
        (PASSPORT, "E12345678", "E*******8"),
        (CREDIT_CODE, "92350100M000100Y43", "92" + "*" * 15 + "3"),
        (WECHAT, "some_name1", "s*********"),
        (INVOICE_TITLE, "杭州张三餐饮店", "杭州***饮店"),
        (INVOICE_TITLE, "张小三", "张*三"),
        (EMAIL, "user@example.com", "u***@example.com"),
        (EMAIL, "u@example.com", "*@example.com"),
        (EMAIL, "no address", "**********"),
        (EMAIL, "a@b@c", "*****"),
    ],
)
def test_the_kind_of_a_field_implies_its_mask(kind, value, expected):
    assert masked({}, value, kind=kind) == [expected]


@pytest.mark.parametrize(
    ("address", "province", "city", "district"),
    [
        ("浙江省杭州市西湖区文三路1号", "浙江省", "浙江省杭州市", "浙江省杭州市西湖区"),
        ("杭州市西湖区文三路", "浙江省", "浙江省杭州市", "浙江省杭州市西湖区"),
        ("浙江 杭州 西湖区 文三路", "浙江省", "浙江省杭州市", "浙江省杭州市西湖区"),
        ("北京北京市朝阳区建国路", "北京市", "北京市", "北京市朝阳区"),
        ("北京朝阳区建国路", "北京市", "北京市", "北京市朝阳区"),
        ("上海市南京东路100号", "上海市", "上海市", "上海市"),
        ("南京东路100号", "***", "***", "***"),
        ("吉林市船营区", "吉林省", "吉林省吉林市", "吉林省吉林市船营区"),
        ("广东省东莞市南城街道", "广东省", "广东省东莞市", "广东省东莞市"),
        ("湖北省仙桃市沔阳大道", "湖北省", "湖北省仙桃市", "湖北省仙桃市"),
        ("新疆石河子市东城街道", "新疆维吾尔自治区", "新疆维吾尔自治区石河子市", "新疆维吾尔自治区石河子市"),
        ("浙江省某处1号", "浙江省", "浙江省", "浙江省"),
        ("某小区5幢", "***", "***", "***"),
    ],
)
def test_an_address_is_cut_to_a_division(address, province, city, district):
    assert masked({"preset": "address", "division": "province"}, address, None, "") == [province, None, ""]
    assert masked({"preset": "address"}, address) == [city]
    assert masked({"division": "district"}, address, kind=ADDRESS) == [district]


@given(
    st.text(min_size=1),
    st.sampled_from(
        [{"keep_first": 2, "keep_last": 2}, {"from": 2, "to": 3}, {"before": "a"}, {"after": "a"}]
        + [{"preset": name} for name in ("person_name", "mobile", "landline", "id_card", "bank_card", "plate", "email")]
    ),
)
def test_no_mask_lets_a_whole_value_through(value, options):
    (result,) = masked({**options, "char": "\u2588"}, value)
    assert result != value or set(value) == {"\u2588"}
    assert "\u2588" in result


@given(st.text(alphabet="浙江省杭州市西湖区北京朝阳吉林海南东路123号 -", max_size=25))
def test_what_is_left_of_an_address_is_made_of_names(text):
    (result,) = masked({"preset": "address", "division": "district"}, text)
    assert not set(result) & set("123路号 -")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"keep_first": 1, "before": "@"}, "one way of masking only"),
        ({"preset": "mobile", "keep_last": 4}, "one way of masking only"),
        ({"from": 4}, "from and to go together"),
        ({"from": 4, "to": 3}, "from must not be greater than to"),
        ({"keep_first": 1, "division": "city"}, "division goes with preset"),
        ({"keep_first": 1, "char": "**"}, "one printable character"),
        ({"keep_first": -1}, "greater than or equal to 0"),
        ({"preset": "phone"}, "'person_name'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, expected):
    with pytest.raises(ValidationError, match=expected):
        parse_action({"mask": options})


def test_a_mask_without_options_needs_a_kind_that_implies_one():
    assert "say keep_first" in (Mask().check(Target("r", "f", ORDER_NUMBER)) or "")
    assert Mask().check(Target("r", "f", MOBILE)) is None


def test_an_address_cut_to_a_division_counts_as_generalized_and_all_else_as_partial():
    assert Mask().recoverability(Target("r", "f", ADDRESS)) is Recoverability.GENERALIZED
    assert Mask(preset="address").recoverability(Target("r", "f")) is Recoverability.GENERALIZED
    assert Mask(keep_first=0).recoverability(Target("r", "f", ADDRESS)) is Recoverability.PARTIAL


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_told_with_the_right_article(name):
    said = PRESETS[name].sentence("field", None)
    vowel = re.search(r" an? [aeiou]", said) is not None
    assert (" an " in said) == vowel
