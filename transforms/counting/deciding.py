"""The decision of a release whose records lie in buckets."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from beam_deid.transforms.counting.choosing import Chooser, Chosen
from beam_deid.transforms.counting.classes import Source
from beam_deid.transforms.counting.composing import Composer
from beam_deid.transforms.counting.earlier import Earlier
from beam_deid.transforms.counting.facts import Facts, facts_of
from beam_deid.transforms.counting.finding import found_for_label, found_for_lines
from beam_deid.transforms.counting.proving import proved
from beam_deid.transforms.counting.release_seen import ReleaseSeen
from beam_deid.transforms.counting.remembering import remember_release_in_buckets
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.decide.changing import changes_told
from beam_deid.transforms.decide.decision import ReleaseDecision, Remembered, Round
from beam_deid.transforms.decide.labelling import fields_with_keys, would_be_ordered
from beam_deid.transforms.decide.telling import counted_by, register_facts, searched_facts
from beam_deid.transforms.label.change import Change
from beam_deid.transforms.label.evidence import Test
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.label.label import Label
from beam_deid.transforms.label.record_counts import RecordCounts
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import Planned, Requirement, holds
from beam_deid.transforms.label.rule import decide, figure_of, once_ordered, tests_of
from beam_deid.transforms.run.stages import Stages
from beam_deid.transforms.terms import LabelName

_RISK = 6


def decide_release(source: Source, composer: Composer, stages: Stages, read: int, folder: str = "") -> ReleaseDecision:
    """Decide one release.

    Args:
        source: The release, and the records of its run.
        composer: Asks what it and earlier releases say together.
        stages: Runs tasks over their buckets.
        read: Records read.
        folder: Where the fingerprints are written that the register will take; nowhere if empty.

    Raises:
        InputError: An attacker's table cannot be read.
        OutputError: Rows cannot be set aside.
    """
    name = source.layout.release
    chosen = Chooser(source, composer, stages).choose()
    composed = composer.compose({name: chosen.cut}, chosen.settled)
    chosen = chosen.with_cut(composed.cuts[name])
    cut = chosen.cut
    facts, lines = chosen.measured or _measured(cut, stages)
    found = found_for_label(cut, facts, lines, composed.found[name], stages)
    seen = ReleaseSeen(source.nothing, source.people, facts, cut.everywhere.counted, found)
    label = _label(chosen, seen, composer.earlier, stages)
    quotas, proof = proved(cut, stages)
    return ReleaseDecision(
        release=name,
        rounds=(Round(chosen.searched.levels, np.empty(0, np.uint64)),),
        suppressed=cut.suppressed,
        quotas=quotas,
        label=label,
        proof=proof,
        records=RecordCounts(
            read=read,
            released=proof.records,
            suppressed=cut.lost,
            withheld=0,
            rejected=source.measured.rejected,
        ),
        remembered=_remembered(cut, label, stages, folder),
    )


def _measured(cut: BucketCut, stages: Stages) -> tuple[Facts, Found]:
    facts = facts_of(cut.classes, cut.everywhere, stages)
    return facts, found_for_lines(cut, facts, stages)


def _remembered(cut: BucketCut, label: Label, stages: Stages, folder: str) -> Remembered | None:
    """The fingerprints of what is released, where the register wants them."""
    if not (folder and cut.classes.source.job.remembers and label.label is LabelName.ANONYMIZED):
        return None
    return remember_release_in_buckets(cut.classes, cut.classes.source.past.entries, stages, folder)


def _label(chosen: Chosen, seen: ReleaseSeen, earlier: Earlier, stages: Stages) -> Label:
    tests = tests_of(seen)
    if would_be_ordered(tests):
        seen = seen.with_found(replace(seen.found, ordered=True))
        tests = once_ordered(seen, tests)
    data = seen.data
    people = seen.people
    cut = chosen.cut
    return decide(
        seen,
        tests,
        fields=fields_with_keys(data.job, seen.scope),
        search=searched_facts(
            data, chosen.searched, chosen.blocked, cut.lost, cut.satisfied, _losses(chosen.source, seen.facts)
        ),
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
    )


def _losses(source: Source, facts: Facts) -> dict[str, float]:
    return dict(facts.losses) if source.sound else {}


def _changes(chosen: Chosen, seen: ReleaseSeen, tests: Sequence[Test], stages: Stages) -> Iterator[Change]:
    """What would change the label. Which columns to leave out is not looked for: each would be a count of its own."""

    def unallowed_share() -> float | None:
        share = _share(chosen, stages)
        return None if share is not None and share <= seen.data.spec.require.suppression else share

    def droppable(requirement: Requirement, test: Planned) -> None:
        return None

    yield from changes_told(seen, tests, unallowed_share, droppable)


def _share(chosen: Chosen, stages: Stages) -> float | None:
    """The share of rows to suppress at the same levels, for all lines that suppression satisfies: see `decide.changing`."""
    everything = chosen.cut.classes.with_left(None)
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
