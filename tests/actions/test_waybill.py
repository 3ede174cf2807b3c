"""The mask of an express waybill: what it must hide, and what is said of masks that hide less."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.recognisers.kinds import kind_named
from beam_deid.transforms.synthetic.addresses import places
from beam_deid.transforms.synthetic.chance import Chance
from beam_deid.transforms.terms import Recoverability

from ..kit.examples import examples
from .test_mask import masked

FORMS = (
    "{0}",
    "+86 {0}",
    "{0}-123",
    "{0}转1234",
    "010-{1}",
    "0571-{1}",
    "0571 {2}-12",
    "{0[0]}{0[1]}{0[2]}****{0[7]}{0[8]}{0[9]}{0[10]}",
    "{2}",
    "+44 20 {1}",
)


def waybill(kind, *values):
    return masked({"preset": "waybill"}, *values, kind=kind_named(kind))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("person_name", "张", "*"),
        ("person_name", "张三", "张*"),
        ("person_name", "张小三", "张*三"),
        ("person_name", "欧阳小三", "欧阳**"),
        ("person_name", "张*", "张*"),
        ("person_name", "J", "*"),
        ("mobile", "13800138000", "*******8000"),
        ("mobile", "+86 138-0013-8000", "*******8000"),
        ("mobile", "138****8000", "*******8000"),
        ("mobile", "*******8000", "*******8000"),
        ("mobile", "1*********0", "***********"),
        ("mobile", "18877771111-123", "188************"),
        ("landline", "010-62345678", "010*********"),
        ("landline", "0571 6234567-12", "0571***********"),
        ("landline", "62345678", "********"),
        ("privacy_number", "18877771111转1234", "188*************"),
        ("address", "浙江省杭州市西湖区文三路12号301室", "浙江省杭州市西湖区文三路12号***"),
        ("address", "杭州市西湖区文三路12号楼3单元301", "浙江省杭州市西湖区***"),
        ("address", "上海市徐汇区漕溪路5弄12号301", "上海市徐汇区漕溪路5弄12号***"),
        ("address", "501室文三路12号", "***"),
        ("address", "幸福小区3-2-501", "***"),
        ("address", "浙江省杭州市西湖区文三**路**号某某住宅区**-*-*", "浙江省杭州市西湖区文三**路**号***"),
    ],
)
def test_what_it_leaves(kind, value, expected):
    assert waybill(kind, value) == [expected]


@examples(0.5)
@given(
    st.sampled_from(FORMS),
    st.integers(10_000_000, 99_999_999),
    st.sampled_from(["mobile", "landline", "privacy_number"]),
)
def test_six_digits_of_a_telephone_are_hidden_or_all_of_them(form, number, kind):
    digits = str(number)
    value = form.format(f"138{digits}", f"6{digits[1:]}", f"6{digits[2:]}")
    (left,) = waybill(kind, value)
    before = sum(character.isdigit() or character == "*" for character in value.removeprefix("+86 "))
    assert sum(character.isdigit() for character in left) <= max(0, before - 6)


@examples(0.5)
@given(st.text(min_size=1, max_size=8))
def test_a_character_of_a_name_is_hidden_at_least(name):
    (left,) = waybill("person_name", name)
    assert left != name or "*" in name
    assert "*" in left


def test_no_unit_and_no_room_is_left_of_generated_addresses():
    whole = places(Chance(1), np.arange(2_000)).address.to_pylist()
    left = waybill("address", *whole)
    assert len(set(whole)) > 1_000
    assert not any(word in one for one in left for word in ("单元", "室", "幢", "栋", "号楼"))
    assert all(one.endswith("***") for one in left)
    shown = sum("号***" in one for one in left)
    assert shown > 0.3 * len(left)


@pytest.mark.parametrize(
    ("options", "kind", "told"),
    [
        ({}, "mobile", "hides 4 of"),
        ({"keep_first": 3, "keep_last": 4}, "mobile", "hides 4 of"),
        ({"from": 4, "to": 7}, "mobile", "hides 4 of"),
        ({}, "landline", "hides 5 of"),
        ({"after": "-"}, "landline", "hides 1 of"),
        ({"keep_first": 6}, "address", "unit and room"),
        ({"keep_last": 4}, "mobile", ""),
        ({"preset": "waybill"}, "mobile", ""),
        ({}, "privacy_number", ""),
        ({}, "person_name", ""),
        ({}, "address", ""),
        ({"keep_first": 1}, None, ""),
    ],
)
def test_a_mask_that_shows_more_is_told(options, kind, told):
    target = Target("r", "f", None if kind is None else kind_named(kind))
    notes = parse_action({"mask": options}).notes(target)
    assert [told in note for note in notes] == ([True] if told else [])


def test_it_fits_names_telephones_and_addresses_alone():
    action = parse_action({"mask": {"preset": "waybill"}})
    assert "fits a field of kind person_name, mobile" in str(action.check(Target("r", "f")))
    assert "declare the field's kind" in str(action.check(Target("r", "f", kind_named("email"))))
    assert action.check(Target("r", "f", kind_named("address"))) is None
    assert action.recoverability(Target("r", "f", kind_named("address"))) is Recoverability.PARTIAL


@pytest.mark.parametrize("kind", ["mobile", "landline"])
def test_numbers_that_look_as_if_they_could_be_dialled_are_told(kind):
    options = {} if kind == "mobile" else {"alphabet": "digits", "others": "keep"}
    action = parse_action({"fpe": {"domain": "d", **options}})
    (note,) = action.notes(Target("r", "f", kind_named(kind)))
    assert "nobody may ring them" in note
    assert not parse_action({"fpe": {"domain": "d"}}).notes(Target("r", "f", kind_named("id_card")))
