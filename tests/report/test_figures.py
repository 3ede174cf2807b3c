"""Every figure of a label stands on its page, with what it means."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.pipelines.language.words import said, spoken_in
from beam_deid.pipelines.report.blocks import Verbatim
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.figures_at import Found, found_at
from beam_deid.pipelines.report.sections import figures, grade
from beam_deid.transforms.label.explaining import explanations

from ..kit.every_label import SORTS, EveryLabel
from .said import grids, rows, texts

LABEL = {
    "risk": {
        "k": 7,
        "sharing": {"R": 0.04, "E": 0.27},
        "t": {"item": 0.25, "city": 0.5},
        "alpha_k": {"item": [0.5, 7]},
    },
    "attacks": [
        {"name": "attacker:courier", "linked": 3, "presence": {"journalist": {"highest": 0.5}}, "limit": None},
        {"name": "source", "linked": 0, "presence": None, "limit": 0.0},
    ],
    "combinations": [{"fields": ["city", "item"], "share": 0.5}],
    "history": [{"points": 2, "share": 0.125}],
    "identities": {"shared_values": {"phone": {"values": 2, "cells": 9}}, "deciding": "buyer"},
    "recoveries": [],
}


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("risk.k", [("", 7)]),
        ("risk.sharing.R", [("", 0.04)]),
        ("risk.t", [("item", 0.25), ("city", 0.5)]),
        ("risk.alpha_k", [("item", [0.5, 7])]),
        ("attacks.linked", [("attacker:courier", 3), ("source", 0)]),
        ("attacks.limit", [("source", 0.0)]),
        ("attacks.presence.journalist", [("attacker:courier highest", 0.5)]),
        ("combinations.share", [("city + item", 0.5)]),
        ("history.share", [("2", 0.125)]),
        ("identities.shared_values.values", [("phone", 2)]),
        ("identities.deciding", []),  # a word is no figure
        ("recoveries", []),
        ("risk.k_composite", []),
        ("search.loss", []),
    ],
)
def test_figures_are_found_by_their_place_with_the_names_on_the_way(place, found):
    assert found_at(LABEL, place) == [Found(*one) for one in found]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["risk", "k", "name", "x"]), inner, max_size=3)
        ),
    ),
    st.sampled_from(["risk.k", "risk", "k", "x.k"]),
)
def test_whatever_a_document_holds_a_place_is_looked_up(document, place):
    for one in found_at({"risk": document}, place):
        assert isinstance(one.value, int | float | list)


@pytest.mark.parametrize("sort", SORTS)
def test_every_figure_that_a_label_holds_has_its_value_and_its_meaning(every_label: EveryLabel, sort: str):
    for label in every_label(sort).values():
        section = figures.section(Evidence(label))
        assert section is not None
        shown = rows(section)
        for one in explanations():
            if one.place and not one.parts and found_at(label, one.place):
                assert one.code in shown, one.code
        assert all(row[2] for grid in grids(section)[:-1] for row in grid.rows)


def test_values_are_those_of_the_label(every_label: EveryLabel):
    label = every_label("attackers")["out"]
    section = figures.section(Evidence(label))
    assert section is not None
    shown = {row[0]: row[1] for grid in grids(section)[:-1] for row in grid.rows}
    assert shown["k"] == f"{label['risk']['k']:,}"
    assert shown["R"] == f"{label['risk']['sharing']['R']:.4g}"
    assert shown["base_rates"] == f"item: {label['base_rates']['item']:.4g}"
    courier = next(one for one in label["attacks"] if one["name"] == "attacker:courier")
    assert f"attacker:courier: {courier['subjects']:,}" in shown["attacks.subjects"]


def test_many_values_of_one_figure_are_summed_up():
    label = {"combinations": [{"fields": [f"c{number}"], "share": number / 100} for number in range(40)]}
    section = figures.section(Evidence(label))
    assert section is not None
    assert rows(section)["combinations.share"][0] == "40 values, from 0 to 0.39"


def test_a_label_without_figures_has_no_such_section():
    assert figures.section(Evidence({"label": "still_personal", "risk": {}})) is None


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_the_grade_of_a_release_is_marked_and_all_four_are_told(number):
    section = grade.section(Evidence({"grade": number}))
    assert section is not None
    marked = {row[0]: row[1] for row in grids(section)[0].rows}
    assert {name for name, mark in marked.items() if mark} == {str(number)}
    assert len(marked) == 4


def test_the_grade_claims_no_conformity():
    section = grade.section(Evidence({"grade": 3}))
    assert section is not None
    told = " ".join(texts(section))
    assert "no conformity is claimed" in told
    assert "were not read" in told
    assert "参照" in told


def test_a_label_without_a_grade_has_no_such_section():
    assert grade.section(Evidence({"grade": None})) is None
    assert grade.section(Evidence({})) is None


@pytest.mark.parametrize("sort", ["anonymized", "personal", "attackers", "searched, with all that can be asked"])
def test_all_of_it_is_said_in_chinese(every_label: EveryLabel, sort: str):
    for label in every_label(sort).values():
        for section in (figures.section(Evidence(label)), grade.section(Evidence(label))):
            assert section is not None
            with spoken_in("zh"):
                unsaid = [
                    one
                    for one in texts([section.title, *section.blocks])
                    if not isinstance(one, Verbatim) and one and said(one) == one and " " in one and one not in papers()
                ]
            assert not unsaid


def papers() -> set[str]:
    """Titles of papers and books, which stay as they are."""
    return {one.source for one in explanations() if "(1" in one.source or "(2" in one.source}


def test_the_same_label_gives_the_same_section(every_label: EveryLabel):
    label = every_label("attackers")["out"]
    again = json.loads(json.dumps(label))
    assert figures.section(Evidence(label)) == figures.section(Evidence(again))
