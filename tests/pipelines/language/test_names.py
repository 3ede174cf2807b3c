"""Names are never said in another language, whatever they read like."""

import contextlib
import io
import re
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.language.chosen import CHINESE
from beam_deid.pipelines.language.sparing import said_but_for
from beam_deid.pipelines.language.template import Template
from beam_deid.pipelines.language.words import catalogue, messages_of

from ...kit.examples import examples

MESSAGES = sorted(messages_of(CHINESE, "beam_deid.po"))
FILLED = [Template(one).filled(dict.fromkeys(Template(one).names, "x")) for one in MESSAGES]
WORDS = sorted({word for one in FILLED for word in re.findall(r"[A-Za-z]+", one)})
TROUBLING = ["Created at", "6 bins", "and", "or", "a and b", "records", "all", "missing", "the file is empty", "key: x"]
SAYS = catalogue(CHINESE).said

names_like_messages = st.one_of(
    st.sampled_from(TROUBLING),
    st.sampled_from([one for one in FILLED if len(one) < 60 and one.isprintable()]),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
)


@pytest.mark.parametrize(
    ("names", "text", "said"),
    [
        (["Created at"], "Created at", "Created at"),
        (["Created at"], "orders.csv: there is no column Created at", "orders.csv：没有列 Created at"),
        (["6 bins"], "levels chosen: 6 bins at by 10", "选定的层级：6 bins：按 10"),
        (["and", "a"], "orders.csv: there is no column and", "orders.csv：没有列 and"),
        (["column"], "there is no column column", "没有列 column"),
        (["empty"], "the file is empty", "文件是空的"),
    ],
)
def test_a_name_that_reads_like_a_message_stays(names, text, said):
    assert said_but_for(frozenset(names), text, SAYS) == said


@given(name=names_like_messages, other=names_like_messages)
@examples(1)
def test_names_stay_in_every_place_of_a_message(name, other):
    told = f"there is no column {name}. It has: {name}, {other}, city"
    shown = said_but_for(frozenset([name, other, "city"]), told, SAYS)
    assert shown.count(name) >= 2
    assert f"{name}, {other}, city" in shown


POLICY = {
    "version": 1,
    "dataset": "shop",
    "register": "none",
    "fields": {},
    "releases": {"open": {"purpose": "study", "sharing": "enclave", "fields": {}}},
}


@given(columns=st.lists(names_like_messages, min_size=3, max_size=6, unique=True))
@examples(0.5)
def test_a_plan_has_the_columns_as_the_policy_calls_them(columns):
    subject, *others = columns
    policy = {**POLICY, "subject": subject}
    policy["fields"] = {subject: {"role": "direct_identifier"}, **{one: {"role": "quasi_identifier"} for one in others}}
    policy["releases"] = {"open": {**POLICY["releases"]["open"], "fields": dict.fromkeys(others, "keep")}}
    shown = {language: planned(policy, language) for language in ("en", "zh")}
    for one in columns:
        bare = "".join(one.split())
        assert shown["zh"].count(bare) >= 1
        assert bare in shown["en"]


def planned(policy, language):
    """What `plan` shows of a policy, without white space."""
    shown = io.StringIO()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(shown):
        path = Path(folder) / "policy.yaml"
        path.write_text(yaml.safe_dump(policy, sort_keys=False, allow_unicode=True), "utf-8")
        assert call(["plan", str(path), "-v", "--lang", language]) == 0
    return "".join(shown.getvalue().split())
