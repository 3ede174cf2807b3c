from dataclasses import replace

import pytest

from beam_deid.transforms.label.evidence import Attack, FieldFacts
from beam_deid.transforms.label.rule import LINES, Findings, decide
from beam_deid.transforms.terms import LabelName, Sharing

RISK = {
    "k": 7, "k_composite": 7, "l_distinct": {"category": 3}, "t": {"category": 0.2},
    "sharing": {"R_a": 0.0, "R_b": 1 / 7, "R_c": 0.04, "E": 0.5, "R": 0.02},
}  # fmt: skip
SAFE = Findings(
    fields={
        "city": FieldFacts(("quasi_identifier",), "generalize", "generalized"),
        "category": FieldFacts(("sensitive",), "keep", "clear"),
    },
    quasi=("city",), sensitive=("category",), sharing=Sharing.CONTROLLED, k=5, l={"category": 2}, t={"category": 0.4},
    risk_limit=0.05, risk=RISK, attacks=(Attack("source", ("city",), 100, 5, 5, 0.05, 0.05),),
)  # fmt: skip


PAST = ({"points": 1, "share": 0.05, "low": 0.05, "high": 0.05}, {"points": 2, "share": 0.01, "low": 0.0, "high": 0.02})


def with_field(name, role, action, recoverability):
    return {**SAFE.fields, name: FieldFacts((role,), action, recoverability)}


def test_a_release_that_meets_every_line_is_anonymized():
    label = decide(SAFE)
    assert label.label == LabelName.ANONYMIZED
    assert label.failing == ()
    assert {test.line for test in label.tests} == set(range(1, len(LINES) + 1))
    assert (label.sensitive, label.grade) == (True, 3)


WORSE = {
    "clear identifier": ({"fields": with_field("mobile", "direct_identifier", "keep", "clear")}, "direct_identifiers", 1),
    "masked identifier": (
        {"fields": with_field("mobile", "direct_identifier", "mask", "partial"), "quasi": ("city", "mobile")},
        "direct_identifiers", 1,
    ),
    "keyed identifier": ({"fields": with_field("mobile", "direct_identifier", "hash", "keyed")}, "direct_identifiers", 1),
    "identifier found by scan": ({"hits": (("title", "mobile", 1),)}, "value_scan", 1),
    "values not scanned": ({"scanned": False}, "value_scan", 1),
    "any keyed field": ({"fields": with_field("shop", "insensitive", "hash", "keyed")}, "restorable", 3),
    "mask not tested": ({"fields": with_field("nick", "quasi_identifier", "mask", "partial")}, "remainders", 3),
    "small class": ({"risk": {**RISK, "k": 4}}, "k", 2),
    "small composite class": ({"linkable": True, "risk": {**RISK, "k_composite": 4}}, "k_composite", 2),
    "linkable without subject": ({"linkable": True, "risk": {**RISK, "k_composite": None}}, "k_composite", 2),
    "class at risk": ({"risk": {**RISK, "sharing": {**RISK["sharing"], "R_a": 0.01}}}, "classes_at_risk", 2),
    "overall risk": ({"risk": {**RISK, "sharing": {**RISK["sharing"], "R": 0.051}}}, "overall_risk", 2),
    "nothing measured": ({"risk": {}}, "k", 2),
    "one sensitive value": ({"risk": {**RISK, "l_distinct": {"category": 1}}, "l": {}}, "l:category", 3),
    "l not measured": ({"risk": {**RISK, "l_distinct": {}}}, "l:category", 3),
    "too far": ({"risk": {**RISK, "t": {"category": 0.41}}}, "t:category", 3),
    "t not measured": ({"risk": {**RISK, "t": {}}}, "t:category", 3),
    "linked": ({"attacks": (replace(SAFE.attacks[0], share=0.06),)}, "join:source", 3),
    "join not made": ({"attacks": ()}, "join:source", 3),
    "attacker not joined": ({"untested": {"attacker:courier": "no table"}}, "join:attacker:courier", 3),
    "history not measured": ({"linkable": True, "history_limit": 0.05}, "history", 3),
    "history without a limit": ({"linkable": True, "history": PAST}, "history", 3),
    "history": ({"linkable": True, "history": PAST, "history_limit": 0.04}, "history", 3),
    "upper end of a history": (
        {"linkable": True, "history": ({**PAST[0], "share": 0.04, "high": 0.051},), "history_limit": 0.05}, "history", 3,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WORSE)
def test_one_failing_line_is_enough_for_still_personal(case):
    change, failing, grade = WORSE[case]
    label = decide(replace(SAFE, **change))
    assert label.label == LabelName.STILL_PERSONAL
    assert failing in {test.name for test in label.failing}
    assert label.grade == grade


def test_a_history_within_the_limit_holds():
    label = decide(replace(SAFE, linkable=True, history=PAST, history_limit=0.05))
    assert label.label == LabelName.ANONYMIZED
    assert label.history == PAST


def test_a_join_without_a_limit_is_reported_and_no_condition():
    told = Attack("source+sensitive", ("city", "category"), 100, 90, 90, 0.9, None)
    label = decide(replace(SAFE, attacks=(*SAFE.attacks, told)))
    assert label.label == LabelName.ANONYMIZED
    assert told in label.attacks


def test_distinct_l_of_two_is_the_least_even_where_the_policy_asks_for_one():
    label = decide(replace(SAFE, l={"category": 1}, risk={**RISK, "l_distinct": {"category": 1}}))
    assert [test.limit for test in label.failing] == [2]
