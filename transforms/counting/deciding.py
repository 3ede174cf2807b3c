"""The decision of releases whose records lie in buckets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from beam_deid.transforms.counting.attribute_sets import combinations_of
from beam_deid.transforms.counting.choosing import Chooser, Chosen
from beam_deid.transforms.counting.classes import Source
from beam_deid.transforms.counting.composing import Composer
from beam_deid.transforms.counting.earlier import Earlier
from beam_deid.transforms.counting.facts import Facts, facts_of
from beam_deid.transforms.counting.finding import found_for_label, found_for_lines
from beam_deid.transforms.counting.listed import listed_in_buckets
from beam_deid.transforms.counting.proving import Quotas
from beam_deid.transforms.counting.proving_together import proved_together
from beam_deid.transforms.counting.release_seen import ReleaseSeen
from beam_deid.transforms.counting.remembering import remember_release_in_buckets
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.decide.changing import changes_told
from beam_deid.transforms.decide.decision import Proof, ReleaseDecision, Remembered
from beam_deid.transforms.decide.labelling import fields_with_keys, with_statement, would_be_ordered
from beam_deid.transforms.decide.telling import counted_by, local_recoding, register_facts, searched_facts
from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.found import Composed, Found
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Planned, Requirement, holds
from beam_deid.transforms.label.rule import decide, figure_of, once_ordered, tests_of
from beam_deid.transforms.label.search_facts import SearchFacts
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Stages
from beam_deid.transforms.terms import LabelName

_RISK = 6


def decide_releases(
    sources: Mapping[str, Source], composer: Composer, stages: Stages, read: int, folder: str = ""
) -> dict[str, ReleaseDecision]:
    """Decide releases that are tested together.

    Args:
        sources: The releases, and the records of their run.
        composer: Asks what they and earlier releases say together.
        stages: Runs tasks over their buckets.
        read: Records read.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: Rows cannot be set aside.
        UsageError: A table of the register was changed while it was read.
    """
    chosen = {name: Chooser(one, composer.of(name), stages).choose() for name, one in sources.items()}
    settled = next(iter(chosen.values())).settled if len(chosen) == 1 else None
    composed = composer.compose({name: one.cut for name, one in chosen.items()}, settled)
    proofs = proved_together(composed.cuts, composer.records, stages)
    decided = {}
    for name, one in chosen.items():
        after = one.with_cut(composed.cuts[name])
        label = _label(after, composed.found[name], composer.earlier, stages)
        decided[name] = _decision(after, label, proofs[name], read, _remembered(after.cut, label, stages, folder))
    composer.earlier.check()
    return decided


def _decision(
    chosen: Chosen, label: Label, proved: tuple[Quotas, Proof], read: int, remembered: Remembered | None
) -> ReleaseDecision:
    quotas, proof = proved
    return ReleaseDecision(
        release=chosen.source.layout.release,
        rounds=chosen.rounds,
        suppressed=chosen.cut.suppressed,
        quotas=quotas,
        label=label,
        proof=proof,
        records=RecordCounts.counted(
            read=read,
            released=proof.records,
            suppressed=chosen.cut.lost,
            rejected=chosen.source.measured.rejected,
            withheld_by=chosen.source.measured.withheld,
        ),
        remembered=remembered,
    )


def _measured(cut: BucketCut, stages: Stages) -> tuple[Facts, Found]:
    facts = facts_of(cut.classes, cut.everywhere, stages)
    return facts, found_for_lines(cut, facts, stages)


def _remembered(cut: BucketCut, label: Label, stages: Stages, folder: str) -> Remembered | None:
    """The fingerprints of what is released, where the register wants them."""
    if not (folder and cut.classes.source.job.remembers and label.label is LabelName.ANONYMIZED):
        return None
    return remember_release_in_buckets(cut.classes, cut.classes.source.past.entries, stages, folder)


@PROGRESS.doing("deciding the label")
def _label(chosen: Chosen, compositions: Mapping[str, Composed], earlier: Earlier, stages: Stages) -> Label:
    seen = _seen(chosen, compositions, stages)
    tests = tests_of(seen)
    declared = seen.data.job.declared_of(seen.scope.release)
    if would_be_ordered(seen, tests, declared):
        seen = seen.with_found(replace(seen.found, ordered=True))
        tests = once_ordered(seen, tests)
    data = seen.data
    people = seen.people
    cut = chosen.cut
    label = decide(
        seen,
        tests,
        fields=fields_with_keys(data.job, seen.scope),
        search=_search_facts(chosen, seen),
        changes=tuple(_changes(chosen, seen, tests, stages)),
        identities=counted_by(
            data.job,
            people.names,
            seen.deciding,
            people.same_as,
            people.shared,
            people.nobody if people.names else None,
        ),
        base_rates=seen.facts.base_rates,
        register=register_facts(data, earlier.in_common),
        combinations=combinations_of(cut.classes, cut.everywhere, seen.facts, stages),
        listed=listed_in_buckets(cut.classes, cut.everywhere, stages),
    )
    return with_statement(label, seen, declared)


def _seen(chosen: Chosen, compositions: Mapping[str, Composed], stages: Stages) -> ReleaseSeen:
    """The release as it was chosen, with all that its label tells."""
    cut = chosen.cut
    facts, lines = chosen.measured or _measured(cut, stages)
    found = found_for_label(cut, facts, lines, compositions, stages)
    return ReleaseSeen(chosen.source.nothing, chosen.source.people, facts, cut.everywhere.counted, found)


def _search_facts(chosen: Chosen, seen: ReleaseSeen) -> SearchFacts:
    """How the levels of a release were chosen."""
    cut = chosen.cut
    losses = dict(seen.facts.losses) if chosen.source.sound else {}
    facts = searched_facts(seen.data, chosen.searched, chosen.blocked, cut.lost, cut.satisfied, losses)
    if len(chosen.rounds) == 1:
        return facts
    loss = seen.data.openings.weighted(losses)
    return replace(facts, local=local_recoding(seen.data, chosen.rounds, loss, chosen.searched))


def _changes(chosen: Chosen, seen: ReleaseSeen, tests: Sequence[Test], stages: Stages) -> Iterator[Change]:
    """What would change the label. Which columns to leave out is not looked for: each would be a count of its own."""

    def unallowed_share() -> float | None:
        share = _share(chosen, stages)
        return None if share is not None and share <= seen.data.spec.require.suppression else share

    def droppable(requirement: Requirement, test: Planned) -> None:
        return None

    yield from changes_told(seen, tests, unallowed_share, droppable)


@PROGRESS.doing("looking for what would change the label")
def _share(chosen: Chosen, stages: Stages) -> float | None:
    """The share of rows to suppress at the same levels, for all lines that suppression satisfies: see `decide.changing`."""
    everything = chosen.cut.classes.with_left(None, None)
    found = cut_in_buckets(everything, stages, share=1.0)
    if not found.satisfied or not chosen.source.sound:
        return None
    facts = facts_of(found.classes, found.everywhere, stages)
    source = chosen.source
    left = ReleaseSeen(source.nothing, source.people, facts, found.everywhere.counted)
    risks = [(requirement, test) for requirement, test in planned(left.scope) if test.line == _RISK]
    enough = all(
        holds(figure_of(requirement, test, left).measured, test.limit, test.compare) for requirement, test in risks
    )
    return found.lost / chosen.source.sound if enough else None
