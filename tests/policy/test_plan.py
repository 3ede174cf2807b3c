import json
from typing import Any

import pytest

from beam_deid.transforms.label.rule import LINK_LIMIT
from beam_deid.transforms.policy.model import DEFAULT_LINK
from beam_deid.transforms.policy.plan import ReleasePlan, plan
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.terms import LabelName, Recoverability

from .policies import orders


def planned(**changes: Any) -> ReleasePlan:
    """The plan of the release analytics, with some of its keys changed."""
    mapping = orders()
    mapping["releases"]["analytics"].update(changes)
    return plan(policy_from_mapping(mapping)).releases["analytics"]


def test_a_plan_is_plain_json() -> None:
    document = plan(policy_from_mapping(orders())).to_json()
    assert json.loads(json.dumps(document)) == document
    assert document["schema_version"] == 1


def test_every_field_has_its_action_and_a_sentence_and_what_is_not_released_is_told() -> None:
    whole = plan(policy_from_mapping(orders()))
    crm = whole.releases["crm"]
    assert [(f.field, f.action, f.recoverability) for f in crm.fields] == [
        ("buyer_id", "hash", Recoverability.KEYED), ("name", "mask", Recoverability.PARTIAL),
        ("city", "keep", Recoverability.CLEAR),
    ]  # fmt: skip
    assert all(field.sentence and not field.sentence.endswith(".") for field in crm.fields)
    assert crm.not_released == ("tid", "birth_year", "created", "age_group", "category", "note")
    assert whole.never_released == ("tid", "note")


def test_a_release_without_identifiers_can_be_anonymized() -> None:
    release = planned()
    assert (release.best_label, release.reasons, release.warnings) == (LabelName.ANONYMIZED, (), ())
    assert release.open_levels == ("birth_year", "created")


@pytest.mark.parametrize(
    ("action", "lines"), [("keep", [1]), ({"mask": {"keep_first": 1}}, [1]), ({"hash": {}}, [1, 2])]
)
def test_a_direct_identifier_left_in_any_form_keeps_the_release_personal(action: Any, lines: list[int]) -> None:
    release = planned(fields={"name": action, "city": "keep", "category": "keep"})
    name = action if isinstance(action, str) else next(iter(action))
    assert release.best_label is LabelName.STILL_PERSONAL
    assert [reason.line for reason in release.reasons] == lines
    assert (release.reasons[0].field, release.reasons[0].action) == ("name", name)
    assert "name" in release.reasons[0].what
    assert "drop or generalize it" in release.reasons[0].instead


def test_an_expectation_that_can_never_be_met_is_told() -> None:
    release = planned(fields={"name": "keep", "city": "keep", "category": "keep"})
    assert any("can never be reached" in warning for warning in release.warnings)


def test_a_k_below_the_sharing_models_is_raised_and_told() -> None:
    release = planned(sharing="public", require={"k": 5})
    assert [test.limit for test in release.tests if test.name == "k"] == [20]
    assert any("require.k is 5, below the least of public sharing; 20 is taken" in w for w in release.warnings)


def test_identifying_kinds_under_another_role_are_told() -> None:
    mapping = orders()
    mapping["fields"]["city"]["kind"] = "mobile"
    release = plan(policy_from_mapping(mapping)).releases["analytics"]
    assert any("city is of kind mobile but quasi_identifier" in warning for warning in release.warnings)


def test_every_test_that_will_be_made_is_listed_with_its_limit() -> None:
    limits = {test.name: (test.line, test.limit) for test in planned().tests}
    assert limits == {
        "direct_identifiers": (1, 0), "value_scan": (1, 0), "restorable": (2, 0), "remainders": (3, 0),
        "k": (4, 5), "classes_at_risk": (4, 0), "overall_risk": (4, 0.05), "suppression": (4, 0.05),
        "l:age_group": (5, 2), "l:category": (5, 2), "t:category": (5, 0.4), "join:source": (6, 0.05),
        "join:release:crm": (6, 0.05), "join:attacker:courier": (6, 0.05),
    }  # fmt: skip


def test_a_limit_on_joins_by_the_policy_replaces_the_sharing_models() -> None:
    release = planned(require={"link": 0.01, "link_sensitive": 0.1})
    limits = {test.name: test.limit for test in release.tests if test.line == 6}
    assert limits["join:source"] == 0.01
    assert limits["join:source+sensitive"] == 0.1


def test_the_plan_and_the_label_rule_take_the_same_limits_for_joins() -> None:
    assert DEFAULT_LINK == LINK_LIMIT
