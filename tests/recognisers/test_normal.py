"""Spellings of one identifier become one; two identifiers never do."""

import pickle
import re
from unicodedata import normalize

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.recognisers.identity import identity_text
from beam_deid.transforms.recognisers.kinds import KINDS, kind_named
from beam_deid.transforms.recognisers.kinds.credit_code import CREDIT_CODE
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.normal import PLAIN
from beam_deid.transforms.recognisers.one_spelling import normalized

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
PLAINLY = {
    "mobile": ("13800138000", "13800138001"),
    "landline": ("057188157799",),
    "id_card": ("11010519491231002X", "110105194912310029", "110105491231002"),
    "bank_card": ("6222020200112233", "62220202001122330", "622202020011223"),
    "credit_code": ("91310000MA1K3XYZ0X", "913100001234567890"),
    "passport": ("E12345678", "G1234567"),
    "plate": ("沪A12345", "沪AD12345"),
    "email": ("c1@example.com",),
    "order_number": ("17850", "2020000000000000001"),
}
"""Values of kinds, each in its own plain spelling."""


def spelt(values, kind):
    return normalized(pa.array(values, pa.string()), kind, kind.normal or PLAIN).to_pylist()


def test_one_mobile_has_one_spelling_and_other_numbers_keep_their_own():
    assert {*spelt(ONE, MOBILE)} == {"13800138000"}
    assert spelt(OTHERS, MOBILE) == OTHERS


@pytest.mark.parametrize("name", SPELLINGS)
def test_spellings_of_one_value_of_a_kind_are_one(name):
    texts, one = SPELLINGS[name]
    assert {*spelt([*texts, one], kind_named(name))} == {one}


def test_a_plain_identifier_loses_the_point_that_pandas_gave_it_and_nothing_else():
    texts = pa.array(["17850.0", "1.50", "1.0.0", " 5.0", "'1", "A.0", None])
    assert normalized(texts, None, PLAIN).to_pylist() == ["17850", "1.50", "1.0.0", " 5.0", "'1", "A.0", None]


def test_what_is_in_one_spelling_already_is_the_very_column():
    for column in (pa.array(["13800138000", None]), pa.array(["13800138000", None]).dictionary_encode()):
        assert normalized(column, MOBILE, MOBILE.normal) is column


NORMAL = [kind for kind in KINDS if kind.normal is not None]
TEXTS = st.text(st.sampled_from("0123456789.+-() （）xX@aA·沪\u3000１"), max_size=20)


@examples(5)
@given(st.lists(st.one_of(st.none(), TEXTS), max_size=20), st.sampled_from(NORMAL))
def test_a_spelling_is_settled_and_a_value_stands_by_itself(values, kind):
    once = spelt(values, kind)
    assert spelt(once, kind) == once
    assert [spelt([value], kind)[0] for value in values] == once


PIECES = ["", "", "", "", " ", "-", ".", "·", "(", "/", "'", "\u3000", "\u200b", "\u00ad", "－"]


@st.composite
def spellings(draw):
    """A kind, and values of it as people, pandas and spreadsheets may write them: whole ones, and some that lack their end."""
    kind = draw(st.sampled_from(KINDS))
    plain = PLAINLY.get(kind.name, ("17850",))
    values = []
    for _ in range(draw(st.integers(1, 12))):
        value = draw(st.sampled_from(plain))
        value = value[: len(value) - draw(st.sampled_from([0, 0, 0, 1, 2]))]
        between = draw(st.lists(st.sampled_from(PIECES), min_size=len(value), max_size=len(value)))
        before = draw(st.sampled_from(["", "", "+86", "0086 ", "'", "\u200b'", "\u3000"]))
        behind = draw(st.sampled_from(["", "", ".0", ".0", ".00", ". 0", "．０", "...", "*", " "]))
        some = draw(st.booleans())
        body = "".join(map(str.__add__, value, between)) if some else value
        values.append(f"{before}{body}{behind}")
    return kind, values


def assert_one_value_is_one_person(kind, values):
    persons = identity_text(pa.array(values, pa.string()), kind).to_pylist()
    of = {}
    for person, value in zip(persons, spelt(values, kind), strict=True):
        assert of.setdefault(value, person) == person


@examples(20)
@given(spellings())
def test_what_becomes_one_value_was_one_person_already(given):
    """Persons are counted by `identity_text`: no normal spelling joins two values that are two persons there."""
    assert_one_value_is_one_person(*given)


