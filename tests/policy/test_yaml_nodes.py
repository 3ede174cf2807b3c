import pytest

from beam_deid.transforms.policy.yaml_nodes import plain_scalar, read_yaml


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "No",
        "yes",
        "on",
        "off",
        "y",
        "True",
        "TRUE",
        "False",
        "NULL",
        "Null",
        "0123",
        "0x1F",
        "0o17",
        "1_000",
        "12:30:00",
        "2024-11-11",
        "2024-11-11T00:00:00Z",
        ".inf",
        ".nan",
        "1e999",
        "1.2.3",
        "+",
        "-",
        ".",
        "e5",
        "１２",
        "12345678901234567890",
    ],
)
def test_what_some_yaml_readers_convert_stays_text_or_keeps_its_value(text: str) -> None:
    if text == "12345678901234567890":
        assert plain_scalar(text) == pytest.approx(1.2345678901234567e19)
    else:
        assert plain_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("-0.25e-1", -0.025),
    ],
)
def test_plain_scalars_of_the_core_schema_are_read(text: str, value: object) -> None:
    read = plain_scalar(text)
    assert (read, type(read)) == (value, type(value))


def test_quoted_scalars_and_keys_are_text() -> None:
    document = read_yaml("1: '1'\ntrue: \"true\"\nnull: !!str 5\n2024-01-01: |\n  7\n")
    assert document.value == {"1": "1", "true": "true", "null": "5", "2024-01-01": "7\n"}
    assert document.problems == []


def test_every_key_and_item_has_its_line() -> None:
    document = read_yaml("a: 1\nb:\n  c: [x,\n    y]\n  d: 2\n")
    assert document.lines == {
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "c", 0): 3,
        ("b", "c", 1): 4,
        ("b", "d"): 5,
    }


def test_a_key_that_is_no_scalar_is_refused() -> None:
    (problem,) = read_yaml("? [a, b]\n: 1\n").problems
    assert (problem.line, problem.what) == (1, "a key must be text; put a text that holds brackets in quotes")
