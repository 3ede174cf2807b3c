"""The category of personal information of a field makes its role stricter, and never laxer."""

import pytest

from beam_deid.transforms.errors import PolicyError
from beam_deid.transforms.policy.canonical import policy_document
from beam_deid.transforms.policy.categories import category_of, with_sensitive
from beam_deid.transforms.policy.plan import plan
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256
from beam_deid.transforms.terms import Role

from ..kit.policies import policy, release, roles

BOTH = (Role.QUASI, Role.SENSITIVE)


def made(fields, kept="city", **more):
    named = {"buyer": {"role": "direct_identifier"}, "city": {"role": "quasi_identifier"}, **fields}
    return policy(named, a=release("controlled", kept), **more)


def test_a_field_whose_category_is_sensitive_is_sensitive_whatever_its_role():
    fields = {
        "ward": {"role": "insensitive", "category": "health"},
        "faith": {"role": "quasi_identifier", "category": "religion"},
    }
    found = policy_from_mapping(made(fields, "city ward faith"))
    assert {name: found.fields[name].role for name in ("city", "ward", "faith")} == {
        "city": (Role.QUASI,),
        "ward": BOTH,
        "faith": BOTH,
    }
    told = plan(found).releases["a"]
    assert {one.field: (one.category, one.sensitive_by) for one in told.fields} == {
        "city": (None, None),
        "ward": ("health", "PIPL Art. 28, 医疗健康"),
        "faith": ("religion", "PIPL Art. 28, 宗教信仰"),
    }
    assert set(told.sensitive) == {"ward", "faith"}
    assert any(test.name == "l:ward" or test.name == "distinct:ward" for test in told.tests)


def test_a_direct_identifier_of_a_sensitive_category_is_sensitive_where_a_release_generalizes_it():
    """The first digits of a card are its bank's: whoever is in a group of one bank is known to have an account there."""
    fields = {"card": {"role": "direct_identifier", "kind": "bank_card"}}
    how = {"card": {"generalize": {"prefix": [6], "level": 0}}}
    found = policy_from_mapping(policy(roles(direct="buyer") | fields, a=release("controlled", "", how)))
    assert found.fields["card"].role == (Role.DIRECT, Role.SENSITIVE)
    assert any(test.line == 4 and test.name.endswith(":card") for test in plan(found).releases["a"].tests)
    assert policy_from_mapping(policy_document(found)).fields["card"].role == (Role.DIRECT, Role.SENSITIVE)
    tokens = policy(roles(direct="buyer") | fields, a=release("controlled", "", {"card": "tokenize"}))
    assert policy_from_mapping(tokens).fields["card"].role == (Role.DIRECT,)


def test_a_general_category_cannot_unmake_what_the_kind_or_the_platform_says():
    fields = {"card": {"role": "direct_identifier", "kind": "bank_card", "category": "transaction"}}
    with pytest.raises(PolicyError, match="financial_account, which is sensitive"):
        policy_from_mapping(made(fields))
    names = "tid buyer_nick receiver_name payment created"
    taobao = roles(direct=names) | {"buyer_alipay_no": {"role": "direct_identifier", "category": "basic"}}
    with pytest.raises(PolicyError, match="its platform makes it financial_account"):
        policy_from_mapping(made(taobao))


def test_another_sensitive_category_may_take_the_place_of_the_kinds():
    found = policy_from_mapping(
        made({"card": {"role": "direct_identifier", "kind": "bank_card", "category": "health"}})
    )
    assert category_of(found, "card") == "health"


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("mobile", "basic"),
        ("id_card", "identity"),
        ("bank_card", "financial_account"),
        ("timestamp", None),
        ("text", None),
    ],
)
def test_a_kind_says_its_category(kind, category):
    found = policy_from_mapping(made({"f": {"role": "direct_identifier", "kind": kind}}))
    assert category_of(found, "f") == category


def test_what_a_category_makes_sensitive_may_be_asked_for_as_such():
    fields = {"ward": {"role": "insensitive", "category": "health"}}
    spec = made(fields, "city ward") | {"same": {"ward": {"a": ["b"]}}}
    spec["releases"]["a"]["require"] = {"l": {"ward": 3}}
    assert policy_from_mapping(spec).same["ward"] == {"a": ("b",)}
    spec["fields"]["ward"] = {"role": "insensitive", "category": "transaction"}
    with pytest.raises(PolicyError, match="ward is not sensitive"):
        policy_from_mapping(spec)


def test_a_direct_identifier_stays_one():
    found = policy_from_mapping(made({"ward": {"role": "direct_identifier", "category": "health"}}))
    assert with_sensitive(found, ["ward", "buyer"]) is found


def test_a_policy_adds_lists_and_cannot_take_the_name_of_one_that_comes_along():
    found = policy_from_mapping(
        made({}, top={"sensitive_values": {"ward": ["dialysis"], "云": {"values": ["云上"], "category": "health"}}})
    )
    assert found.sensitive_values is not None
    assert policy_from_mapping(policy_document(found)).sensitive_values == found.sensitive_values
    for wrong, said in (
        ({"medicine": ["aspirin"]}, "a list medicine comes along"),
        ({"ward": []}, "must not be empty"),
        ({"ward": ["a"]}, "2 characters"),
        ({"ward": {"values": ["ab"], "category": "basic"}}, "category"),
    ):
        with pytest.raises(PolicyError, match=said):
            policy_from_mapping(made({}, top={"sensitive_values": wrong}))


def test_a_policy_that_says_nothing_of_them_has_the_hash_that_it_had():
    spec = made({})
    found = policy_from_mapping(spec)
    own = policy_from_mapping(spec | {"sensitive_values": {"ward": ["dialysis"]}})
    assert policy_sha256(found) != policy_sha256(own)
    assert found.fields["city"].category is None
    assert "sensitive_values" not in {name for name, value in policy_document(found).items() if value is not None}


def test_an_unknown_category_is_told_with_the_nearest():
    with pytest.raises(PolicyError, match=r"did you mean.*health"):
        policy_from_mapping(made({"ward": {"role": "sensitive", "category": "healt"}}))
