import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.drafting.draft import field_of
from beam_deid.transforms.drafting.written import as_yaml, flow, scalar
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.reader import policy_from_mapping

from .columns import drafted

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)


@given(NAMES)
def test_any_name_is_read_back_as_it_was(name):
    assert yaml.safe_load(f"{scalar(name)}: 1") == {name: 1}
    assert yaml.safe_load(flow({name: [name, {"a": 1.5}]})) == {name: [name, {"a": 1.5}]}


@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_any_table_gives_a_policy_that_says_what_the_draft_says(names):
    draft = drafted(**{name: ["x", "y", None] for name in names})
    read = yaml.safe_load(as_yaml(draft))
    assert read == draft.mapping()
    assert set(policy_from_mapping(read).fields) == set(names)


def test_there_is_a_todo_for_every_decision():
    draft = drafted(zzz=["x", "y"] * 100, yyy=[f"v{i}" for i in range(200)], city=["杭州市"] * 200)
    assert as_yaml(draft).count("# TODO: decide") == draft.todo == 4


def test_each_field_has_its_reason_behind_it():
    draft = drafted(city=["杭州市", "宁波市"] * 100)
    (line,) = (line for line in as_yaml(draft).splitlines() if line.startswith("  city:"))
    assert "named like a place" in line
    assert "2 distinct of 200" in line
    assert "entropy 1.0 bits" in line
    assert field_of(draft.columns[0]) == {"role": "quasi_identifier", "kind": "division"}


def test_a_column_without_a_name_is_refused():
    with pytest.raises(UsageError, match="column 2 has no name"):
        drafted(**{"a": ["x"], " ": ["y"]})


def test_a_subject_that_is_no_column_is_refused():
    with pytest.raises(UsageError, match="no column nobody"):
        drafted("nobody", a=["x"])


def test_that_each_record_is_one_person_is_for_a_person_to_say():
    text = as_yaml(drafted(city=["杭州市", "宁波市"] * 100))
    assert "# TODO: decide: subject: FIELD. No column names or numbers people" in text
    assert "\n# subject: each_record\n" in text
    assert "subject" not in yaml.safe_load(text)
    said = text.replace("# subject: each_record", "subject: each_record")
    assert policy_from_mapping(yaml.safe_load(said)).subject == "each_record"
