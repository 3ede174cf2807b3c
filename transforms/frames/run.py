"""One release of a policy on a table in memory: what it is, checked before a row is read."""

import os
from collections.abc import Mapping
from typing import Any

from beam_deid.transforms.crypto.secret_source import SecretSource, check_fetches
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.accountability import check_not_over
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.publish.embedded_job import job_of, policy_of, release_of
from beam_deid.transforms.publish.register_embedded import with_register
from beam_deid.transforms.run.job import Job

WHERE = "deidentify"


def job_on_table(
    policy: "Policy | str | os.PathLike[str] | Mapping[str, Any]", release: str | None, key: SecretSource | None
) -> Job:
    """The run, with the keyring's keys as they are now, and its register.

    Args:
        policy: The policy: a path, a mapping, or a policy.
        release: The release; may be left out where the policy has only one.
        key: What fetches the policy's key, where the caller brings it.

    Raises:
        PolicyError: The policy is wrong.
        UsageError: There is no such release, the policy asks what only runs on files do, or nothing fetches the key.
        KeyFault: A key cannot be had.
    """
    if key is not None:
        check_fetches(key, f"{WHERE}(key=…)")
    read = policy_of(policy, key_given=key is not None)
    _check_no_files(read)
    name = release_of(read, release, WHERE)
    job = job_of(read, name, key)
    job.check_keys()
    check_not_over(read, (name,), job.at)
    return with_register(job)


def _check_no_files(policy: Policy) -> None:
    """See that nothing is asked that only files have."""
    if policy.input.fill_down is not None:
        raise UsageError(
            "the policy says input.fill_down, which is about rows as files have them",
            WHERE,
            "Fill them in the table and take it out of the policy, or use run on files",
        )
    if policy.sign is not None:
        raise UsageError(
            "the policy says sign: keyring, and only labels that are published in files are signed",
            WHERE,
            "Take it out of the policy and sign the label where you keep it, or use run on files",
        )
