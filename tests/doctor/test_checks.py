"""What is looked at in a process, and that no key byte is in a question or an answer."""

import base64
import json
import os
from dataclasses import replace

import pytest

from beam_deid.transforms.doctor.answering import answer, answer_to, leave, left
from beam_deid.transforms.doctor.asked import MOST, asked_from, asked_of
from beam_deid.transforms.doctor.checks import see_machine
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.shards import prepare

from ..kit.keys import KEY
from ..kit.two_releases import fill


@pytest.fixture
def asked(tmp_path):
    policy = read_policy(str(fill(tmp_path)))
    return asked_of(prepare(policy, [f"{tmp_path}/in"]), str(tmp_path / "waiting"), "c")


def missing(asked):
    return {one["check"]: one for one in answer(asked)["findings"] if not one["passed"]}


def test_a_question_survives_as_text_and_its_answer_is_that_of_this_process(asked):
    assert asked_from(asked.to_text()) == asked
    assert missing(asked) == {}
    assert answer_to(asked.to_text())["keys"] == answer(asked)["keys"]


def test_no_key_byte_is_in_a_question_or_an_answer(asked):
    told = asked.to_text() + json.dumps(answer(asked))
    told += base64.b64decode(asked.to_text()).decode("latin-1")
    key = KEY.encode()
    for form in (KEY, KEY.lower(), key.hex(), base64.b64encode(key).decode()):
        assert form not in told


def test_check_values_differ_by_key_by_field_and_by_call(asked, monkeypatch):
    here = answer(asked)["keys"]
    assert answer(replace(asked, challenge="d"))["keys"] != here
    monkeypatch.setenv("BEAM_DEID_KEY", "cd" * 32)
    assert answer(asked)["keys"]["crm.who"] != here["crm.who"]


def test_a_key_that_several_fields_lack_is_told_once(asked, monkeypatch):
    monkeypatch.delenv("BEAM_DEID_KEY")
    keys = [one for one in answer(asked)["findings"] if one["check"] == "keys"]
    assert [one["where"] for one in keys] == ["env:BEAM_DEID_KEY"]


def test_an_input_is_gone_or_another_one(asked):
    path, size = asked.inputs[0]
    os.truncate(path, size - 1)
    assert "bytes here" in missing(asked)["input"]["what"]
    os.remove(path)
    assert missing(asked)["input"]["what"] == "there is no such file here"
    assert missing(asked)["input"]["exit_code"] == 3


def test_of_many_files_some_are_looked_at_the_first_and_the_last_among_them(tmp_path):
    policy = read_policy(str(fill(tmp_path)))
    for number in range(100):
        (tmp_path / "in" / f"more-{number:02}.csv").write_text("who,city,what,age\np,c,w,1\n", "utf-8")
    asked = asked_of(prepare(policy, [f"{tmp_path}/in"]), str(tmp_path / "waiting"), "c")
    paths = [path for path, _ in asked.inputs]
    assert len(set(paths)) == MOST
    assert (paths[0], paths[-1]) == (f"{tmp_path}/in/in-0.csv", f"{tmp_path}/in/more-99.csv")
    told = {one["check"]: one["what"] for one in answer(asked)["findings"]}
    assert told["input"] == f"{MOST} of 103 files were looked at, and can be read"


def test_only_what_the_asked_releases_name_is_looked_at(tmp_path):
    policy = read_policy(str(fill(tmp_path)))
    only = asked_of(prepare(policy, [f"{tmp_path}/in"], ["crm"]), str(tmp_path / "waiting"), "c")
    assert only.beside == ()


def test_what_is_left_is_found_again_and_leaving_fails_in_silence(asked):
    leave(asked.to_text(), "w", "told")
    assert left(asked.folder) == {"w": "told"}
    leave("no question", "w", "told")


def test_a_folder_for_temporary_files_that_is_not_there_is_missing(asked, monkeypatch, tmp_path):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="TMPDIR"):
        see_machine(asked)
