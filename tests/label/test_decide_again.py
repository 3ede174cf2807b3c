"""A label decided again after keys were destroyed: it stays or gets worse, and never says more than was measured."""

import copy
import json

import pytest

from beam_deid.transforms.label.contradictions import contradictions
from beam_deid.transforms.label.decide_again import as_published, decide_again
from beam_deid.transforms.label.read_scope import read_scope
from beam_deid.transforms.label.scope import NotRead

RING = "a"


@pytest.mark.parametrize("release", ["analytics", "crm"])
def test_a_published_label_follows_from_its_own_evidence_and_says_what_it_is_about(published, release):
    label = json.loads((published / release / "label.json").read_text("utf-8"))
    assert contradictions(label) == []
    scope = read_scope(label)
    assert json.loads(json.dumps(scope.to_document())) == label["asked"]


def test_a_label_that_names_ignored_columns_is_read_back_and_so_is_one_that_names_none(published):
    label = json.loads((published / "analytics" / "label.json").read_text("utf-8"))
    assert "ignored" not in label["asked"]
    assert read_scope(label).ignored == NotRead()
    label["asked"]["ignored"] = {"patterns": ["ext_*"], "columns": ["ext_1", "ext_2"], "unnamed": 1}
    assert contradictions(label) == []
    scope = read_scope(label)
    assert scope.ignored == NotRead(("ext_*",), ("ext_1", "ext_2"), 1)
    assert json.loads(json.dumps(scope.to_document())) == label["asked"]


@pytest.fixture
def label(published):
    """The label of a release of which two fields have keys in a keyring."""
    label = json.loads((published / "crm" / "label.json").read_text("utf-8"))
    for facts in label["fields"].values():
        if facts["key"]:
            facts["key"]["keyring"] = RING
    return label


def key_of(label):
    (key,) = {facts["key"]["id"] for facts in label["fields"].values() if facts["key"]}
    return key


def outcomes(label):
    return {test["name"]: test["passed"] for test in label["tests"]}


def test_only_the_keys_of_the_keyring_that_are_destroyed_change_a_label(label):
    key = key_of(label)
    assert decide_again(label, RING, {key ^ 1: "2026"}, "now") is None
    assert decide_again(label, "b", {key: "2026"}, "now") is None
    again = decide_again(label, RING, {key: "2026"}, "now")
    assert again["fields"]["buyer_open_uid"]["recoverability"] == "key_destroyed"
    assert again["decided_at"] == "now"
    assert decide_again(again, RING, {key: "2026"}, "later") is None


def test_what_was_not_measured_does_not_hold_and_the_label_stays(label):
    before = copy.deepcopy(label)
    again = decide_again(label, RING, {key_of(label): "2026"}, "now")
    assert label == before
    assert (again["label"], again["condition"], again["grade"]) == ("still_personal", "", label["grade"])
    # No key is left. What is left are pseudonyms, on which no attack was made.
    assert outcomes(again)["restorable"]
    pseudonyms = {"keyless:buyer_open_uid", "keyless:receiver_mobile"}
    assert pseudonyms <= outcomes(again).keys() - outcomes(label).keys()
    for test in again["tests"]:
        if test["name"] in pseudonyms:
            assert (test["passed"], test["measured"]) == (False, None)
            assert "only a new run can" in test["detail"]
    changed = {"restorable", "direct_identifiers"}
    assert {name: held for name, held in outcomes(again).items() if name not in changed | pseudonyms} == {
        name: held for name, held in outcomes(label).items() if name not in changed
    }
    assert contradictions(again) == []
    assert again["limits"] == {test["name"]: test["limit"] for test in again["tests"]}


def test_however_good_its_evidence_is_a_personal_label_stays_personal(label):
    """All that was measured held but for the key: the rows stand in the order of their source all the same."""
    for test in label["tests"]:
        if test["name"] not in ("restorable", "direct_identifiers"):
            test["passed"] = True
            test["measured"] = test["limit"]
    again = decide_again(label, RING, {key_of(label): "2026"}, "now")
    assert again["label"] == "still_personal"


def test_an_anonymized_label_that_loses_a_condition_is_personal(label):
    label["label"] = "anonymized"
    label["condition"] = "only if"
    for test in label["tests"]:
        test["passed"] = True
    again = decide_again(label, RING, {key_of(label): "2026"}, "now")
    assert (again["label"], again["condition"]) == ("still_personal", "")


def told_in_parts(label):
    """What stands in the parts of a release as well, and may change when its label is decided again."""
    return {key: label[key] for key in ("label", "limits", "condition", "fields")}


def test_what_a_label_was_when_it_was_published_is_kept_through_every_change(label):
    assert as_published(label) == label
    again = decide_again(label, RING, {key_of(label): "2026"}, "now")
    assert told_in_parts(as_published(again)) == told_in_parts(label) != told_in_parts(again)
    (amendment,) = again["amendments"]
    assert (amendment["at"], amendment["decided_at"], amendment["destroyed"]) == (
        "now",
        label["decided_at"],
        [key_of(label)],
    )
    # Two keys, destroyed one after the other: the first amendment says what was published.
    other = copy.deepcopy(label)
    other["fields"]["receiver_mobile"]["key"]["id"] = key_of(label) ^ 1
    first = decide_again(other, RING, {key_of(label): "2026"}, "now")
    both = decide_again(first, RING, {key_of(label): "2026", key_of(label) ^ 1: "2027"}, "later")
    assert [list(one["fields"]) for one in both["amendments"]] == [["buyer_open_uid"], ["receiver_mobile"]]
    assert told_in_parts(as_published(both)) == told_in_parts(other)
