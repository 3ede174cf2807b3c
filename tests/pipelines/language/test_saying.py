"""Texts are said by their templates, by their parts, and otherwise as they are."""

import pytest

from beam_deid.pipelines.language.catalogue import _MOST_TRIES, Catalogue
from beam_deid.pipelines.language.chosen import CHINESE
from beam_deid.pipelines.language.words import catalogue

SPEAKER = Catalogue(
    {
        "the file is empty": "文件是空的",
        "Leave it out": "请去掉它",
        "line {n}": "第 {n} 行",
        "{name} is not known here; {advice}": "这里没有 {name}；{advice}",
        "did you mean {like}? valid: {names}": "是不是想写 {like}？可用的有：{names}",
        "levels chosen: {chosen}": "选定的层级：{chosen}",
        "{field} at {level}": "{field}：{level}",
        "by {width}": "按 {width}",
        "{n} read": "读取 {n}",
        "{n} released": "发布 {n}",
        "{field} is hashed{cut}": "{field} 做哈希{cut}",
        ", cut to {n} bytes": "，截取前 {n} 字节",
        "In a policy: {line}": "在策略中写：{line}",
        "{which} group risk": "{which}组风险",
        "records": "记录",
    },
    {"highest": "最大"},
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the file is empty", "文件是空的"),
        ("  the file is empty\n", "  文件是空的\n"),
        ("# the file is empty", "# 文件是空的"),
        ("a.csv: the file is empty. Leave it out", "a.csv：文件是空的。请去掉它"),
        ("a.csv, line 7: the file is empty", "a.csv，第 7 行：文件是空的"),
        (
            "p.yaml:3: x: 'a' is not known here; did you mean 'b'? valid: b, c",
            "p.yaml:3: x：这里没有 'a'；是不是想写 'b'？可用的有：b, c",
        ),
        ("the file is empty\nline 7", "文件是空的\n第 7 行"),
        ("levels chosen: city at *, age at by 10", "选定的层级：city：*, age：按 10"),
        ("4 read, 3 released", "读取 4，发布 3"),
        ("x is hashed, cut to 16 bytes", "x 做哈希，截取前 16 字节"),
        ("x is hashed", "x 做哈希"),
        ("In a policy: keys: {keyring: a, b}", "在策略中写：keys: {keyring: a, b}"),
        ("highest group risk", "最大组风险"),
        ("highest", "highest"),
        ("something that nobody wrote down", "something that nobody wrote down"),
        ("orders (1).csv: the file is empty (line 7)", "orders (1).csv：文件是空的（第 7 行）"),
        ("a, b; c: d", "a, b; c: d"),
        ("", ""),
        ("12,345", "12,345"),
    ],
)
def test_what_is_known_is_said_and_names_stay(text, said):
    assert SPEAKER.said(text) == said


def test_long_texts_are_said_as_fast_as_short_ones():
    names = ", ".join(f"column_{number}" for number in range(5000))
    assert SPEAKER.said(f"levels chosen: {names}") == f"选定的层级：{names}"
    assert SPEAKER.said(f"a.csv, line 7: {names}: the file is empty") == f"a.csv，第 7 行：{names}：文件是空的"
    lines = "a.csv: the file is empty\n" * 500
    assert SPEAKER.said(lines) == "a.csv：文件是空的\n" * 500
    letters = "a b: " * 5000
    assert SPEAKER.said(letters) == letters


@pytest.mark.parametrize(
    "unit", ["a is b, and c (d ", "no runner is called x. ", "release a: b of c records rejected (d) "]
)
def test_a_text_that_imitates_messages_is_given_up_in_good_time(unit):
    """A name in a file of somebody else's may be any text; all that is known of the language is tried on it."""
    speaker = catalogue(CHINESE)
    speaker.said(unit * 160)
    assert speaker._tries <= _MOST_TRIES + 1
    assert speaker.said("the file is empty") == "文件是空的"


def test_signs_of_private_use_stay():
    assert SPEAKER.said("\ue000: the file is empty") == "\ue000: the file is empty"


def test_a_name_is_never_taken_for_a_heading():
    assert SPEAKER.said("records") == "records"
    assert SPEAKER.said("records at by 10") == "records：按 10"
    assert SPEAKER.word("records") == "记录"
    assert SPEAKER.word("unknown") == "unknown"
