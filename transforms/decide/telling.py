"""What a label tells beside its tests: how levels were chosen, by what persons were counted, what was given out before."""

from collections.abc import Mapping

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.decide.choosing import Chosen
from beam_deid.transforms.label.identity_facts import IdentityFacts, SharedValues
from beam_deid.transforms.label.register_facts import RegisterFacts
from beam_deid.transforms.label.search_facts import FullDomain, LocalRecoding, SearchFacts
from beam_deid.transforms.risk.steady import steady


def search_facts(one: Chosen) -> SearchFacts:
    """How the levels of a release were chosen, with floating-point numbers to ten digits."""
    data = one.data
    found = one.searched
    recoding = one.recoding
    facts = SearchFacts(
        levels=_level_names(data, found.levels),
        objective=data.spec.search.objective,
        loss=found.best.loss if found.best else None,
        suppressed=recoding.cut.lost(data.everything),
        losses=data.openings.losses(recoding.levels, recoding.cut.left) if data.everything.any() else {},
        satisfied=recoding.cut.satisfied,
        nodes=found.nodes,
        evaluated=found.evaluated,
        refused=found.refused,
        proved=found.proved,
        method=found.method,
        local=_local_recoding(one) if len(recoding.rounds) > 1 else None,
        blocked=one.blocked,
    )
    return steady(facts)


def _local_recoding(one: Chosen) -> LocalRecoding:
    data = one.data
    best = one.searched.best
    return LocalRecoding(
        rounds=tuple(_level_names(data, each.levels) for each in one.recoding.rounds),
        local_loss=data.openings.loss(one.recoding.levels, one.recoding.cut.left),
        full_domain=FullDomain(best.suppressed if best else None, best.loss if best else None),
    )


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
    measured = seen.counted and not seen.empty
    shared = {name: SharedValues(*found) for name, found in persons.shared.items() if found[0]}
    return IdentityFacts(
        counted=tuple(seen.identities),
        deciding=seen.groups(seen.scope.rest).deciding if measured else None,
        same_as={name: seen.identities[persons.names.index(other)] for name, other in persons.same_as.items()},
        shared_values=shared,
        without_subject=int(data.cells.counts[persons.numbers[0] < 0].sum()) if persons.names else None,
        equal_files=data.job.equal_files,
    )


def register_facts(data: ReleasedData) -> RegisterFacts:
    """What is known of earlier releases: which this one was tested with, and which have none of its records."""
    job = data.job
    past = data.past
    return RegisterFacts(
        kept=job.unregistered == "",
        missing=job.unregistered,
        new=job.register is not None and job.register.is_new,
        record=job.policy.record if job.register else None,
        tested=tuple(entry.name for entry in past.entries),
        in_common=past.in_common(data.cells.counts),
        untested=tuple(past.untested),
        disjoint=len(past.disjoint),
    )
