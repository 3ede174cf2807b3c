"""One release of a policy inside somebody else's program: what it is, checked before a record is read."""

import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.crypto.ephemeral import EPHEMERAL, read_ephemeral
from beam_deid.transforms.crypto.secret_source import SecretSource
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.per_subject import refuse_secrets
from beam_deid.transforms.policy.reader import policy_from_mapping, policy_sha256, read_policy
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.recipients import check_recipients

GivenPolicy = Policy | str | os.PathLike[str] | Mapping[str, Any]
"""A policy as callers give it: a path, a mapping, or the policy itself."""


def policy_of(given: GivenPolicy, key_given: bool = False) -> Policy:
    """The policy that somebody names, or has.

    Args:
        given: A path, a mapping, or a policy.
        key_given: Whether the caller brings a key along.

    Raises:
        PolicyError: It is wrong, or has several tables.
    """
    if isinstance(given, Policy):
        return given
    if isinstance(given, str | os.PathLike):
        return read_policy(os.fspath(given), key_given=key_given)
    return policy_from_mapping(given, key_given=key_given)


def release_of(policy: Policy, release: str | None, where: str) -> str:
    """The release that is meant.

    Args:
        policy: The policy.
        release: Its name; may be left out where the policy has only one.
        where: What it is the release of, as messages call it.

    Raises:
        UsageError: There is no such release, or several.
    """
    if release is None and len(policy.releases) == 1:
        return next(iter(policy.releases))
    if release is None:
        known = ", ".join(policy.releases)
        raise UsageError(
            "the policy has several releases, and none is named", f"{where}(release=…)", f"Name one: {known}"
        )
    if not isinstance(release, str) or release not in policy.releases:
        known = ", ".join(policy.releases)
        raise UsageError("there is no such release", f"{where}(release=…)", f"The policy has: {known}")
    return release


def job_of(policy: Policy, release: str, secret: SecretSource | None) -> Job:
    """The run, with the keyring's keys as they are now.

    Args:
        policy: The policy.
        release: The release.
        secret: What fetches the policy's key, where the caller brings it.

    Raises:
        KeyFault: The keyring cannot be read, or the release wants a key that lives for one run on files.
        UsageError: The recipient may be given nothing today, or the release wants secrets of persons.
    """
    check_recipients(policy, (release,))
    if policy.releases[release].key == EPHEMERAL:
        read_ephemeral("", release)  # says what to do
    refuse_secrets(
        policy,
        (release,),
        "key: per_subject needs to know all persons before the first record, and a collection is read as it comes",
        "Use beam-deid run on files, or take a key that all persons share",
    )
    sha256 = policy_sha256(policy)
    run = hashlib.sha256(json.dumps([sha256, release]).encode()).hexdigest()[:16]
    return Job(policy, (release,), run=run, policy_sha256=sha256, secret=secret).pinned()
