"""What the choice of records tells of everybody in a release: sensitive conditions, consents, and ages under 14."""

import pytest

from beam_deid.transforms.policy.filter_facts import filter_facts
from beam_deid.transforms.policy.reader import policy_from_mapping

from ..kit.policies import policy, release, roles

AT = "2026-11-27T08:00:00+00:00"
KINDS = {
    "pregnant": "boolean",
    "isPregnant": "boolean",
    "是否怀孕": "boolean",
    "宗教": "",
    "age": "integer",
    "buyer_age": "",
    "年龄": "decimal",
    "page": "integer",
    "birth_date": "date",
    "birth_year": "integer",
    "生日": "",
    "created": "timestamp",
    "agreed": "boolean",
    "is_child": "boolean",
    "未成年": "",
}


def telling(**more):
    fields = roles(direct="buyer", insensitive="city") | {
        name: {"role": "quasi_identifier"} | ({"kind": kind} if kind else {}) for name, kind in KINDS.items()
    }
    made = policy_from_mapping(policy(fields, a=release("enclave", "city", **more)))
    return {name for name, facts in filter_facts(made, "a", AT).items() if "sensitive" in facts.role}


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("pregnant", True),
        ("pregnant", {"null": False}),
        ("isPregnant", False),
        ("是否怀孕", True),
        ("宗教", "a"),
        ("age", {"below": 14}),
        ("age", {"from": 3, "to": 13}),
        ("age", [3, 13, None]),
        ("buyer_age", ["0-13", "9"]),
        ("buyer_age", "少年"),
        ("年龄", {"below": 13.5}),
        ("birth_date", {"from": "2012-11-28"}),
        ("birth_date", ["2013-01-01", "2020-02-29"]),
        ("birth_year", {"from": 2013}),
        ("birth_year", 2015),
        ("生日", "2015-03"),
        ("生日", "狗年"),
        ("is_child", True),
        ("未成年", ["是", "1"]),
        ("city", "孕产"),
    ],
)
def test_a_condition_that_only_the_sensitive_meet_is_sensitive(field, condition):
    assert telling(where={field: condition}) == {field}


@pytest.mark.parametrize(
    ("field", "condition"),
    [
        ("age", {"below": 15}),
        ("age", {"to": 14}),
        ("age", {"from": 3}),
        ("age", [13, 14]),
        ("age", None),
        ("buyer_age", ["0-10", "18-24"]),
        ("page", {"below": 14}),
        ("birth_date", {"from": "2012-11-27"}),
        ("birth_date", {"below": "2020-01-01"}),
        ("birth_year", {"from": 2012}),
        ("birth_year", {"null": True}),
        ("created", {"from": "2026-01-01"}),
        ("agreed", True),
        ("city", "杭州"),
    ],
)
def test_a_condition_that_others_meet_is_not(field, condition):
    assert telling(where={field: condition}) == set()


@pytest.mark.parametrize(
    ("consent", "purpose", "found"),
    [
        ({"purpose": "孕产 medication club"}, "market analysis", {"consent"}),
        ({}, "孕产 medication club", {"consent"}),
        ({"purpose": "营销", "scope": "hiv"}, "market analysis", {"consent"}),
        ({"purpose": "营销", "scope": "sms"}, "孕产", set()),
    ],
)
def test_what_consents_are_for_is_known_of_everybody_who_gave_one(consent, purpose, found):
    assert telling(purpose=purpose, consent={"ledger": "ledger.csv", **consent}) == found
