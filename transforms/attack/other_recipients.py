"""Whom two releases of a run have in common that go to different recipients, by columns that are no tokens of their own.

Each recipient has its own token domains, so that tokens link nobody. What both releases show otherwise may: whoever holds both
joins them by it. It is told in both labels, as evidence; line 8 limits what releases say together that may be `anonymized`.
"""

from beam_deid.transforms.attack.declared import Declared, Holding
from beam_deid.transforms.attack.evidence import joined_attack
from beam_deid.transforms.label.evidence import Attack
from beam_deid.transforms.policy.adversary import Attacker
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.roles import keyed_fields, released_fields, same_tokens
from beam_deid.transforms.run.job import Job

NAME = "release:"
"""How the names of these joins begin in a label; the other release's name follows."""


def others_of(job: Job, release: str) -> dict[str, tuple[str, ...]]:
    """The columns by which each other release of a run that goes to another recipient can be joined with one.

    They are those that both release, but for tokens of different domains. Of releases without any nothing is told.
    """
    policy = job.policy
    mine = policy.recipient_name(release)
    found = {
        other: _joinable(policy, release, other)
        for other in job.releases
        if mine and policy.recipient_name(other) not in ("", mine)
    }
    return {other: columns for other, columns in found.items() if columns}


def _joinable(policy: Policy, release: str, other: str) -> tuple[str, ...]:
    keyed = {*keyed_fields(policy, release), *keyed_fields(policy, other)}
    theirs = released_fields(policy, other)
    shared = (name for name in released_fields(policy, release) if name in theirs)
    return tuple(name for name in shared if name not in keyed or same_tokens(policy, release, other, name))


def joined_by_others(job: Job, release: str, holding: Holding) -> list[Attack]:
    """Count the persons of a release whom whoever holds the other one as well links: those whom the common columns single out.

    Counted are the source's records at this release's levels. That is all whom a join of the two links where the other one shows
    the same records at the same levels, and more where it shows less.

    Args:
        job: The run.
        release: The release.
        holding: Joins it with what one knows.
    """
    found = []
    for other, columns in others_of(job, release).items():
        joined, _, _ = holding.join(Declared(other, Attacker(knows=columns), columns, ()))
        if joined is not None:
            found.append(joined_attack(f"{NAME}{other}", columns, joined, None))
    return found
