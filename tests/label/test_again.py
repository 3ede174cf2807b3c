import json

import pytest

from beam_deid.transforms.label.again import as_published, decide_again, findings_of
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
