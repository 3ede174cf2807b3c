"""Kinds whose values a platform or a carrier knows whose they are: the plan says so, whatever their role."""

import pytest

from beam_deid.transforms.policy.plan import plan
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.terms import LabelName


def policy(kind: str, action: object, role: str = "insensitive"):
    return policy_from_mapping(
        {
            "version": 1,
            "dataset": "d",
            "subject": "who",
            "fields": {"who": {"role": "direct_identifier"}, "a": {"role": role, "kind": kind}},
            "releases": {"out": {"purpose": "test", "sharing": "enclave", "fields": {"a": action}}},
        }
    )


@pytest.mark.parametrize("kind", ["platform_id", "platform_ciphertext", "tracking_number"])
def test_a_platforms_identifier_is_never_anonymous(kind: str) -> None:
    for action in ("keep", {"mask": {"keep_first": 4}}):
        found = plan(policy(kind, action)).releases["out"]
        assert found.best_label is LabelName.STILL_PERSONAL
        assert [(one.line, one.field) for one in found.reasons] == [(1, "a"), (2, "a")]
        assert f"of kind {kind}, which names a person" in found.reasons[0].what


def test_what_is_cut_is_no_obstacle() -> None:
    cut = policy("tracking_number", {"generalize": {"prefix": [2], "level": 0}})
    assert plan(cut).releases["out"].best_label is LabelName.ANONYMIZED
