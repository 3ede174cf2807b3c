import datetime
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from ffx import FF1
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.fpe import Fpe
from beam_deid.transforms.actions.shapes import PRESETS
from beam_deid.transforms.actions.shapes.characters import ALPHABETS
from beam_deid.transforms.recognisers.bank_card import is_luhn
from beam_deid.transforms.recognisers.id_card import CHECKS, WEIGHTS, is_id_card
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.address import ADDRESS
from beam_deid.transforms.recognisers.kinds.id_card import ID_CARD
from beam_deid.transforms.terms import Reason

from .keyring import FixedKeys

TARGET = Target("crm", "field")
KEY = FixedKeys().subkey("fpe", "\0crm\0field").bytes
quick = settings(max_examples=40, deadline=None)


def encrypted(column, keys=None, target=TARGET, **options):
    return Fpe(**options).bind(target, keys or FixedKeys())(column, None)


def restored(column, keys=None, identity=7, target=TARGET, **options):
    return Fpe(**options).restoring(target, keys or FixedKeys(), identity)(column)


def texts(values):
    return pa.array(values, pa.string())


def round_trip(values, **options):
    """The encrypted values, each restored to what it was."""
    treated = encrypted(texts(values), **options)
    assert treated.faults is None
    back = restored(treated.values, **options)
    assert back.faults == ()
    assert back.values.to_pylist() == values
    return treated.values.to_pylist()


def with_check(body):
    return body + CHECKS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def with_luhn(body):
    return next(body + digit for digit in "0123456789" if is_luhn(body + digit))


MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
PROVINCES = st.sampled_from(["11", "13", "21", "33", "44", "50", "65", "71", "81", "83"])
BORN = st.dates(min_value=datetime.date(1900, 1, 1), max_value=datetime.date(2099, 12, 31))
ID_CARDS = st.builds(
    lambda province, rest, born, number: with_check(f"{province}{rest:04d}{born:%Y%m%d}{number:03d}"),
    PROVINCES,
    st.integers(0, 9999),
    BORN,
    st.integers(0, 999),
)
BANK_CARDS = st.from_regex(r"[0-9]{12,18}", fullmatch=True).map(with_luhn)


@quick
@given(st.lists(st.none() | st.just("") | MOBILES, max_size=20), st.booleans())
def test_a_mobile_becomes_a_mobile_and_comes_back(values, keep):
    for before, after in zip(values, round_trip(values, preset="mobile", keep_prefix=keep), strict=True):
        assert (after is None) == (before is None)
        if before:
            assert re.fullmatch(r"1[3-9]\d{9}", after)
            assert not keep or after[:3] == before[:3]


@pytest.mark.parametrize("keep", [True, False])
def test_a_million_mobiles_stay_valid_distinct_and_restorable(keep):
    numbers = np.random.default_rng(3).choice(7 * 10**9, 1_000_000, replace=False) + 13 * 10**9
    column = pa.array(numbers).cast(pa.string())
    treated = encrypted(column, preset="mobile", keep_prefix=keep)
    assert treated.faults is None
    assert pc.all(pc.match_substring_regex(treated.values, "^1[3-9][0-9]{9}$")).as_py()
    assert pc.count_distinct(treated.values).as_py() == 1_000_000
    assert pc.sum(pc.equal(treated.values, column)).as_py() < 10
    assert restored(treated.values, preset="mobile", keep_prefix=keep).values.equals(column)


@pytest.mark.parametrize("head", ["+86", "+86 ", "+86-", "86", "86 ", "86-", "0086", "0086 ", "0086-"])
def test_a_mobile_keeps_its_country_code_and_is_the_same_without_it(head):
    bare, whole = round_trip(["13800138000", f"{head}13800138000"], preset="mobile")
    assert whole == head + bare


def test_tails_of_two_prefixes_are_unrelated():
    one, other = round_trip(["13800138000", "13900138000"], preset="mobile")
    assert one[3:] != other[3:]


@quick
@given(st.lists(ID_CARDS, max_size=20), st.booleans())
def test_an_id_card_stays_valid_and_comes_back(values, keep):
    for before, after in zip(values, round_trip(values, preset="id_card", keep_birth=keep), strict=True):
        assert is_id_card(after)
        assert re.fullmatch(r"[1-8]\d{16}[\dX]", after)
        assert not keep or after[6:14] == before[6:14]


