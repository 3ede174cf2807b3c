"""Purposes, platforms' terms and recipients: what a policy may say of them, and what a plan tells."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.actions import parse_action
from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.key_options import KeyedAction
from beam_deid.transforms.errors import PolicyError, UsageError
from beam_deid.transforms.policy.for_recipient import absent_keys
from beam_deid.transforms.policy.plan import plan
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.recognisers.platforms.terms import Use
from beam_deid.transforms.run.recipients import check_recipients, given_to

from ..kit.policies import policy, release, roles

AGENCY = {"name": "An agency", "role": "entrusted_processor"}
TOKENS = {"buyer": {"tokenize": {"domain": "customer"}}}
COLLECTED = {"test": {"collected_for": True}}
FULFILMENT = {"test": {"collected_for": True, "use": "fulfilment"}}
PERMITTED = {"by": "the platform", "at": "2026-01-01", "reference": "letter 17"}


def asked(fields: dict[str, Any] | None = None, top: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A policy of one release, whose purpose is called test."""
    return policy(
        roles(direct="buyer", quasi="city", sensitive="item"),
        top=top,
        a=release(more.pop("sharing", "controlled"), "city", TOKENS if fields is None else fields, **more),
    )


def to_agency(
    recipient: dict[str, Any] | None = None, fields: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """The same for an agency."""
    return asked(fields, {"recipients": {"agency": AGENCY | (recipient or {})}}, recipient="agency", **more)


def terms(use: str, **more: Any) -> dict[str, Any]:
    """A policy on Taobao's orders whose release is for some use."""
    return asked(top={"platform": "taobao", "purposes": {"test": {"collected_for": True, "use": use}}}, **more)


RIGHT = {
    "nothing is declared": asked(),
    "collected for it": asked(top={"purposes": COLLECTED}),
    "not collected for it, and anonymized": asked({}, {"purposes": {"test": {}}}, expect="anonymized"),
    "a use that the terms allow": terms("fulfilment"),
    "another use, and anonymized": terms("other", expect="anonymized"),
    "another use, and permitted": terms("other", permitted_by=PERMITTED),
    "a platform of which no terms are known": asked(top={"platform": "jd", "purposes": COLLECTED}),
    "a recipient who may have it": to_agency({"fields": ["buyer", "city"]}),
    "a field that is dropped": to_agency({"fields": ["city"]}, {"buyer": "drop"}),
    "nobody in public": asked({}, {"recipients": {"agency": AGENCY}}, sharing="public"),
    "keys that it has": to_agency({"has_keys": ["env:BEAM_DEID_CASES_KEY"]}),
    "a shared domain": to_agency(fields={"buyer": {"hash": {"domain": "customer", "shared": True}}}),
}

WRONG = {
    "no purpose of that name": (
        asked(top={"purposes": {"tst": {}}}),
        "releases.a.purpose: no purpose is called 'test'",
    ),
    "not collected for it": (asked(top={"purposes": {"test": {}}}), "the data was not collected for 'test'"),
    "still personal, and not collected for it": (
        asked(top={"purposes": {"test": {}}}, expect="still_personal"),
        "the data was not collected for 'test'",
    ),
    "a use beyond the terms": (terms("other"), "the terms of taobao do not allow it: decryption_scenes"),
    "a member programme without consent": (terms("member_programme"), "name the consent ledger under consent"),
    "a platform without purposes": (asked(top={"platform": "taobao"}), "declare purposes"),
    "no platform of that name": (asked(top={"platform": "taobo", "purposes": COLLECTED}), "did you mean 'taobao'?"),
    "a permission for nothing": (asked(permitted_by=PERMITTED), "the policy names no platform"),
    "nobody": (asked(top={"recipients": {"agency": AGENCY}}), "it names no recipient"),
    "somebody else": (
        asked(top={"recipients": {"agency": AGENCY}}, recipient="agncy"),
        "no recipient is called 'agncy'; did you mean 'agency'?",
    ),
    "more than it may have": (
        to_agency({"fields": ["city"], "contract": "2026-017"}),
        "releases.a.fields.buyer: agency may not have buyer (contract 2026-017)",
    ),
    "a field that there is not": (to_agency({"fields": ["citty", "city", "buyer"]}), "no field is called 'citty'"),
    "an end before the beginning": (to_agency({"from": "2026-02-01", "until": "2026-01-01"}), "until is before from"),
    "no date": (to_agency({"until": "2026-2-1"}), "must be a date as 2026-12-31"),
    "a number for a date": (to_agency({"until": 20260201}), "must be a date as 2026-12-31"),
    "a key that nothing takes": (to_agency({"has_keys": ["keyring:other"]}), "no field of the policy takes this key"),
    "a key of its own department": (to_agency({"role": "internal", "has_keys": "none"}), "leave has_keys out"),
    "two recipients of one name": (
        asked(top={"recipients": {"agency": AGENCY, "other": {**AGENCY, "name": "ＡＮ  agency"}}}, recipient="agency"),
        "recipients.other.name: it is the name of agency too",
    ),
    "two recipients of one contract": (
        asked(
            top={
                "recipients": {
                    "agency": {**AGENCY, "contract": "2026-017"},
                    "other": {**AGENCY, "name": "Another", "contract": "2026-017"},
                }
            },
            recipient="agency",
        ),
        "recipients.other.contract: it is the contract of agency too",
    ),
    "a domain shared with nobody": (
        asked({"buyer": {"hash": {"domain": "customer", "shared": True}}}),
        "the policy declares no recipients",
    ),
    "a domain without a name": (to_agency(fields={"buyer": {"hash": {"shared": True}}}), "add domain: NAME"),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_agrees_is_read(case: str) -> None:
    assert policy_from_mapping(RIGHT[case]).releases["a"].purpose == "test"


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_agree_is_told_with_its_place(case: str) -> None:
    said, what = WRONG[case]
    with pytest.raises(PolicyError) as refused:
        policy_from_mapping(said)
    assert what in refused.value.what


def test_a_pasted_key_is_never_told_again() -> None:
    pasted = "5a" * 32
    with pytest.raises(PolicyError) as refused:
        policy_from_mapping(to_agency({"has_keys": [pasted]}))
    assert pasted not in str(refused.value)
    assert "not a key reference" in refused.value.what


def test_what_is_declared_is_a_part_of_the_policys_hash_and_what_is_not_is_none() -> None:
    plain = policy_sha256(policy_from_mapping(asked()))
    spelt = policy_sha256(policy_from_mapping(asked({"buyer": {"tokenize": {"domain": "customer", "shared": False}}})))
    declared = policy_sha256(policy_from_mapping(to_agency()))
    assert plain == spelt
    assert declared not in (plain, policy_sha256(policy_from_mapping(to_agency({"has_keys": "none"}))))


KEYED = ("tokenize", "hash", {"fpe": {"alphabet": "digits"}}, {"surrogate": {"of": "name"}}, "shift", "encrypt")


def domains(action: Any, **options: Any) -> dict[str, str]:
    """The key domain of an action for two recipients, and for nobody who is declared, by recipient."""
    name, own = next(iter(action.items())) if isinstance(action, dict) else (action, {})
    made = parse_action({name: {**own, **options}})
    assert isinstance(made, KeyedAction)
    return {one: made.key_domain(Target("a", "buyer", dataset="t", recipient=one)) for one in ("", "one", "two")}


@pytest.mark.parametrize("options", [{}, {"domain": "customer"}], ids=["unnamed", "named"])
@pytest.mark.parametrize("action", KEYED, ids=str)
def test_each_recipient_has_a_key_domain_of_its_own(action: Any, options: dict[str, Any]) -> None:
    assert len({*domains(action, **options).values()}) == 3


@pytest.mark.parametrize("action", KEYED, ids=str)
def test_a_shared_domain_is_the_same_for_all_recipients(action: Any) -> None:
    assert {*domains(action, domain="customer", shared=True).values()} == {"customer"}


NAMES = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=4)


@given(NAMES, NAMES, NAMES, NAMES)
def test_two_recipients_and_two_domains_are_never_one(one: str, other: str, domain: str, another: str) -> None:
    mine = parse_action({"hash": {"domain": "d" + domain}})
    theirs = parse_action({"hash": {"domain": "d" + another}})
    assert isinstance(mine, KeyedAction)
    assert isinstance(theirs, KeyedAction)
    left = mine.key_domain(Target("a", "f", dataset="t", recipient=one))
    right = theirs.key_domain(Target("a", "f", dataset="t", recipient=other))
    assert (left == right) == ((one, domain) == (other, another))


@pytest.mark.parametrize(
    ("has_keys", "absent"),
    [("none", ("buyer",)), ("all", ()), (None, ()), (["env:BEAM_DEID_CASES_KEY"], ()), (["env:OTHER"], ("buyer",))],
    ids=str,
)
def test_a_key_is_absent_only_where_that_is_said(has_keys: Any, absent: tuple[str, ...]) -> None:
    said = to_agency({} if has_keys is None else {"has_keys": has_keys})
    said["releases"]["b"] = release("controlled", "", {"city": {"hash": {"key": "env:OTHER"}}}, recipient="agency")
    assert absent_keys(policy_from_mapping(said), "a") == absent


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("today", "is_within"), [("2026-01-01", True), ("2026-12-31", True), ("2025-12-31", False), ("2027-01-01", False)]
)
def test_a_period_includes_its_first_and_its_last_day(today: str, is_within: bool) -> None:
    read = policy_from_mapping(to_agency({"from": "2026-01-01", "until": "2026-12-31"}))
    if is_within:
        check_recipients(read, ("a",), day(today))
        return
    with pytest.raises(UsageError) as refused:
        check_recipients(read, ("a",), day(today))
    assert today in refused.value.what


