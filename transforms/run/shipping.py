"""A run made ready for workers in other processes: every path of it means the same there, or it is refused."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.canonical import policy_document
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.paths import with_paths
from beam_deid.transforms.policy.per_subject import refuse_secrets
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.consents import refuse_ledgers
from beam_deid.transforms.run.ephemeral_keys import refuse_ephemeral
from beam_deid.transforms.run.shards import Prepared
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.paths import is_local, shown


def check_reach(policy: Policy, paths: Iterable[str], releases: Sequence[str], runner: str) -> None:
    """See that workers on other machines can reach all that a run is about; reads nothing.

    Args:
        policy: The policy.
        paths: The inputs, globs too, and the output.
        releases: The releases that are made.
        runner: The engine.

    Raises:
        UsageError: A path is local to this machine, or a release wants a key, a ledger or secrets that never leave it.
    """
    found = list(paths)

    def note(path: str) -> str:
        found.append(path)
        return path

    # Keys are often put onto workers by other means, and whoever does not have them stops.
    with_paths(policy_document(policy), note, lambda path: path)
    for path in found:
        if is_local(path):
            raise UsageError(
                f"this path is local, and the workers of {runner} are on other machines",
                path,
                "Put it into a store that they can reach, as s3://…, or run with the default engine",
            )
    refuse_ephemeral(policy, releases)
    refuse_ledgers(policy, releases)
    refuse_secrets(
        policy,
        releases,
        "key: per_subject needs workers on this machine, for the secrets of persons are kept here",
        "Run it with the default engine, or take a key that all persons share",
    )


def shipped(prepared: Prepared) -> Prepared:
    """The run with paths that say of themselves how they are reached: endpoint, region, profile; never what opens anything."""
    shards = tuple(
        replace(shard, path=pinned(shard.path), told=shard.told or shown(shard.path)) for shard in prepared.shards
    )
    policy = policy_from_mapping(with_paths(_as_said(prepared.job.policy), pinned), key_given=True)
    return Prepared(replace(prepared.job, policy=policy), shards)


def _as_said(policy: Policy) -> dict[str, Any]:
    """The policy's document in which of an environment stands what is said alone: labels tell where nothing is."""
    document = policy_document(policy)
    for name, release in policy.releases.items():
        said = release.environment.model_fields_set
        every = document["releases"][name]["environment"]
        document["releases"][name]["environment"] = {one: every[one] for one in every if one in said}
    return document
