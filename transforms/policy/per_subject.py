"""Fields whose tokens are under a secret of each person: which there are, and which file of secrets each of them takes."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from beam_deid.transforms.actions.action import Target
from beam_deid.transforms.actions.per_subject import PerSubject
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.policy.model import Policy


class SecretDomain(NamedTuple):
    """A domain in which persons have secrets.

    Attributes:
        action: The action of one of its fields.
        target: That field.
    """

    action: PerSubject
    target: Target

    @property
    def place(self) -> str:
        """The field in the policy."""
        return f"releases.{self.target.release}.fields.{self.target.field}"


def secret_domains(policy: Policy, releases: Iterable[str]) -> tuple[SecretDomain, ...]:
    """The domains of some releases in which persons have secrets, each once."""
    found: dict[tuple[str, str], SecretDomain] = {}
    for one in _fields(policy, releases):
        found.setdefault((one.target.key or "", one.action.key_domain(one.target)), one)
    return tuple(found.values())


def refuse_secrets(policy: Policy, releases: Iterable[str], why: str, next_step: str) -> None:
    """Refuse secrets of persons, where a run cannot have them.

    Args:
        policy: The policy.
        releases: The releases that are made.
        why: Why it cannot.
        next_step: What to do.

    Raises:
        UsageError: A release has such a field.
    """
    for one in _fields(policy, releases):
        raise UsageError(why, one.place, next_step)


def _fields(policy: Policy, releases: Iterable[str]) -> Iterator[SecretDomain]:
    for release in releases:
        for field, action in policy.releases[release].fields.items():
            if isinstance(action, PerSubject):
                yield SecretDomain(action, policy.target(release, field))
