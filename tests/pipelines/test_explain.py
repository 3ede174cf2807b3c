"""Every code that a person meets is explained, and what to do about it."""

import json

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.explaining import REASON, TEST, WITHHELD, explanations
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.terms import Reason, Withheld


def test_no_reason_and_no_test_is_missing_and_each_says_what_to_do():
    every = list(explanations())
    assert {one.code for one in every if one.what == REASON} == {str(reason) for reason in Reason}
    assert {one.code for one in every if one.what == WITHHELD} == {str(reason) for reason in Withheld}
    assert {one.code for one in every if one.what == TEST} == {one.name for one in REQUIREMENTS}
    assert len({one.code for one in every}) == len(every)
    for one in every:
        assert one.meaning[0].isupper(), one.code
        assert not one.meaning.endswith("."), one.code
        assert one.advice.endswith("."), one.code


def test_reasons_are_named_by_their_codes():
    assert {reason.name: str(reason) for reason in Reason} == {str(one).upper(): str(one) for one in Reason}


@pytest.mark.parametrize("code", ["l", "l:category", "common_values:crm:category"])
def test_a_test_is_found_as_a_label_names_it(code, capsys):
    assert call(["explain", code, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["code"] == code.partition(":")[0]
    assert found["what"] == TEST


def test_all_are_listed(capsys):
    assert call(["explain"]) == 0
    listed = capsys.readouterr().out
    assert all(one.code in listed for one in explanations())


def test_a_code_that_is_none_is_told_the_nearest(capsys):
    assert call(["explain", "outside_hierachy"]) == 2
    assert "Did you mean 'outside_hierarchy'?" in capsys.readouterr().err
