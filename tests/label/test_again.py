import json

import pytest

from beam_deid.transforms.label.again import KEPT, as_published, decide_again, findings_of, never_better
from beam_deid.transforms.label.rule import decide


@pytest.mark.parametrize("release", ["analytics", "crm"])
def test_a_published_label_decided_from_its_own_evidence_is_the_same(published, release):
    label = json.loads((published / release / "label.json").read_text("utf-8"))
    again = json.loads(json.dumps(decide(findings_of(label)).to_json()))
    assert again == {key: label[key] for key in again}


def test_only_the_keys_of_the_keyring_that_are_destroyed_change_a_label(published):
    label = json.loads((published / "crm" / "label.json").read_text("utf-8"))
    (key,) = {facts["key"]["id"] for facts in label["fields"].values() if facts["key"]}
    for facts in label["fields"].values():
        if facts["key"]:
            facts["key"]["keyring"] = "a"
    assert decide_again(label, "a", {key ^ 1: "2026"}, "now") is None
    assert decide_again(label, "b", {key: "2026"}, "now") is None
    again = decide_again(label, "a", {key: "2026"}, "now")
    assert again["fields"]["buyer_open_uid"]["recoverability"] == "key_destroyed"
    assert again["decided_at"] == "now"
    assert as_published(again) == ("still_personal", {"buyer_open_uid": "keyed", "receiver_mobile": "keyed"})
    assert decide_again(again, "a", {key: "2026"}, "later") is None
    assert again["label"] == "still_personal"
    assert again["grade"] == label["grade"]
    before, after = ({test["name"] for test in one["tests"] if not test["passed"]} for one in (label, again))
    assert before <= after
    assert again["amendments"][-1]["kept"]


def outcomes(**passed):
    return [{"name": name, "passed": held, "measured": 0, "detail": "said"} for name, held in passed.items()]


def part(label, grade, tests, sensitive=False):
    return {"label": label, "grade": grade, "sensitive": sensitive, "tests": tests}


def test_a_better_decision_changes_nothing_but_what_is_said():
    before, again = part("still_personal", 1, outcomes(a=False, b=True)), part("anonymized", 3, outcomes(a=True, b=True))
    left, kept = never_better(before, again)
    assert kept == ["a"]
    assert (left["label"], left["grade"]) == ("still_personal", 1)
    assert [(test["name"], test["passed"]) for test in left["tests"]] == [("a", False), ("b", True)]
    assert left["tests"][0]["detail"] == f"said; {KEPT}"
    assert never_better({**before, **left}, again)[0] == left  # nor does the next time


def test_a_test_that_failed_and_is_asked_no_more_fails_still():
    left, kept = never_better(part("still_personal", 2, outcomes(a=False)), part("anonymized", 2, outcomes(b=True)))
    assert kept == ["a"]
    assert [(test["name"], test["passed"]) for test in left["tests"]] == [("b", True), ("a", False)]
    assert left["label"] == "still_personal"


def test_a_worse_decision_stands():
    before, again = part("anonymized", 3, outcomes(a=True)), part("still_personal", 2, outcomes(a=False), sensitive=True)
    left, kept = never_better(before, again)
    assert (kept, left) == ([], again)
