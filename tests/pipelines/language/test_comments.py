"""Only the comments of a draft are said in another language."""

from beam_deid.pipelines.language.comments import with_comments_said
from beam_deid.pipelines.language.words import spoken_in

DRAFT = """\
# Platform: not recognized; roles come from names, patterns and how values spread.
dataset: "few values # few values"
fields:
  "a \\" # few values": {role: sensitive} # few values; 3% empty
  few: {role: sensitive}"""


def test_comments_are_said_and_all_else_stays():
    with spoken_in("zh"):
        lines = with_comments_said(DRAFT).split("\n")
    assert lines[0].startswith("# 平台：未能识别")
    assert lines[1] == DRAFT.split("\n")[1]
    assert lines[3] == '  "a \\" # few values": {role: sensitive} # 值的种类少；3% 为空'
    assert lines[4] == DRAFT.split("\n")[4]


def test_in_english_nothing_changes():
    assert with_comments_said(DRAFT) == DRAFT
