from typing import Any

import pytest

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.policy.roles import keyed_fields, open_levels, released_fields, remainders
from beam_deid.transforms.policy.scoping import identities, scope_of

from .policies import orders


def of(fields: dict[str, Any], **more: Any) -> Policy:
    mapping = orders()
    mapping["releases"] = {"x": {"purpose": "test", "sharing": "enclave", "fields": fields, **more}}
    return policy_from_mapping(mapping)


ALL = of(
    {
        "note": "keep",
        "category": "keep",
        "age_group": "keep",
        "name": {"mask": {"keep_first": 1}},
        "buyer_id": {"hash": {}},
        "city": "keep",
        "birth_year": {"generalize": {"ranges": [5, 10]}},
        "tid": "drop",
    }
)


def test_released_fields_are_the_named_ones_that_are_not_removed_in_the_policys_order() -> None:
    assert released_fields(ALL, "x") == (
        "buyer_id",
        "name",
        "city",
        "birth_year",
        "age_group",
        "category",
        "note",
    )


def test_what_is_counted_follows_from_roles_and_what_is_released_whatever_is_done_to_it() -> None:
    scope = scope_of(ALL, "x", ("x",))
    assert scope.columns == released_fields(ALL, "x")
    assert scope.rest == ("buyer_id", "name", "city", "birth_year", "age_group", "note")
    assert scope.sensitive == ("age_group", "category")
    assert scope.without("age_group") == ("buyer_id", "name", "city", "birth_year", "category", "note")
    assert scope.around("age_group") == ("buyer_id", "name", "city", "birth_year", "note")


def test_keyed_fields_and_remainders_follow_the_action() -> None:
    assert keyed_fields(ALL, "x") == ("buyer_id",)
    assert remainders(ALL, "x") == ("name",)
    gone = of({"buyer_id": {"hash": {}}, "city": "keep"}, key="ephemeral")
    assert (keyed_fields(gone, "x"), remainders(gone, "x")) == ((), ("buyer_id",))


def test_persons_are_counted_by_the_subject_and_by_direct_identifiers_that_name_one() -> None:
    assert identities(ALL) == ("buyer_id", "tid")
    assert scope_of(ALL, "x", ("x",)).identities == ("buyer_id", "tid")


def test_levels_are_open_unless_the_policy_fixes_them() -> None:
    fixed = of({"birth_year": {"generalize": {"ranges": [5, 10], "level": 1}}})
    assert (open_levels(ALL, "x"), open_levels(fixed, "x")) == (("birth_year",), ())


@pytest.mark.parametrize(
    ("fields", "key", "expected"),
    [
        ({"buyer_id": {"hash": {}}}, None, True),
        ({"buyer_id": {"hash": {}}}, "ephemeral", True),
        ({"city": "keep"}, None, False),
        ({"name": {"mask": {"keep_first": 1}}}, None, False),
        ({"buyer_id": "drop", "city": "keep"}, None, False),
    ],
)
def test_rows_are_linked_by_pseudonyms_with_and_without_their_key(
    fields: dict[str, Any], key: str | None, expected: bool
) -> None:
    assert scope_of(of(fields, key=key), "x", ("x",)).linked is expected