@quick
@given(st.lists(BORN.filter(lambda born: born.year < 2000), max_size=10), st.booleans())
def test_an_id_card_of_fifteen_digits_stays_one(born, keep):
    values = [f"110105{day:%y%m%d}00{place % 10}" for place, day in enumerate(born)]
    for after in round_trip(values, preset="id_card", keep_birth=keep):
        assert is_id_card(after)
        assert len(after) == 15


def test_a_small_x_is_restored_as_the_standards_x():
    small, large = encrypted(texts(["11010519491231002x", "11010519491231002X"]), preset="id_card").values.to_pylist()
    assert small == large
    assert restored(texts([small]), preset="id_card").values.to_pylist() == ["11010519491231002X"]


@quick
@given(st.lists(BANK_CARDS, max_size=20), st.sampled_from([0, 4, 6]))
def test_a_bank_card_keeps_its_issuer_and_passes_luhns_check(values, first):
    for before, after in zip(values, round_trip(values, preset="bank_card", keep_first=first), strict=True):
        assert is_luhn(after)
        assert after[:first] == before[:first]
        assert len(after) == len(before)


def test_an_order_number_keeps_letters_and_separators_where_they_are():
    values = ["E20250111-000123", "4711-2025-0815/AB", "123456789012345678", "000000"]
    for before, after in zip(values, round_trip(values, preset="order_number"), strict=True):
        assert re.sub(r"\d", "0", after) == re.sub(r"\d", "0", before)
        assert after != before


@quick
@given(st.data())
def test_any_alphabet_and_mixed_lengths_come_back(data):
    alphabet = data.draw(
        st.one_of(
            st.sampled_from(sorted(ALPHABETS)),
            st.lists(st.characters(exclude_categories=("Cs", "Cc")), min_size=2, max_size=40, unique=True).map("".join),
        )
    )
    letters = ALPHABETS.get(alphabet, alphabet)
    first = data.draw(st.integers(0, 2))
    last = data.draw(st.integers(0, 2))
    least = next(n for n in range(2, 21) if len(letters) ** n >= 1_000_000)
    inner = st.text(st.sampled_from(letters), min_size=least, max_size=least + 6)
    around = st.text(st.characters(exclude_categories=("Cs",)), min_size=3, max_size=3)
    values = data.draw(st.lists(st.builds(lambda a, i, b: a[:first] + i + b[:last], around, inner, around), max_size=8))
    changed = round_trip(values, alphabet=alphabet, keep_first=first, keep_last=last)
    for before, after in zip(values, changed, strict=True):
        assert (after[:first], len(after)) == (before[:first], len(before))
        assert after[len(after) - last :] == before[len(before) - last :]
        assert set(after[first : len(after) - last]) <= set(letters)


@quick
@given(st.lists(st.text(st.sampled_from("ab1茶😀- "), max_size=30), max_size=8))
def test_characters_that_are_kept_stay_where_they_are(values):
    treated = encrypted(texts(values), alphabet="ab1茶", others="keep")
    for before, after in zip(values, treated.values.to_pylist(), strict=True):
        fits = sum(letter in "ab1茶" for letter in before) >= 10
        assert (after is None) == (bool(before) and not fits)
        if after is not None:
            assert [letter for letter in after if letter in "😀- "] == [letter for letter in before if letter in "😀- "]
    back = restored(treated.values, alphabet="ab1茶", others="keep").values.to_pylist()
    assert [b for b, t in zip(back, treated.values.to_pylist(), strict=True) if t is not None] == [
        v for v, t in zip(values, treated.values.to_pylist(), strict=True) if t is not None
    ]


