"""Spellings of one identifier become one; two identifiers never do."""

import pickle

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.kinds import KINDS, kind_named
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.normal import PLAIN, normalized

from ..kit.examples import examples

ONE = [
    "13800138000",
    "138 0013 8000",
    "138-0013-8000",
    "+8613800138000",
    "+86 138 0013 8000",
    "8613800138000",
    "008613800138000",
    "86-13800138000",
    "(86)13800138000",
    "13800138000 ",
    "１３８００１３８０００",
    "＋86 138\u30000013\u30008000",
]
OTHERS = [
    "19203868088",
    "17078320056",
    "+852 9123 4567",
    "0912-345-678",
    "+1 512 555 0142",
    "(512) 555-0142",
    "+18665391234",
    "0571-88157799",
    "400-820-8820",
    "13800138000,13900139000",
    "13800138000/张三",
    "138****8000",
    "13800138000-1234",
    "unknown",
    "",
]
SPELLINGS = {
    "landline": (["0571-88157799", "(0571)88157799", "+86 571 88157799", "0086-571-88157799"], "057188157799"),
    "email": ([" C1@Example.com", "c1@example.com ", "C1@EXAMPLE.COM"], "c1@example.com"),
    "order_number": (["17850", "17850.0", " 17850\u3000"], "17850"),
    "tracking_number": (["SF1234567890", " SF1234567890 "], "SF1234567890"),
    "platform_id": (["17850", "17850.0"], "17850"),
    "id_card": (
        ["110101 19900307 123x", "11010119900307123X", "１１０１０１１９９００３０７１２３x"],
        "11010119900307123X",
    ),
    "bank_card": (["6222 0212 3456 7890", "6222-0212-3456-7890"], "6222021234567890"),
    "passport": (["e12345678", "E 12345678"], "E12345678"),
    "plate": (["沪a·12345", "沪A12345"], "沪A12345"),
}


def spelt(values, kind):
    return normalized(pa.array(values, pa.string()), kind.normal).to_pylist()


def test_one_mobile_has_one_spelling_and_other_numbers_keep_their_own():
    assert {*spelt(ONE, MOBILE)} == {"13800138000"}
    assert spelt(OTHERS, MOBILE) == OTHERS


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_of_one_value_of_a_kind_are_one(name):
    texts, one = SPELLINGS[name]
    assert {*spelt([*texts, one], kind_named(name))} == {one}


def test_a_plain_identifier_loses_the_point_that_pandas_gave_it_and_nothing_else():
    texts = pa.array(["17850.0", "1.50", "1.0.0", " 5.0", "'1", "A.0", None])
    assert normalized(texts, PLAIN).to_pylist() == ["17850", "1.50", "1.0.0", " 5.0", "'1", "A.0", None]


def test_what_is_in_one_spelling_already_is_the_very_column():
    for column in (pa.array(["13800138000", None]), pa.array(["13800138000", None]).dictionary_encode()):
        assert normalized(column, MOBILE.normal) is column


NORMAL = [kind for kind in KINDS if kind.normal is not None]
TEXTS = st.text(st.sampled_from("0123456789.+-() （）xX@aA·沪\u3000１"), max_size=20)


@examples(5)
@given(st.lists(st.one_of(st.none(), TEXTS), max_size=20), st.sampled_from(NORMAL))
def test_a_spelling_is_settled_and_a_value_stands_by_itself(values, kind):
    once = spelt(values, kind)
    assert spelt(once, kind) == once
    assert [spelt([value], kind)[0] for value in values] == once


@examples(5)
@given(st.lists(TEXTS, min_size=1, max_size=20), st.sampled_from([kind for kind in NORMAL if not kind.shared]))
def test_what_becomes_one_value_was_one_person_already(values, kind):
    """Persons are counted by `identity_text`: no normal spelling joins two values that are two persons there."""
    persons = identity_text(pa.array(values), kind).to_pylist()
    for left, one in zip(persons, spelt(values, kind), strict=True):
        for right, other in zip(persons, spelt(values, kind), strict=True):
            assert one != other or left == right


def test_kinds_say_in_a_label_what_is_done():
    assert all(kind.normal.told and kind.normal.told[0].islower() for kind in NORMAL)
    assert all(pickle.loads(pickle.dumps(kind)).normal is kind.normal for kind in KINDS)