@examples(5)
@given(st.sampled_from(KINDS), st.lists(st.one_of(TEXTS, st.text(max_size=12)), min_size=1, max_size=20))
def test_nor_does_it_join_two_persons_of_any_text(kind, values):
    assert_one_value_is_one_person(kind, values)


@pytest.mark.parametrize("kind", KINDS)
def test_a_spelling_whose_person_is_another_stays(kind):
    """A firm in 60 spellings passed for 46, for its spellings were one token, and several persons."""
    plain = PLAINLY.get(kind.name, ("17850",))[0]
    signs = [*PIECES, "...", "*", "_", "转", "\u202d", "#"]
    values = [f"{plain[:place]}{sign}{plain[place:]}" for sign in signs for place in range(len(plain) + 1)]
    values += [f"{plain}{end}" for end in (".0", ".00", "0", ".")]
    assert_one_value_is_one_person(kind, values)


def test_spellings_of_one_firm_are_one_person_and_one_value():
    code = "91310000MA1K3XYZ0X"
    values = [code, code.lower(), *(f"91310000{sign}{code[8:]}" for sign in "-·. "), f"(91310000){code[8:]}"]
    assert {*spelt(values, CREDIT_CODE)} == {code}
    assert {*identity_text(pa.array(values), CREDIT_CODE).to_pylist()} == {code.lower()}


@examples(5)
@given(spellings())
def test_persons_of_grouped_kinds_are_joined_by_more_than_those_of_others(given):
    """What was one person before a kind was grouped is one still, so that registers of earlier runs are never read finer."""
    kind, values = given
    alike = (
        Kind(kind.name, category=None, respelled=kind.respelled),
        Kind(kind.name, category=None, respelled=kind.respelled, grouped=True),
    )
    before, now = (identity_text(pa.array(values, pa.string()), one).to_pylist() for one in alike)
    of = {}
    for person, joined in zip(before, now, strict=True):
        assert of.setdefault(person, joined) == joined


def test_plain_spellings_have_the_identities_that_registers_know():
    for name, values in PLAINLY.items():
        lower = [value.lower() for value in values]
        assert identity_text(pa.array(values), kind_named(name)).to_pylist() == lower


@pytest.mark.parametrize(
    ("name", "value", "one"),
    [
        ("mobile", "13800138000.0", "13800138000"),
        ("mobile", "8613800138000.0", "13800138000"),
        ("mobile", "1380013800.0", "1380013800"),
        ("mobile", "138 0013 800.0", "138 0013 800.0"),
        ("mobile", "138.0013.800.0", "138.0013.800.0"),
        ("mobile", "138.0013.8000", "13800138000"),
        ("landline", "057188157799.0", "057188157799"),
        ("id_card", "110105491231002.0", "110105491231002"),
        ("id_card", "11010549123100.0", "11010549123100"),
        ("bank_card", "622202020011223.0", "622202020011223"),
        ("bank_card", "6222020200112233.0", "6222020200112233"),
        ("bank_card", "6222 0202 0011 2233.0", "6222020200112233"),
        ("bank_card", "6222020200112233.00", "6222020200112233.00"),
        ("bank_card", "6222.0202.0011.0000", "6222020200110000"),
        ("passport", "E1234567.0", "E1234567.0"),
        ("credit_code", "91310000123456789.0", "91310000123456789"),
    ],
)
def test_what_pandas_put_behind_a_number_is_taken_off_and_never_one_of_its_digits(name, value, one):
    """A card's zero became one of its digits, so that it was another person's card, and 13800138000.0 kept its point."""
    assert spelt([value], kind_named(name)) == [one]


def digits(text, kind):
    """The digits of a text but for a zero behind a point at its end, and for what stands before a number called from afar."""
    plain = re.sub(r"[^0-9.]", "", normalize("NFKC", text))
    found = re.sub(r"[^0-9]", "", re.sub(r"\.0\Z", "", plain))
    return re.sub(r"\A(?:(?:00)?86)?0?", "", found) if kind in ("mobile", "landline") else found


@examples(20)
@given(spellings())
def test_no_spelling_changes_the_digits_of_a_number(given):
    kind, values = given
    assert [digits(one, kind) for one in spelt(values, kind)] == [digits(value, kind) for value in values]


def test_kinds_say_in_a_label_what_is_done():
    assert all(kind.normal.told and kind.normal.told[0].islower() for kind in NORMAL)
    assert all(pickle.loads(pickle.dumps(kind)).normal is kind.normal for kind in KINDS)
