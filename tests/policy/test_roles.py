from typing import Any

import pytest

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.policy.roles import (
    join_fields,
    keyed_fields,
    linkable,
    open_levels,
    quasi_fields,
    released_fields,
    sensitive_fields,
)

from .policies import orders


def of(fields: dict[str, Any]) -> Policy:
    mapping = orders()
    mapping["releases"] = {"x": {"purpose": "test", "sharing": "enclave", "fields": fields}}
    return policy_from_mapping(mapping)


ALL = of(
    {
        "note": "keep", "category": "keep", "age_group": "keep", "name": {"mask": {"keep_first": 1}},
        "buyer_id": {"hash": {}}, "city": "keep",
        "birth_year": {"generalize": {"ranges": [5, 10]}}, "tid": "drop",
    }
)  # fmt: skip


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


def test_quasi_fields_are_those_by_role_and_what_a_mask_leaves() -> None:
    assert quasi_fields(ALL, "x") == ("name", "city", "birth_year", "age_group")


def test_sensitive_and_keyed_fields_follow_role_and_action() -> None:
    assert sensitive_fields(ALL, "x") == ("age_group", "category")
    assert keyed_fields(ALL, "x") == ("buyer_id",)


def test_join_fields_leave_out_the_keyed_and_the_sensitive_only_but_not_the_insensitive() -> None:
    assert join_fields(ALL, "x") == ("name", "city", "birth_year", "age_group", "note")


def test_a_generalized_direct_identifier_counts_as_quasi() -> None:
    mapping = orders()
    mapping["fields"]["created"]["role"] = "direct_identifier"
    assert "created" in quasi_fields(policy_from_mapping(mapping), "analytics")


def test_levels_are_open_unless_the_policy_fixes_them() -> None:
    fixed = of({"birth_year": {"generalize": {"ranges": [5, 10], "level": 1}}})
    assert (open_levels(ALL, "x"), open_levels(fixed, "x")) == (("birth_year",), ())


@pytest.mark.parametrize(
    ("fields", "expected"),
    [({"buyer_id": {"hash": {}}}, True), ({"tid": "keep"}, True), ({"city": "keep"}, False),
     ({"name": {"mask": {"keep_first": 1}}}, False), ({"buyer_id": {"mask": {"keep_first": 1}}}, True),
     ({"buyer_id": "drop", "city": "keep"}, False)],
)  # fmt: skip
def test_rows_can_be_linked_by_pseudonyms_and_what_identifies(fields: dict[str, Any], expected: bool) -> None:
    assert linkable(of(fields), "x") is expected
