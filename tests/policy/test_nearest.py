import pytest

from beam_deid.transforms.policy.nearest import advice, nearest, shown

NAMES = ("direct_identifier", "quasi_identifier", "sensitive", "insensitive")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("sensitve", "sensitive"),
        ("Quasi-Identifier", "quasi_identifier"),
        ("quasi", "quasi_identifier"),
        ("direct identifier", "direct_identifier"),
        ("in", None),
        ("xyz", None),
        ("", None),
        (5, None),
    ],
)
def test_the_nearest_name_is_found_whatever_case_and_dashes(name: object, expected: str | None) -> None:
    assert nearest(name, NAMES) == expected


def test_names_are_listed_where_they_are_few_or_none_is_near_unless_they_are_very_many() -> None:
    assert advice("x", NAMES) == "valid: direct_identifier, quasi_identifier, sensitive, insensitive"
    many = [f"name{n}" for n in range(40)]
    assert advice("x", many).startswith("valid: name0, name1, ")
    assert advice("name7x", many) == "did you mean 'name7'?"
    assert advice("x", [*many, "one more"]) == ""


def test_what_others_call_otherwise_is_known() -> None:
    assert nearest("phone", ["text", "mobile"]) == "mobile"
    assert nearest("phone", ["text"]) is None
    assert nearest("phone", ["mobile", "phone"]) == "phone"


def test_a_shown_name_is_one_short_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert shown('a"b') == "'a\"b'"
    assert len(shown("x" * 1000)) == 62
