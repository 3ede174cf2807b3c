"""Roles: what is not known is personal, and what names or numbers people is a direct identifier."""

import random

import pytest

from beam_deid.transforms.drafting.judging import most_personal
from beam_deid.transforms.recognisers.kinds.decimal_number import DECIMAL
from beam_deid.transforms.recognisers.kinds.free_text import FREE_TEXT
from beam_deid.transforms.recognisers.kinds.integer import INTEGER
from beam_deid.transforms.recognisers.kinds.mobile import MOBILE
from beam_deid.transforms.recognisers.kinds.platform_ciphertext import PLATFORM_CIPHERTEXT
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.terms import Role

from .columns import drafted, judged

ROWS = 400
DIRECT = (Role.DIRECT,)
QUASI = (Role.QUASI,)
RANDOM = random.Random(3)
MOBILES = [f"138{RANDOM.randrange(10**8):08}" for _ in range(ROWS)]


def role(**columns):
    (name,) = columns
    return judged(drafted(**columns), name)


def test_unknown_text_of_many_values_is_a_direct_identifier_and_a_person_decides():
    one = role(zzz=[f"v{i}" for i in range(ROWS)])
    assert one.role == DIRECT
    assert one.todo


def test_unknown_text_of_few_values_is_a_quasi_identifier_and_a_person_decides():
    one = role(zzz=["x", "y"] * (ROWS // 2))
    assert one.role == QUASI
    assert one.todo


def test_unknown_whole_numbers_that_do_not_repeat_are_a_direct_identifier():
    assert role(zzz=list(range(ROWS))).role == DIRECT
    assert role(zzz=[i % 60 for i in range(ROWS)]).role == QUASI


def test_long_texts_are_a_direct_identifier_even_where_they_repeat():
    assert role(zzz=[f"{i % 40} words and words and words and words" for i in range(ROWS)]).role == DIRECT


def test_unknown_times_are_a_quasi_identifier():
    one = role(zzz=[f"2025-01-{1 + i % 28:02} 10:00:00" for i in range(ROWS)])
    assert (one.role, one.kind, one.todo) == (QUASI, TIMESTAMP, "")


def test_mobiles_are_found_whatever_the_column_is_called():
    one = role(status=MOBILES)
    assert (one.role, one.kind) == (DIRECT, MOBILE)
    assert any("valid mobile" in reason for reason in one.reasons)


def test_a_mobile_in_a_thousand_texts_makes_free_text_of_them():
    one = role(category=["tea", "cups"] * 499 + [f"call {MOBILES[0]}"])
    assert (one.role, one.kind) == (DIRECT, FREE_TEXT)


def test_amounts_that_look_like_something_by_chance_stay_amounts():
    one = role(payment=[f"{RANDOM.randrange(100, 10**6) / 100:.2f}" for _ in range(ROWS)])
    assert (one.role, one.kind) == (QUASI, DECIMAL)


def test_masked_values_are_quasi_identifiers_and_in_no_release():
    draft = drafted(zzz=[f"{mobile[:3]}****{mobile[-4:]}" for mobile in MOBILES])
    assert judged(draft, "zzz").role == QUASI
    assert draft.release.empty


def test_platform_ciphertext_is_a_direct_identifier_under_any_name():
    from beam_deid.transforms.synthetic.platforms import platform_batches

    (batch,) = platform_batches("pinduoduo", ROWS)
    one = role(category=batch.column("receiver_name").to_pylist())
    assert (one.role, one.kind) == (DIRECT, PLATFORM_CIPHERTEXT)


def test_a_column_without_values_is_a_direct_identifier_and_a_person_decides():
    one = role(city=[None, ""] * 10)
    assert one.role == DIRECT
    assert one.is_empty


def test_choices_with_as_many_choices_as_values_are_taken_for_names():
    assert role(gender=[f"g{i}" for i in range(ROWS)]).role == DIRECT
    assert role(gender=["f", "m"] * 200).role == QUASI


def test_a_name_that_its_values_belie_stays_direct_and_a_person_decides():
    one = role(mobile=["yes", "no"] * 200)
    assert one.role == DIRECT
    assert one.todo


@pytest.mark.parametrize(
    ("values", "kind"),
    [(["1", "2", "3"] * 40, INTEGER), (["1.5", "2.25"] * 60, DECIMAL), (["1.5", "x"] * 60, None)],
)
def test_a_kind_is_only_declared_where_every_value_can_be_read_so(values, kind):
    one = role(quantity=values)
    assert one.kind is kind


def test_codes_get_no_kind_that_would_reject_a_letter():
    assert role(store_id=["101", "102"] * 60).kind is None


def test_the_most_personal_role_counts():
    assert most_personal(QUASI, DIRECT, (Role.SENSITIVE,)) == DIRECT
    assert most_personal((Role.SENSITIVE,), QUASI) == (Role.QUASI, Role.SENSITIVE)
    assert most_personal((Role.INSENSITIVE,), QUASI) == QUASI
    assert most_personal((Role.INSENSITIVE,)) == (Role.INSENSITIVE,)
