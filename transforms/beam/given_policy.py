"""A policy as callers of the transforms give it."""

import os
from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.reader import policy_from_mapping, read_policy

GivenPolicy = Policy | str | os.PathLike[str] | Mapping[str, Any]


def policy_given(given: GivenPolicy, key_given: bool = False) -> Policy:
    """The policy.

    Args:
        given: A path, a mapping, or the policy itself.
        key_given: Whether the caller brings a key along, so that the policy need not name one.

    Raises:
        PolicyError: It is wrong.
    """
    if isinstance(given, Policy):
        return given
    if isinstance(given, str | os.PathLike):
        return read_policy(os.fspath(given), key_given=key_given)
    return policy_from_mapping(given, key_given=key_given)
