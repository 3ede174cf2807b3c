import json
from typing import Any

import pytest

from beam_deid.transforms.errors import PolicyError
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
    document = plan(policy_from_mapping(orders())).to_document()
    assert json.loads(json.dumps(document)) == document
    assert document["schema_version"] == 2


def test_every_field_has_its_action_and_a_sentence_and_what_is_not_released_is_told() -> None:
    whole = plan(policy_from_mapping(orders()))
    crm = whole.releases["crm"]
    assert [(f.field, f.action, f.recoverability) for f in crm.fields] == [
        ("buyer_id", "hash", Recoverability.KEYED),
        ("name", "mask", Recoverability.PARTIAL),
        ("city", "keep", Recoverability.CLEAR),
    ]
    assert all(field.sentence and not field.sentence.endswith(".") for field in crm.fields)
    assert crm.not_released == ("tid", "birth_year", "created", "age_group", "category", "note")
    assert whole.never_released == ("tid", "note")


def test_what_may_lack_what_is_not_read_and_what_is_filled_is_told() -> None:
    whole = plan(policy_from_mapping(orders())).to_document()
    assert (whole["optional"], whole["ignored"], whole["filled"]) == ([], [], None)
    mapping = orders()
    mapping["fields"]["city"]["optional"] = True
    mapping["input"] = {"ignore": ["ext_*"], "fill_down": {"by": "tid", "fields": ["city", "name"]}}
    whole = plan(policy_from_mapping(mapping)).to_document()
    assert (whole["optional"], whole["ignored"]) == (["city"], ["ext_*"])
    assert whole["filled"] == {"by": "tid", "fields": ["city", "name"]}


def test_the_size_of_parts_is_told_where_the_policy_says_it() -> None:
    assert planned().part_rows is None
    assert planned(parts={"rows": 1_000_000}).part_rows == 1_000_000


def test_a_release_without_identifiers_can_be_anonymized() -> None:
    release = planned()
    assert (release.best_label, release.reasons) == (LabelName.ANONYMIZED, ())
    (warning,) = release.warnings
    assert warning.startswith("record: names no field")
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


def test_a_k_below_the_sharing_models_is_refused_and_a_greater_one_is_taken() -> None:
    with pytest.raises(PolicyError, match="5 is below 20, the least that public sharing allows"):
        planned(sharing="public", require={"k": 5})
    limits = {test.name: test.limit for test in planned(require={"k": 7}).tests}
    assert {limits["k"], limits["k_without:category"], limits["k_values:category"]} == {7}


def test_identifying_kinds_under_another_role_are_an_obstacle() -> None:
    mapping = orders()
    mapping["fields"]["city"]["kind"] = "mobile"
    (reason,) = plan(policy_from_mapping(mapping)).releases["analytics"].reasons
    assert (reason.line, reason.field) == (1, "city")
    assert "of kind mobile, which names a person" in reason.what


LIMITS = {
    "direct_identifiers": (1, 0),
    "value_scan": (1, 0),
    "restorable": (2, 0),
    "digests": (2, 0),
    "platform": (2, 0),
    "k": (3, 5),
    "k_without:age_group": (3, 5),
    "k_without:category": (3, 5),
    "k_values:age_group": (3, 5),
    "k_values:category": (3, 5),
    "l:age_group": (4, 2),
    "l:category": (4, 2),
    "gain:age_group": (4, 0.75),
    "gain:category": (4, 0.75),
    "t:category": (4, 0.4),
    "dominance": (5, 0.7),
    "classes_at_risk": (6, 0),
    "overall_risk": (6, 0.05),
    "attacker:courier": (7, 0),
    "composition:crm": (8, 5),
    "order": (9, 0),
}


def test_every_test_that_will_be_made_is_listed_with_its_line_and_limit() -> None:
    assert {test.name: (test.line, test.limit) for test in planned().tests} == LIMITS


def test_lines_are_in_order_and_every_sentence_can_stand_in_a_list() -> None:
    tests = planned().tests
    assert [test.line for test in tests] == sorted(test.line for test in tests)
    assert {test.line for test in tests} == set(range(1, 10))
    assert all(test.sentence and not test.sentence.endswith(".") and test.sentence[0].islower() for test in tests)


def test_in_public_sharing_anything_that_is_released_may_be_known() -> None:
    limits = {test.name: test.limit for test in planned(sharing="public", require={}).tests}
    assert limits["k_all"] == limits["k"] == limits["k_values:category"] == 20
    assert not any(name.startswith("k_without") for name in limits)
    assert limits["gain:category"] == limits["dominance"] == 0.5


def test_a_release_that_is_to_stay_personal_is_tested_alone() -> None:
    mapping = orders()
    mapping["releases"]["crm"]["expect"] = "still_personal"
    found = plan(policy_from_mapping(mapping)).releases
    assert found["analytics"].tested_with == found["crm"].tested_with == ()
    assert not any(test.line == 8 for one in found.values() for test in one.tests)
    assert planned().tested_with == ("crm",)


def test_sensitive_columns_that_two_releases_hold_keep_several_values_in_common() -> None:
    mapping = orders()
    mapping["releases"]["crm"]["fields"]["category"] = "keep"
    mapping["releases"]["crm"]["require"] = {"k": 9, "l": {"category": 4}}
    found = plan(policy_from_mapping(mapping)).releases
    for name, other in (("analytics", "crm"), ("crm", "analytics")):
        limits = {test.name: test.limit for test in found[name].tests if test.line == 8}
        assert limits == {f"composition:{other}": 9, f"common_values:{other}:category": 4}


def test_what_is_counted_and_by_whom_is_told() -> None:
    release = planned()
    assert release.identities == ("buyer_id", "tid")
    assert release.rest == ("city", "birth_year", "created", "age_group")
    assert release.sensitive == ("age_group", "category")
    assert {field.field: field.counted for field in release.fields} == {
        "city": True,
        "birth_year": True,
        "created": True,
        "age_group": True,
        "category": False,
        "note": False,
    }


def test_without_a_subject_nobody_can_be_counted() -> None:
    mapping = orders()
    del mapping["subject"]
    assert [reason.line for reason in plan(policy_from_mapping(mapping)).releases["analytics"].reasons] == [3]
    mapping["subject"] = "each_record"
    assert plan(policy_from_mapping(mapping)).releases["analytics"].reasons == ()


def test_a_sensitive_column_of_two_values_is_told_to_be_costly() -> None:
    mapping = orders()
    mapping["fields"]["category"]["kind"] = "boolean"
    warnings = plan(policy_from_mapping(mapping)).releases["analytics"].warnings
    assert any("category has two values, and every group needs both" in warning for warning in warnings)
