"""What a label tells beside its tests: how levels were chosen, by what persons were counted, what was given out before."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.decide.searching import Searched
from beam_deid.transforms.label.identity_facts import IdentityFacts, SharedValues
from beam_deid.transforms.label.register_facts import RegisterFacts
from beam_deid.transforms.label.search_facts import FullDomain, LocalRecoding, SearchFacts
from beam_deid.transforms.risk.steady import steady
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.search.blocking import Blocked


def search_facts(one: Chosen) -> SearchFacts:
    """How the levels of a release were chosen, with floating-point numbers to ten digits."""
    data = one.data
    cut = one.recoding.cut
    losses = data.openings.losses(one.recoding.levels, cut.left) if data.everything.any() else {}
    facts = searched_facts(data, one.searched, one.blocked, cut.lost(data.everything), cut.satisfied, losses)
    if len(one.recoding.rounds) == 1:
        return facts
    loss = data.openings.loss(one.recoding.levels, cut.left)
    return replace(facts, local=local_recoding(data, one.recoding.rounds, loss, one.searched))


def searched_facts(
    data: ReleasedData,
    found: Searched,
    blocked: Blocked | None,
    suppressed: int,
    satisfied: bool,
    losses: Mapping[str, float],
) -> SearchFacts:
    """How the levels of a release were chosen, the same for all its records.

    Args:
        data: The release.
        found: What the search found.
        blocked: Why no levels satisfy, where that was asked.
        suppressed: Records that are suppressed.
        satisfied: Whether what is left satisfies.
        losses: Information loss of each open field.
    """
    facts = SearchFacts(
        levels=_level_names(data, found.levels),
        objective=data.spec.search.objective,
        loss=found.best.loss if found.best else None,
        suppressed=suppressed,
        losses=losses,
        satisfied=satisfied,
        nodes=found.nodes,
        evaluated=found.evaluated,
        refused=found.refused,
        proved=found.proved,
        method=found.method,
        local=None,
        blocked=blocked,
    )
    return steady(facts)


def local_recoding(data: ReleasedData, rounds: Sequence[Round], loss: float, found: Searched) -> LocalRecoding:
    """The levels of the rounds of a recoding, with floating-point numbers to ten digits.

    Args:
        data: The release.
        rounds: The rounds.
        loss: Information loss over all of them.
        found: What the search found for the first.
    """
    best = found.best
    told = LocalRecoding(
        rounds=tuple(_level_names(data, each.levels) for each in rounds),
        local_loss=loss,
        full_domain=FullDomain(best.suppressed if best else None, best.loss if best else None),
    )
    return steady(told)


def _level_names(data: ReleasedData, levels: Mapping[str, int]) -> dict[str, str]:
    return {name: _level_name(data, name, level) for name, level in levels.items()}


def _level_name(data: ReleasedData, name: str, level: int) -> str:
    action = data.spec.fields[name]
    return action.level_name(level) if isinstance(action, Levelled) else str(level)


def identity_facts(data: ReleasedData, seen: Candidate) -> IdentityFacts:
    """By what persons were counted, and what was found of each identity.

    Args:
        data: The release.
        seen: The release at its levels.
    """
    persons = data.cells.persons
    without = int(data.cells.counts[persons.numbers[0] < 0].sum()) if persons.names else None
    same_as = {name: seen.identities[persons.names.index(other)] for name, other in persons.same_as.items()}
    return counted_by(data.job, seen.identities, seen.deciding, same_as, persons.shared, without)


def counted_by(
    job: Job,
    identities: tuple[str, ...],
    deciding: str | None,
    same_as: Mapping[str, str],
    shared: Mapping[str, tuple[int, int]],
    without_subject: int | None,
) -> IdentityFacts:
    """By what persons were counted; see `IdentityFacts` and `Persons`."""
    return IdentityFacts(
        counted=identities,
        deciding=deciding,
        same_as=same_as,
        shared_values={name: SharedValues(*found) for name, found in shared.items() if found[0]},
        without_subject=without_subject,
        equal_files=job.equal_files,
    )


def register_facts(data: ReleasedData, in_common: Mapping[str, int]) -> RegisterFacts:
    """What is known of earlier releases: which this one was tested with, and which have none of its records.

    Args:
        data: The release.
        in_common: How many records of the run each of those has that it was tested with.
    """
    job = data.job
    past = data.past
    return RegisterFacts(
        kept=job.unregistered == "",
        missing=job.unregistered,
        new=job.register is not None and job.register.is_new,
        record=job.policy.record if job.register else None,
        tested=tuple(entry.name for entry in past.entries),
        in_common=in_common,
        untested=tuple(past.untested),
        disjoint=len(past.disjoint),
    )