def test_a_run_says_to_whom_it_gave_and_who_permitted_it_and_nothing_of_keys() -> None:
    said = terms("other", permitted_by=PERMITTED, recipient="agency")
    said["recipients"] = {
        "agency": AGENCY | {"has_keys": "none", "deleted": {"at": "2026-07-01", "shown_by": "report 3"}}
    }
    found = given_to(policy_from_mapping(said), ("a",))
    assert found == {
        "recipients": {"a": {**AGENCY, "inspections": [], "deleted": {"at": "2026-07-01", "shown_by": "report 3"}}},
        "permitted_by": {"a": PERMITTED},
    }
    assert given_to(policy_from_mapping(asked()), ("a",)) == {}


def told(said: dict[str, Any]) -> Any:
    """What a plan tells of the release's recipient."""
    return plan(policy_from_mapping(said)).to_document()["releases"]["a"]["recipient"]


@pytest.mark.parametrize(
    ("role", "fact"),
    [("entrusted_processor", "Art. 21"), ("other_processor", "Art. 23"), ("abroad", "CAC Order 16"), ("internal", "")],
)
def test_a_plan_tells_what_applies_to_a_role_and_never_that_it_is_kept(role: str, fact: str) -> None:
    facts = " ".join(told(to_agency({"role": role}))["facts"])
    assert fact in facts
    assert bool(facts) == bool(fact)
    assert "compliant" not in facts.lower()


@pytest.mark.parametrize(
    ("said", "best"),
    [
        (to_agency({"has_keys": "none"}), "not_identifiable"),
        (to_agency({"has_keys": "all"}), "identifiable"),
        (to_agency(), "not_assessed"),
        (to_agency({"has_keys": "none"}, {"buyer": "keep"}), "identifiable"),
    ],
    ids=["no key", "all keys", "nobody says", "clear"],
)
def test_a_plan_tells_what_a_release_can_be_for_its_recipient_at_best(said: dict[str, Any], best: str) -> None:
    assert told(said)["best"] == best


def test_every_term_has_a_source_and_a_date_and_says_whether_what_it_allows_is_our_reading() -> None:
    known = [term for one in platforms().values() for term in one.terms]
    assert known
    for term in known:
        assert term.source
        assert term.date
        if term.allows is None:
            assert not term.unless
            assert not term.is_reading
        else:
            assert not term.allows_use(Use.OTHER, with_consent=True)
