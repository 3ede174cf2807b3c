"""Bad input: what the subject and the identities of a source do not say. Black box, one run or two each.

Every run ends with a clear message, or with a label whose failing line says what was not measured; every record that was
read is in one place; nothing that stood there before is lost. Beside each fault stands the honest twin: a shop's telephone
on half of the orders, or an identity that hardly any row has, does not spoil a release that holds.
"""

import dataclasses
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ...kit.crowds import crowd, grid, mobile, turn
from ...kit.policies import policy, release, roles
from .balance import balanced
from .kit import Case, carry_out, judge, run

CITIES = ["城0", "城1", "城2", "城3"]
ITEMS = ["食品", "图书", "衣服", "药品"]
PHONE = roles(direct="buyer phone:mobile", quasi="city", sensitive="category")
TWO_KINDS = roles(direct="buyer phone:mobile mail:email", quasi="city", sensitive="category")
BUYER = roles(direct="buyer", quasi="city", sensitive="category")
NOBODY = roles(quasi="city", sensitive="category")
KEPT = release("public", "city category")


def shop(persons=100, **columns):
    """In each of four cities `persons` people with a row each, a quarter of them for each of four things."""
    return crowd(grid(city=CITIES), persons, category=lambda who: turn(ITEMS, who.person), **columns)


def nobody(persons=100):
    return shop(persons, buyer=None)


# A subject that is null in a tenth of the rows


