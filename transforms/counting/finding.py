"""What is found of a release in buckets beside its groups: see `decide.findings`."""

from collections.abc import Mapping, Sequence

from beam_deid.transforms.counting.facts import Facts
from beam_deid.transforms.counting.histories import histories_of
from beam_deid.transforms.counting.joins import declared_in_buckets, other_recipients_in_buckets
from beam_deid.transforms.counting.recoveries import recoveries_of
from beam_deid.transforms.counting.suppressing import BucketCut
from beam_deid.transforms.decide.attacks import masks_by, told_by
from beam_deid.transforms.decide.findings import asks_for_history, hits_at
from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.found import Composed, Found
from beam_deid.transforms.risk.history import History
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Stages


def found_for_lines(cut: BucketCut, facts: Facts, stages: Stages) -> Found:
    """Find what the lines of the label ask of a release by itself.

    Args:
        cut: What is left of it at its levels.
        facts: What its groups show.
        stages: Runs tasks over its buckets.

    Raises:
        InputError: An attacker's table, or one of frequencies, cannot be read.
    """
    data = cut.classes.source.nothing
    hits = hits_at(data, cut.classes.levels)
    attacks, untested = _declared(cut, stages) if facts.records else ([], {})
    return Found(hits, _recoveries(cut, stages), tuple(attacks), untested)


@PROGRESS.doing("trying attacks")
def found_for_label(
    cut: BucketCut, facts: Facts, lines: Found, compositions: Mapping[str, Composed], stages: Stages
) -> Found:
    """Find all that a label tells of a release: what its lines ask, and what is reported beside them.

    Args:
        cut: What is left of it at its levels.
        facts: What its groups show.
        lines: What was found for the lines.
        compositions: What it and each release that it is tested with say together, by the other's name.
        stages: Runs tasks over its buckets.
    """
    data = cut.classes.source.nothing
    if not facts.records:
        return Found(data.hits, compositions=compositions)
    scope = data.layout.scope

    def singled_out(columns: Sequence[str]) -> Linked:
        return facts.singled.linked(by_all=tuple(columns) != scope.rest)

    return Found(
        hits=lines.hits,
        recoveries=(*lines.recoveries, *masks_by(data, facts.singled.linked(by_all=True))),
        attacks=(*told_by(scope, singled_out), *lines.attacks, *_other_recipients(cut, stages)),
        untested=lines.untested,
        compositions=compositions,
        history=_history(cut, stages),
    )


def _declared(cut: BucketCut, stages: Stages) -> tuple[list[Attack], dict[str, str]]:
    if not cut.classes.source.layout.scope.attackers:
        return [], {}
    return declared_in_buckets(cut.classes, cut.everywhere, stages, cut.classes.rounds.each)


def _other_recipients(cut: BucketCut, stages: Stages) -> list[Attack]:
    return other_recipients_in_buckets(cut.classes, cut.everywhere, stages, cut.classes.rounds.each)


def _recoveries(cut: BucketCut, stages: Stages) -> tuple[Recovery, ...]:
    foreign = cut.classes.source.nothing.foreign
    return (*foreign, *recoveries_of(cut.classes, cut.everywhere, stages))


def _history(cut: BucketCut, stages: Stages) -> tuple[History, ...] | None:
    """How unique persons' histories are; None where neither the data nor the policy asks for it."""
    if not asks_for_history(cut.classes.source.layout.scope):
        return None
    points = histories_of(cut.classes, cut.everywhere, stages)
    return None if points is None else tuple(points)
