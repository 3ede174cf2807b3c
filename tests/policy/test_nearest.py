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


def test_few_names_are_listed_and_many_are_not() -> None:
    assert advice("x", NAMES) == "valid: direct_identifier, quasi_identifier, sensitive, insensitive"
    assert advice("x", [f"name{n}" for n in range(40)]) == ""


def test_a_shown_name_is_one_short_line() -> None:
    assert shown("a\nb") == "'a\\nb'"
    assert shown('a"b') == "'a\"b'"
    assert len(shown("x" * 1000)) == 62