def tenth_null(persons):
    """Null in every tenth row of each group of city and thing."""
    return shop(persons, buyer=lambda who: None if who.person // 4 % 10 == 9 else f"u{who.number}")


def tenth_null_in_one_city():
    """Null in all rows of one of ten cities, and in no other."""
    return crowd(
        grid(city=[f"城{city}" for city in range(10)]),
        100,
        category=lambda who: turn(ITEMS, who.person),
        buyer=lambda who: None if who.cell == 0 else f"u{who.number}",
    )


# Identities of two kinds that disagree


def households(sharing):
    """Everybody has a mail address, and `sharing` people of one city, who bought the same, a mobile."""
    return shop(
        200,
        mail=lambda who: f"m{who.number}@example.cn",
        phone=lambda who: mobile(1000 * who.cell + 4 * (who.person // 4 // sharing) + who.person % 4),
    )


def many_phones():
    """The other way about: one buyer's name stands for all of a city's rows, and each row has a mobile of its own."""
    return shop(100, buyer=lambda who: f"account{who.cell}", phone=lambda who: mobile(who.number))


# An identity that 2 % of the rows have


def rarely_filled(one_group):
    """Mobiles in 2 % of 2,000 rows: of everywhere, each its own, or all rows of one city and thing, and one mobile."""

    def phone(who):
        if one_group:
            return mobile(7) if who.cell == 0 and who.person % 4 == 0 and who.person < 160 else None
        return mobile(who.number) if who.number % 50 == 0 else None

    # In the other guise the city's first thing is bought by those 40 alone.
    def category(who):
        if one_group and who.cell == 0 and who.person >= 160:
            return turn(ITEMS[1:], who.person)
        return turn(ITEMS, who.person)

    return crowd(grid(city=CITIES), 500, phone=phone, category=category)


# One value for half of the persons


def shop_phone(persons, cities=4):
    """Half of the buyers, or one in two of those of each thing, gave the shop's own telephone."""
    return crowd(
        grid(city=[f"城{city}" for city in range(cities)]),
        persons,
        category=lambda who: turn(ITEMS, who.person),
        phone=lambda who: mobile(999_999) if who.person // 4 % 2 else mobile(who.number),
    )


# An earlier release

EARLIER = ("run", "earlier.yaml", "--input", "in.parquet", "--output", "before")
RUN = ("run", "policy.yaml", "--input", "in.parquet", "--output", "out")
AFTER = policy(BUYER, a=release("public", "city category", attackers={"x": {"release": "before/e", "knows": ["city"]}}))


def with_earlier():
    return {"in.parquet": shop(), "earlier.yaml": json.dumps(policy(BUYER, e=release("public", "city")))}


HONEST = [
    Case(
        "each record one person",
        "No column says who; the policy says that each record is one person.",
        nobody,
        policy(NOBODY, top={"subject": "each_record"}, a=KEPT),
    ),
    Case(
        "a tenth null",
        "27 of 30 rows of each group say who; the others count nobody, and 20 are enough.",
        lambda: tenth_null(120),
        policy(BUYER, a=KEPT),
    ),
    Case(
        "two kinds, two to a mobile",
        "By mail address 50 people are in a group, by mobile 25: enough by both.",
        lambda: households(2),
        policy(TWO_KINDS, a=KEPT),
    ),
    Case(
        "2 % filled",
        "Hardly any row has the identity; the buyer counts.",
        lambda: rarely_filled(False),
        policy(PHONE, a=KEPT),
    ),
    Case(
        "a shop's telephone",
        "Half of the 800 people gave one telephone: it names nobody, and the buyer counts.",
        lambda: shop_phone(200),
        policy(PHONE, a=KEPT),
    ),
    Case(
        "a telephone of 128 people",
        "16 of 32 people of each of eight cities gave it, over 100 in all: it names nobody.",
        lambda: shop_phone(32, 8),
        policy(PHONE, a=release("public", "city")),
    ),
    Case(
        "an earlier release",
        "The earlier release of the cities is there; with it everybody meets a whole city.",
        with_earlier,
        AFTER,
        commands=(EARLIER, RUN),
    ),
]

FAULTS = [
    Case(
        "no subject",
        "No column says whom a record is about, and nothing says that each is one person.",
        nobody,
        policy(NOBODY, top={"subject": None}, a=KEPT),
        fails=(3,),
    ),
    Case(
        "no subject, but an identity",
        "A mobile is in the source, and was not named as the subject.",
        lambda: shop(buyer=None, phone=lambda who: mobile(who.number)),
        policy(roles(direct="phone:mobile", quasi="city", sensitive="category"), top={"subject": None}, a=KEPT),
        fails=(3,),
    ),
    Case(
        "a tenth null, one fewer than k",
        "21 rows in a group, of which 19 say who.",
        lambda: tenth_null(84),
        policy(BUYER, a=KEPT),
        fails=(3,),
    ),
    Case(
        "a city of nulls",
        "Nobody is named in one city of ten: its rows stay in their groups, which have nobody.",
        tenth_null_in_one_city,
        policy(BUYER, a=KEPT),
        fails=(3,),
    ),
    Case(
        "all null",
        "The subject is null in every row.",
        lambda: shop(buyer=lambda who: None, types={"buyer": pa.string()}),
        policy(BUYER, a=KEPT),
        fails=(3,),
    ),
    Case(
        "two kinds, three to a mobile",
        "By mail address 50 people are in a group, by mobile 17.",
        lambda: households(3),
        policy(TWO_KINDS, a=KEPT),
        fails=(3,),
    ),
    Case(
        "many phones of one account",
        "By mobile 25 people are in a group, by the subject one.",
        many_phones,
        policy(PHONE, a=KEPT),
        fails=(3,),
    ),
    Case(
        "2 % filled with one",
        "The rows that have the identity are one group, and one person.",
        lambda: rarely_filled(True),
        policy(PHONE, a=KEPT),
        fails=(3,),
    ),
    Case(
        "a telephone of 64 people",
        "16 of 32 people of each of four cities gave it: it may be one person's, and 17 are left.",
        lambda: shop_phone(32, 4),
        policy(PHONE, a=release("public", "city")),
        fails=(3,),
    ),
]


def carried_out(case, folder):
    outcome = run(case, folder)
    judge(outcome, case.fails)
    rows = pq.read_metadata(folder / "in.parquet").num_rows
    for label in outcome.labels.values():
        balanced(label, folder / "out", rows)
        assert label["records"]["rejected"] == 0
    return outcome.labels["a"]


@pytest.mark.parametrize("case", HONEST, ids=str)
def test_the_honest_twin_is_anonymized(case, tmp_path):
    carried_out(case, tmp_path)


@pytest.mark.parametrize("case", FAULTS, ids=str)
def test_what_was_not_measured_or_fails_is_named(case, tmp_path):
    carried_out(case, tmp_path)


def by_name(cases, name):
    return next(case for case in cases if case.name == name)


def failing(label, line):
    return [test for test in label["tests"] if test["line"] == line and not test["passed"]]


@pytest.mark.parametrize("name", ["no subject", "no subject, but an identity"])
def test_without_a_subject_line_3_says_that_nothing_was_measured_and_why(name, tmp_path):
    label = carried_out(by_name(FAULTS, name), tmp_path)
    tests = failing(label, 3)
    assert any(test["measured"] is None and "subject" in test["detail"] for test in tests), tests


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("two kinds, three to a mobile", "phone"),
        ("many phones of one account", "buyer"),
        ("2 % filled with one", "phone"),
    ],
)
def test_line_3_names_the_identity_that_decides(name, field, tmp_path):
    label = carried_out(by_name(FAULTS, name), tmp_path)
    assert any(field in test["detail"] for test in failing(label, 3)), failing(label, 3)


def test_a_value_that_names_nobody_is_told(tmp_path):
    """The column is not released, so that only the telling can name it; the value itself is told to nobody."""
    label = json.dumps(carried_out(by_name(HONEST, "a shop's telephone"), tmp_path), ensure_ascii=False)
    assert "phone" in label
    assert mobile(999_999) not in label


def test_an_earlier_release_that_is_gone_costs_nothing_that_stood_there(tmp_path, capsys):
    """The second run replaces the first only with a label that says what was not measured; else it is refused by name."""
    case = by_name(HONEST, "an earlier release")
    assert run(case, tmp_path).labels["a"]["label"] == "anonymized"
    stood = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    shutil.rmtree(tmp_path / "before")
    capsys.readouterr()
    outcome = carry_out(tmp_path, [(*RUN, "--overwrite")], ("out",))
    assert "before" in outcome.said
    assert "Traceback" not in outcome.said
    if outcome.code != 0:
        assert outcome.code in (2, 3)
        assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == stood
    else:
        label = outcome.labels["a"]
        assert label["label"] == "still_personal"
        assert [test["measured"] for test in failing(label, 7)] == [None]
        balanced(label, tmp_path / "out", 400)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_an_earlier_release_that_was_never_there_is_refused_or_named(tmp_path):
    """Without an output before: nothing half made is left."""
    case = by_name(HONEST, "an earlier release")
    outcome = run(dataclasses.replace(case, commands=(RUN,)), tmp_path)
    assert "before" in outcome.said
    if outcome.code != 0:
        assert outcome.code in (2, 3)
        assert not (tmp_path / "out").exists()
    else:
        assert outcome.labels["a"]["label"] == "still_personal"
        assert failing(outcome.labels["a"], 7)
