"""Nothing in a label is without an explanation: its schema and labels of every sort are walked."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.explaining import explanation_of, explanations, figure_meanings
from beam_deid.transforms.label.explanation import What
from beam_deid.transforms.label.lines import LINE_WORDS, LINES
from beam_deid.transforms.label.outcomes import Outcome
from beam_deid.transforms.label.record_counts import RECORD_COUNTS
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.schema import label_schema
from beam_deid.transforms.terms import Told

from ..kit.every_label import SORTS, EveryLabel

NO_FIGURES = (
    "schema_version",
    "tests",  # a test is explained by its name, with its limit
    "limits",
    "changes.line",
    "asked",  # what a policy asks for: each is a limit of a test
    "fields.key.id",
    "amendments",
    "for_recipient.tests",
    "grade",  # a word
    "records",  # words: what became of records, and why they are withheld
)
LEFT_OPEN = ("search", "k_wildcard")
"""Places that the schema does not say: a search tells what it did as it went, and one figure is told by assess alone."""


def places() -> set[str]:
    """Every place in a label that an explanation is of."""
    told = [(one.place, one.parts) for one in explanations() if one.place]
    return {path for place, parts in told for path in (place, *(f"{place}.{part}" for part in parts))}


def numbers(schema: Mapping[str, Any], root: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """The places of the numbers of a schema; names of the data are no part of them."""
    if "$ref" in schema:
        yield from numbers(root["$defs"][schema["$ref"].rpartition("/")[2]], root, place)
    kinds = schema.get("type", [])
    if {"number", "integer"} & set([kinds] if isinstance(kinds, str) else kinds):
        yield place
    for name, one in schema.get("properties", {}).items():
        yield from numbers(one, root, f"{place}.{name}".lstrip("."))
    for one in (schema.get("additionalProperties"), schema.get("items"), *schema.get("anyOf", [])):
        if isinstance(one, Mapping):
            yield from numbers(one, root, place)


def is_no_figure(place: str) -> bool:
    return any(f"{place}.".startswith(f"{one}.") for one in NO_FIGURES)


def is_explained(place: str) -> bool:
    """Whether a place, or all that stands below it, or what it is a part of, has an explanation."""
    return any(f"{place}.".startswith(f"{one}.") or one.startswith(f"{place}.") for one in places())


def test_every_number_of_the_schema_is_explained():
    found = set(numbers(label_schema(), label_schema()))
    assert len(found) > 60
    assert not [place for place in found if not is_no_figure(place) and not is_explained(place)]


def test_every_place_that_is_explained_is_in_the_schema():
    found = set(numbers(label_schema(), label_schema()))
    told = [one.place for one in explanations() if one.place and not one.place.startswith(LEFT_OPEN)]
    # Of figures by name, as those of sharing, the schema says that there are some.
    assert not [
        place for place in told if not any(f"{place}.".startswith(one) or one.startswith(place) for one in found)
    ]


def leaves(value: Any, names: set[str], place: str = "") -> Iterator[str]:
    """The places of the numbers of a document."""
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from leaves(one, names, place if name in names else f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, names, place)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place


@pytest.mark.parametrize("sort", SORTS)
def test_every_number_of_a_label_is_explained(every_label: EveryLabel, sort: str):
    for label in every_label(sort).values():
        names = {*label["fields"], *label["attackers"], *label["asked"]["siblings"]}
        found = set(leaves(label, names))
        assert not [place for place in found if not is_no_figure(place) and not is_explained(place)]


@pytest.mark.parametrize("sort", ["anonymized", "personal", "attackers"])
def test_every_word_and_test_of_a_label_is_explained(every_label: EveryLabel, sort: str):
    for label in every_label(sort).values():
        words = [label["label"], label["sharing"], str(label["tests"][0]["line"]), f"grade {label['grade']}"]
        words += [test["name"] for test in label["tests"]]
        words += [facts["recoverability"] for facts in label["fields"].values()]
        words += [role for facts in label["fields"].values() for role in facts["role"]]
        words += [*label["records"].get("withheld_by", {}), *(RECORD_COUNTS)]
        assert not [word for word in words if explanation_of(word) is None]


def test_an_assessment_is_explained(tmp_path, capsys):
    (tmp_path / "orders.csv").write_text("city,buyer,item\nA,1,tea\nA,2,\nA,3,tea\n", "utf-8")
    columns = ["--quasi", "city", "--subject", "buyer", "--sensitive", "item"]
    asked = [*columns, "--max-combination", "2", "--wildcard", "--population", "1000"]
    assert call(["assess", "-i", str(tmp_path / "orders.csv"), *asked, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    figures = {name: value for name, value in document.items() if name not in ("tests", "grade")}
    found = {place.partition(".")[0] for place in leaves(figures, {"city", "buyer", "item"})}
    assert "k_wildcard" in found
    assert not [name for name in found if explanation_of(name) is None and not is_explained(f"risk.{name}")]


def test_every_kind_of_code_is_there_and_no_code_is_two_things():
    every = list(explanations())
    assert {one.what for one in every} == set(What)
    assert len({one.code for one in every}) == len(every)
    assert set(LINES) == set(LINE_WORDS)
    assert {one.code for one in every if one.what is What.LINE} == {f"line {line}" for line in range(1, 10)}
    assert {one.code for one in every if one.what is What.GRADE} == {f"grade {grade}" for grade in range(1, 5)}
    assert [str(one) for one in Outcome] == list(RECORD_COUNTS)
    told = [word for words in Told.__subclasses__() for word in words]
    assert {str(word) for word in told} <= {one.code for one in every}


def test_each_says_in_a_sentence_what_it_means_and_what_to_do():
    for one in explanations():
        assert one.meaning[0].isupper(), one.code
        assert not one.meaning.endswith("."), one.code
        assert one.advice.endswith("."), one.code
        assert not [part for part in one.parts.values() if part.endswith(".")], one.code


def test_a_figure_that_a_test_goes_by_says_which():
    tests = {one.name for one in REQUIREMENTS}
    assert not [code for code, (_, one) in figure_meanings().items() if one.test and one.test not in tests]
    assert not [code for code, (_, one) in figure_meanings().items() if bool(one.test) == bool(one.advice)]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("3", "line 3"),
        ("line 3", "line 3"),
        ("grade 3", "grade 3"),
        ("l:category", "l"),
        ("common_values:crm:category", "common_values"),
        ("R_a", "R_a"),
        ("risk.sharing.R_a", "R_a"),
        ("risk.k", "k"),
        ("prosecutor.highest", "prosecutor"),
        ("risk.prosecutor.highest", "prosecutor"),
        ("linked_rightly", "attacks"),
        ("exposed", "attacks.exposed"),
        ("losses", "search.losses"),
        ("keyed", "keyed"),
        ("share", None),  # which many have
        ("10", None),
        ("", None),
    ],
)
def test_a_code_is_found_as_it_is_met(code, found):
    explained = explanation_of(code)
    assert (explained and explained.code) == found
