"""Two releases beside each other, without a file of either."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.register.comparing import difference, differing_inputs, differing_tests, differs
from beam_deid.transforms.terms import LabelName

from .registered import entry

NOTHING = {"added": [], "removed": [], "changed": [], "renamed": []}


def file(name, sha256):
    return {"name": name, "size": 1, "sha256": sha256}


def test_an_entry_does_not_differ_from_one_that_says_the_same():
    found = difference(entry("analytics.1"), entry("analytics.2"))
    assert not differs(found)
    assert found["inputs"] == NOTHING


@pytest.mark.parametrize(
    ("changes", "part", "said"),
    [
        ({"label": LabelName.STILL_PERSONAL}, "plain", {"label": ["anonymized", "still_personal"]}),
        ({"sharing": "public", "k": 20}, "plain", {"sharing": ["controlled", "public"], "k": [5, 20]}),
        ({"recipient": None}, "plain", {"recipient": ["an agency", None]}),
        ({"identities": ("buyer", "mobile")}, "plain", {"identities": [["buyer"], ["buyer", "mobile"]]}),
        ({"l": {"item": 3}}, "l", {"item": [2, 3]}),
        ({"levels": {"city": "region"}}, "levels", {"city": ["province", "region"]}),
        ({"levels": {}}, "levels", {"city": ["province", None]}),
        ({"losses": {"city": 0.5}}, "losses", {"city": [0.25, 0.5]}),
    ],
)
def test_what_differs_is_told_with_both_values_and_nothing_else_is(changes, part, said):
    found = difference(entry(), entry(**changes))
    assert found[part] == said
    assert differs(found)
    assert not differs({name: one for name, one in found.items() if name != part})


def test_fields_that_one_release_has_alone_are_told_with_their_roles():
    roles = {"city": ("quasi_identifier", "sensitive"), "age": ("quasi_identifier",)}
    found = difference(entry(), entry(roles=roles))
    assert found["fields"] == {"added": ["age"], "removed": ["item"]}
    assert found["roles"] == {
        "city": [["quasi_identifier"], ["quasi_identifier", "sensitive"]],
        "item": [["sensitive"], None],
        "age": [None, ["quasi_identifier"]],
    }


def test_records_are_compared_by_what_became_of_them():
    one = entry()
    other = replace(one, records=replace(one.records, released=90, suppressed=10))
    assert difference(one, other)["records"] == {"released": [95, 90], "suppressed": [5, 10]}


def test_input_files_are_known_by_their_bytes_and_else_by_their_names():
    before = [file("a", "1"), file("b", "2"), file("c", "3"), file("gone", "4")]
    after = [file("a", "1"), file("b", "5"), file("moved", "3"), file("new", "6")]
    assert differing_inputs(before, after) == {
        "added": [{"name": "new", "sha256": "6"}],
        "removed": [{"name": "gone", "sha256": "4"}],
        "changed": [{"name": "b", "sha256": ["2", "5"]}],
        "renamed": [{"name": ["c", "moved"], "sha256": "3"}],
    }


FILES = st.lists(st.builds(file, st.sampled_from("abc"), st.sampled_from("123")), max_size=6)


@given(FILES, FILES)
def test_every_input_file_that_differs_is_told_once(before, after):
    found = differing_inputs(before, after)
    gone = Counter((one["name"], one["sha256"]) for one in found["removed"])
    gone += Counter((one["name"], one["sha256"][0]) for one in found["changed"])
    gone += Counter((one["name"][0], one["sha256"]) for one in found["renamed"])
    come = Counter((one["name"], one["sha256"]) for one in found["added"])
    come += Counter((one["name"], one["sha256"][1]) for one in found["changed"])
    come += Counter((one["name"][1], one["sha256"]) for one in found["renamed"])
    left, right = (Counter((one["name"], one["sha256"]) for one in files) for files in (before, after))
    assert (gone, come) == (left - right, right - left)


def test_tests_are_compared_by_name_whatever_is_said_of_them():
    def label(*tests):
        return {
            "tests": [
                {"line": 3, "name": name, "passed": passed, "measured": measured, "limit": 5, "detail": detail}
                for name, passed, measured, detail in tests
            ]
        }

    before = label(("k", True, 5, "a"), ("order", True, 0, "b"), ("l:item", False, 1, "c"))
    after = label(("k", False, 4, "a"), ("order", True, 0, "other words"), ("t:item", True, None, "d"))
    assert differing_tests(before, after) == [
        {
            "name": "k",
            "one": {"passed": True, "measured": 5, "limit": 5},
            "other": {"passed": False, "measured": 4, "limit": 5},
        },
        {"name": "l:item", "one": {"passed": False, "measured": 1, "limit": 5}, "other": None},
        {"name": "t:item", "one": None, "other": {"passed": True, "measured": None, "limit": 5}},
    ]
