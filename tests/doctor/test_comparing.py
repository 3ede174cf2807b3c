"""What workers tell, held against what this process finds."""

import json
from dataclasses import replace

import pytest

from beam_deid.transforms.doctor.comparing import MOST_SKEW, Expected, compared, told_by, unseen
from beam_deid.transforms.doctor.finding import Finding, looked
from beam_deid.transforms.errors import InputError, KeyFault

VERSIONS = {"Python": "3.12", "beam_deid": "1.0.0", "apache_beam": "2.77.0", "pyarrow": "25.0.1", "numpy": "2.4.6"}
HERE = Expected(VERSIONS, "c0de", {"crm.who": "aa", "register": "bb"}, begun=1000.0, ended=1010.0)
WELL = Finding("staging", "can be written to").to_document()
KEYS_WELL = Finding("keys", "the keys of 2 uses are here").to_document()


def text(worker="a, process 1", keys=None, versions=None, answered=True, **more):
    answer = {"findings": [KEYS_WELL, WELL], "keys": {**HERE.keys, **(keys or {})}} if answered else None
    told = {
        "worker": worker,
        "at": 1005.0,
        "versions": {**VERSIONS, **(versions or {})},
        "code": "c0de",
        "fault": "",
        "answer": answer,
        "left": worker,
    }
    return json.dumps({**told, **more})


def missing(*texts, expected=HERE):
    return [(one.check, one.at, one.error.what) for one in compared(told_by(texts), expected) if not one.passed]


def test_workers_like_this_process_lack_nothing_and_one_that_answers_twice_is_one():
    assert missing(text(), text(), text("b, process 2")) == []
    assert len(told_by([text(), text()])) == 1


@pytest.mark.parametrize(
    ("versions", "check"),
    [
        ({"Python": "3.11"}, "Python"),
        ({"apache_beam": "2.76.0"}, "Apache Beam"),
        ({"pyarrow": "24.0.0"}, "pyarrow"),
        ({"numpy": ""}, "numpy"),
    ],
)
def test_a_version_that_matters_is_another_one(versions, check):
    ((found, at, what),) = missing(text(versions=versions))
    assert (found, at) == (check, "a, process 1")
    (theirs,) = versions.values()
    assert f"{theirs or 'none'} there" in what


def test_a_minor_version_that_does_no_harm_is_told():
    found = compared(told_by([text(versions={"pyarrow": "25.9.0"})]), HERE)
    assert all(one.passed for one in found)
    assert any("25.9.0 there, 25.0.1 here" in one.told for one in found)


def test_the_same_version_with_other_code_is_another_beam_deid():
    found = missing(text(code="0ther", answered=False))
    assert found == [
        (
            "beam_deid",
            "a, process 1",
            "another beam_deid is installed there: 1.0.0 by its number, but its files differ",
        ),
        ("worker", "a, process 1", "keys, paths, register and rights were not looked at"),
    ]


def test_beam_deid_lacks_something_that_it_needs():
    found = missing(text(fault="pydantic", answered=False))
    assert found[0] == ("beam_deid", "a, process 1", "beam_deid cannot be loaded there (pydantic)")


@pytest.mark.parametrize(
    ("at", "what"), [(1010 + MOST_SKEW + 5, "65 seconds fast"), (1000 - MOST_SKEW - 9, "69 seconds slow")]
)
def test_a_clock_is_wrong(at, what):
    assert missing(text(at=at)) == [("clock", "a, process 1", f"the clock there is {what}")]


@pytest.mark.parametrize("at", [1000 - MOST_SKEW, 1000.0, 1010.0, 1010 + MOST_SKEW])
def test_a_clock_is_right_that_may_be(at):
    assert missing(text(at=at)) == []


def test_a_key_is_another_one_and_is_not_told_to_be_well():
    found = compared(told_by([text(keys={"crm.who": "cc"})]), HERE)
    keys = [one for one in found if one.check == "keys"]
    assert [(one.passed, type(one.error)) for one in keys] == [(False, KeyFault)]
    assert keys[0].error.where == "crm.who"


def test_keys_that_only_workers_have_are_compared_with_each_other():
    nothing = replace(HERE, keys={})
    assert missing(text(), text("b, process 2"), expected=nothing) == []
    found = missing(text(), text("b, process 2", keys={"crm.who": "cc"}), expected=nothing)
    assert [(check, at) for check, at, _ in found] == [("keys", "b, process 2")]
    assert "that of a, process 1" in found[0][2]


def test_what_a_worker_wrote_must_be_here():
    workers = told_by([text(), text("b, process 2")])
    assert [one.at for one in unseen(workers, ["a, process 1"], "out")] == ["b, process 2"]
    assert list(unseen(workers, ["a, process 1", "b, process 2"], "out")) == []


def test_a_finding_comes_from_a_worker_as_it_was_made():
    made = looked("input", lambda: (_ for _ in ()).throw(InputError("gone", "s3://b/x", "Look")))
    again = Finding.from_document(json.loads(json.dumps(made.to_document())), "a")
    assert (again.check, again.at, type(again.error), again.error.message) == (
        "input",
        "a",
        InputError,
        made.error.message,
    )


def test_a_check_that_cannot_be_made_has_not_passed_and_repeats_nothing_of_what_it_met():
    made = looked("input", lambda: (_ for _ in ()).throw(ValueError("SECRET")))
    assert not made.passed
    assert "SECRET" not in json.dumps(made.to_document())
