"""The attackers that a policy declares: what each knows of a release, and what a join with what it holds says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from beam_deid.transforms.attack.evidence import joined_attack
from beam_deid.transforms.label.evidence import Attack, AttackExposure
from beam_deid.transforms.policy.adversary import Attacker
from beam_deid.transforms.risk.coverage import coverage_problem
from beam_deid.transforms.risk.joining import Joined
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Layout

Rounds = Sequence[Mapping[str, int]]

NO_ONE_LEVEL = "records have levels of their own (search.rounds), so the two releases cannot be compared"
"""Why an earlier release cannot be joined with one that was recoded in several rounds."""
_NOTHING = (
    "nothing that this attacker knows is released, so it was not tested; name in knows what the release gives out"
)


@dataclass(frozen=True)
class Declared:
    """An attacker who knows something of what is released.

    Attributes:
        name: The attacker's name.
        attacker: The attacker as the policy has it.
        exact: What it knows exactly of what is released.
        near: What it knows nearly of it.
    """

    name: str
    attacker: Attacker
    exact: tuple[str, ...]
    near: tuple[str, ...]


class Holding(Protocol):
    """Joins a release with what an attacker holds."""

    def join(self, declared: Declared) -> tuple[Joined | None, bool, str]:
        """Join it.

        Returns:
            What was found, and whether the attacker names its persons as the source does; or None, and at last why it cannot be
            tested.

        Raises:
            InputError: The attacker's table cannot be read.
        """
        ...


def declared_attacks(job: Job, layout: Layout, holding: Holding) -> tuple[list[Attack], dict[str, str]]:
    """Join a release with what each declared attacker holds.

    Args:
        job: The run.
        layout: The release.
        holding: Joins it with what one holds.

    Returns:
        The attacks, and for attackers that could not be tested why.

    Raises:
        InputError: An attacker's table cannot be read.
    """
    attacks: list[Attack] = []
    untested: dict[str, str] = {}
    for name, attacker in job.policy.releases[layout.release].attackers.items():
        declared = _declared(name, attacker, layout)
        if declared is None:
            untested[name] = _NOTHING
            continue
        joined, truth, problem = holding.join(declared)
        if joined is None:
            untested[name] = problem
            continue
        attacks.append(_attack(declared, joined))
        missed = _missed(declared, layout, joined, truth)
        if missed:
            untested[name] = missed
    return attacks, untested


def _declared(name: str, attacker: Attacker, layout: Layout) -> Declared | None:
    known = layout.scope.attackers[name].known
    near = tuple(field for field in known if field in attacker.within)
    return Declared(name, attacker, layout.exact[name], near) if known else None


def _attack(declared: Declared, joined: Joined) -> Attack:
    made = joined_attack(f"attacker:{declared.name}", (*declared.exact, *declared.near), joined, 0.0)
    return replace(made, exposed=AttackExposure.of(joined.exposed))


def _missed(declared: Declared, layout: Layout, joined: Joined, truth: bool) -> str | None:
    """Why too few matches prove nothing, if they are too few."""
    if not layout.scope.attackers[declared.name].table:
        return None
    if declared.attacker.names_what_stays and declared.attacker.release is not None:
        return None
    return coverage_problem(joined.exposed, truth)
