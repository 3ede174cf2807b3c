"""What a policy asks that is counted over all records in memory, however many there are."""

from collections.abc import Sequence

from beam_deid.transforms.policy.model import Policy


def in_memory(policy: Policy, release: str) -> tuple[str, ...]:
    """The options of a release that need all its records at once, as the policy calls them; none where it is counted in buckets."""
    spec = policy.releases[release]
    asked = {"search.rounds": spec.search.rounds}
    return tuple(name for name, value in asked.items() if value)


def memory_warning(policy: Policy, release: str) -> str | None:
    """A sentence on what a release costs where there are many records; None where it is counted in buckets."""
    asked = in_memory(policy, release)
    if not asked:
        return None
    return (
        f"{' and '.join(asked)} of {release} is counted over all records in memory, some 1.3 GiB for each million of them: where "
        "there are many leave it out"
    )


def memory_warnings(policy: Policy, releases: Sequence[str]) -> tuple[str, ...]:
    """The sentences of several releases: see `memory_warning`."""
    return tuple(said for name in releases if (said := memory_warning(policy, name)) is not None)
