"""A run made ready for workers on other machines: every path of it means the same there, or it is refused."""

from dataclasses import replace

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.canonical import policy_document
from beam_deid.transforms.policy.places import with_paths
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.shards import Prepared
from beam_deid.transforms.storage.connecting import pinned
from beam_deid.transforms.storage.paths import is_local, shown


def shipped(prepared: Prepared, output: str, runner: str) -> Prepared:
    """The run with paths that say of themselves how they are reached: endpoint, region, profile; never what opens anything.

    Raises:
        UsageError: A path is local to this machine.
    """
    _refuse_local([output, *(shard.path for shard in prepared.shards)], runner)
    shards = tuple(replace(shard, path=pinned(shard.path)) for shard in prepared.shards)
    found: list[str] = []

    def note(path: str) -> str:
        found.append(path)
        return pinned(path)

    # Keys are often put onto workers by other means, and whoever does not have them stops.
    document = with_paths(policy_document(prepared.job.policy), note, pinned)
    _refuse_local(found, runner)
    policy = policy_from_mapping(document, key_given=True)
    return Prepared(replace(prepared.job, policy=policy), shards)


def _refuse_local(paths: list[str], runner: str) -> None:
    for path in paths:
        if is_local(path):
            raise UsageError(
                f"this path is local, and the workers of {runner} are on other machines", shown(path),
                "Put it into a store that they can reach, as s3://…, or run with the default engine",
            )  # fmt: skip