@pytest.mark.parametrize("alphabet", ["digits", "alphanumeric", "hanzi", "茶酒水🍵"])
@quick
@given(st.data())
def test_it_is_ff1_of_another_implementation(alphabet, data):
    letters = ALPHABETS.get(alphabet, alphabet)
    values = data.draw(st.lists(st.text(st.sampled_from(letters), min_size=12, max_size=24), min_size=1, max_size=5))
    peer = FF1(KEY, alphabet=letters)
    assert round_trip(values, alphabet=alphabet) == [peer.encrypt(value) for value in values]
    kept = [peer.encrypt(value[2:], tweak=value[:2].encode("utf-32-be")) for value in values]
    assert round_trip(values, alphabet=alphabet, keep_first=2) == [v[:2] + k for v, k in zip(values, kept, strict=True)]


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (
            {"preset": "mobile"},
            [
                "12800138000",
                "1380013800",
                "138001380000",
                "138-0013-8000",
                "１３８００１３８０００",
                "+8613800138000x",
                "1 13800138000",
                "x",
                "+86",
            ],
        ),
        (
            {"preset": "id_card"},
            [
                "110105194912310021",
                "11010519491331002X",
                "99010519491231002X",
                "110105491331002",
                "11010518991231002X",
                "1101051949123100",
                "11010519490229002X",
            ],
        ),
        ({"preset": "bank_card"}, ["4111111111111112", "411111111111", "41111111111111111111", "4111-1111-1111-1111"]),
        ({"preset": "order_number"}, ["12345", "ABCDEF", "1-2-3-4-5", "１２３４５６７"]),
        ({"alphabet": "digits"}, ["12345", "12345a", "1234567 ", "-123456", "茶123456"]),
        ({"alphabet": "digits", "keep_first": 3}, ["12345678", "12"]),
        ({"alphabet": "hex"}, ["ABCDEF01"]),
        ({"alphabet": "hanzi"}, ["茶" * 513, "茶" * 70_000]),
    ],
    ids=lambda given: str(given)[:60],
)
def test_what_has_not_the_format_is_a_fault_both_ways(options, values):
    treated = encrypted(texts(values), **options)
    assert treated.faults.to_pylist() == [True] * len(values)
    assert treated.reason is Reason.OUTSIDE_FORMAT
    assert treated.values.null_count == len(values)
    back = restored(texts(values), **options)
    assert [(mask.to_pylist(), reason) for mask, reason in back.faults] == [
        ([True] * len(values), Reason.OUTSIDE_FORMAT)
    ]


def test_a_fault_leaves_its_neighbours_alone():
    treated = encrypted(texts(["13800138000", "x", None, "", "13900139000"]), preset="mobile")
    assert treated.faults.to_pylist() == [False, True, False, False, False]
    alone = encrypted(texts(["13800138000", "13900139000"]), preset="mobile").values.to_pylist()
    assert treated.values.to_pylist() == [alone[0], None, None, "", alone[1]]


def test_domains_releases_fields_and_keys_are_apart():
    column = texts(["13800138000"])
    results = [
        encrypted(column, preset="mobile"),
        encrypted(column, preset="mobile", domain="a"),
        encrypted(column, preset="mobile", domain="b"),
        encrypted(column, preset="mobile", target=Target("x", "field")),
        encrypted(column, preset="mobile", keys=FixedKeys(b"another")),
        encrypted(column, preset="mobile", keys=FixedKeys(identity=8)),
    ]
    assert len({one.values[0].as_py() for one in results}) == len(results)


def test_the_version_that_made_the_values_restores_them():
    old = encrypted(texts(["13800138000"]), preset="mobile", keys=FixedKeys(identity=8)).values
    assert restored(old, preset="mobile", identity=8).values.to_pylist() == ["13800138000"]
    assert restored(old, preset="mobile", identity=7).values.to_pylist() != ["13800138000"]


@pytest.mark.parametrize(("preset", "kind"), [(kind.fpe, kind) for kind in KINDS if kind.fpe])
def test_the_preset_follows_from_the_kind(preset, kind):
    action = Fpe()
    target = Target("crm", "field", kind)
    assert action.check(target) is None
    assert PRESETS[preset].sentence in action.sentence(target)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({}, None, "preset"),
        ({}, ADDRESS, "preset"),
        ({"preset": "mobile", "keep_first": 3}, None, "keep_prefix"),
        ({"preset": "mobile", "keep_birth": True}, None, "keep_birth"),
        ({"alphabet": "digits", "keep_prefix": True}, None, "keep_first"),
        ({"preset": "order_number", "others": "keep"}, None, "no option"),
        ({"preset": "mobile"}, ID_CARD, "id_card"),
    ],
)
def test_options_that_do_not_go_together_are_told(options, kind, said):
    assert said in Fpe(**options).check(Target("crm", "field", kind))


@pytest.mark.parametrize(
    "options",
    [
        {"preset": "mobile", "alphabet": "digits"},
        {"alphabet": "a"},
        {"alphabet": "aba"},
        {"alphabet": "ab\n"},
        {"preset": "email"},
        {"keep_first": -1},
        {"others": "mask"},
        {"tweak": "x"},
    ],
)
def test_wrong_options_are_refused(options):
    with pytest.raises(ValidationError):
        parse_action({"fpe": options})
