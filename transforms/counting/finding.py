"""What is found of a release in buckets beside its groups: see `decide.findings`."""

from collections.abc import Mapping, Sequence

from beam_deid.transforms.counting.facts import Facts
from beam_deid.transforms.counting.suppressing import BucketCut
from beam_deid.transforms.decide.attacks import masks_by, told_by
from beam_deid.transforms.decide.findings import hits_at
from beam_deid.transforms.label.evidence import Attack, Recovery
from beam_deid.transforms.label.found import Found
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.run.stages import Stages

Levels = Mapping[str, int]


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
    return Found(hits, tuple(data.foreign))


def found_for_label(cut: BucketCut, facts: Facts, stages: Stages) -> Found:
    """Find all that a label tells of a release: what its lines ask, and what is reported beside them.

    Args:
        cut: What is left of it at its levels.
        facts: What its groups show.
        stages: Runs tasks over its buckets.

    Raises:
        InputError: An attacker's table, or one of frequencies, cannot be read.
    """
    data = cut.classes.source.nothing
    if not facts.records:
        return Found(data.hits)
    scope = data.layout.scope

    def singled_out(columns: Sequence[str]) -> Linked:
        return facts.singled.linked(by_all=tuple(columns) != scope.rest)

    recoveries: list[Recovery] = [*data.foreign, *masks_by(data, facts.singled.linked(by_all=True))]
    attacks: list[Attack] = told_by(scope, singled_out)
    return Found(hits_at(data, cut.classes.levels), tuple(recoveries), tuple(attacks), {})
