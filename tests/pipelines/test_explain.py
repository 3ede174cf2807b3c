"""Every code that a person meets is explained, and what to do about it."""

import json

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.views.explanation import TOPICS
from beam_deid.transforms.label.explaining import explanations
from beam_deid.transforms.label.explanation import What
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.terms import Reason, Withheld


def test_no_reason_and_no_test_is_missing():
    every = list(explanations())
    assert {one.code for one in every if one.what is What.REASON} == {str(reason) for reason in Reason}
    assert {one.code for one in every if one.what is What.WITHHELD} == {str(reason) for reason in Withheld}
    assert {one.code for one in every if one.what is What.TEST} == {one.name for one in REQUIREMENTS}


def test_reasons_are_named_by_their_codes():
    assert {reason.name: str(reason) for reason in Reason} == {str(one).upper(): str(one) for one in Reason}


@pytest.mark.parametrize("code", ["l", "l:category", "common_values:crm:category"])
def test_a_test_is_found_as_a_label_names_it(code, capsys):
    assert call(["explain", code, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["code"] == code.partition(":")[0]
    assert found["what"] == What.TEST


def test_all_are_listed(capsys):
    assert call(["explain"]) == 0
    listed = capsys.readouterr().out.replace("\N{NO-BREAK SPACE}", " ")
    assert all(one.code in listed for one in explanations())
    assert len(listed.splitlines()) < 50


@pytest.mark.parametrize("topic", TOPICS)
def test_a_list_has_a_line_for_each_of_its_codes(topic, capsys):
    assert call(["explain", topic, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["code"] for one in found] == [one.code for one in explanations() if one.what in TOPICS[topic]]
    assert call(["explain", topic]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(found) + len(TOPICS[topic]) + 1


def test_every_kind_is_on_one_list_and_no_list_is_called_as_a_code():
    assert sorted(what for kinds in TOPICS.values() for what in kinds) == sorted(What)
    assert not {*TOPICS} & {one.code for one in explanations()}


@pytest.mark.parametrize("words", [["line", "4"], ["line 4"], ["4"]])
def test_a_code_of_two_words_needs_no_quotes(words, capsys):
    assert call(["explain", *words]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("line 4: a line of the label rule")
    assert "gain" in shown


def test_a_figure_shows_its_formula_and_its_parts(capsys):
    assert call(["explain", "prosecutor"]) == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("1/f_j", "El Emam", "risk.prosecutor", "classes_at_risk", "at_risk"))


def test_every_code_can_be_shown(capsys):
    for one in explanations():
        assert call(["explain", one.code]) == 0
        assert capsys.readouterr().out.startswith(f"{one.code}: ")


def test_a_code_that_is_none_is_told_the_nearest(capsys):
    assert call(["explain", "outside_hierachy"]) == 2
    assert "Did you mean 'outside_hierarchy'?" in capsys.readouterr().err
