"""What a label tells of a release's groups and of whom they are about, from all buckets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.candidate.viewing import part_risk
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.composite import composite_of, counted_identities, put_composites
from beam_deid.transforms.counting.singled import Singled, Uncounted, alone_in, put_groups, put_subjects, singled_of
from beam_deid.transforms.counting.tallied import Tallied, groups_of
from beam_deid.transforms.counting.tallies import tallied
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.requirements.requirement import NOTHING, Figure, Planned, Requirement
from beam_deid.transforms.risk.measures import merged_figures
from beam_deid.transforms.risk.measures.measure import Subjects, View
from beam_deid.transforms.risk.measures.risk import Risk
from beam_deid.transforms.risk.sizes import Sizes
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.stages import Out, Stages


@dataclass(frozen=True)
class GroupFacts:
    """What some whole groups show of the records that are left.

    Attributes:
        records: Their records.
        figures: The figure of each test that looks at groups one by one.
        risk: The figures of the measures.
        sizes: Classes by persons.
        of_records: Records by the persons of their class.
        deciding: The fewest persons of a class, and the place of the identity that says so; None if nobody was counted.
        uncounted: Whom columns single out, where nobody says whom records are about.
        few: Classes in which nobody can be seen to be alone but by records: see `singled.put_groups`.
    """

    records: int
    figures: Mapping[str, Figure]
    risk: Risk
    sizes: Sizes
    of_records: Sizes
    deciding: tuple[int, int] | None
    uncounted: Uncounted | None
    few: Fingerprints


@dataclass(frozen=True)
class BucketFacts:
    """What one bucket shows.

    Attributes:
        groups: What its groups show.
        lost: By open field its records, suppressed ones among them, times the information that each loses.
        everything: Its records, suppressed ones among them.
    """

    groups: Sequence[GroupFacts]
    lost: Mapping[str, float]
    everything: int


@dataclass(frozen=True)
class Facts:
    """What is known of a release's groups.

    Attributes:
        records: Records that are released.
        figures: The figure of each test that looks at groups one by one.
        risk: The figures of all measures; none where no record is left.
        singled: Whom columns single out.
        deciding: The place of the identity that shows the fewest persons in a class; None if nobody was counted.
        base_rates: Of each sensitive column the share of all persons who have its commonest value.
        losses: Information loss of each open field, from 0 to 1.
    """

    records: int
    figures: Mapping[str, Figure] = field(default_factory=dict)
    risk: Risk = field(default_factory=Risk)
    singled: Singled = field(default_factory=Singled)
    deciding: int | None = None
    base_rates: Mapping[str, float] = field(default_factory=dict)
    losses: Mapping[str, float] = field(default_factory=dict)


@PROGRESS.doing("measuring groups")
def facts_of(classes: Classes, everywhere: References, stages: Stages) -> Facts:
    """Measure what is left of a release.

    Args:
        classes: What is left of it.
        everywhere: What is known of all of that.
        stages: Runs tasks over its buckets.
    """
    classes = tallied(classes, stages)
    found, streams = stages.run(_Facts(classes, everywhere), classes.occupied)
    losses = _losses(found)
    parts = [part for bucket in found for part in bucket.groups]
    if not parts:
        return Facts(0, losses=losses)
    source = classes.source
    records = sum(part.records for part in parts)
    alone = alone_in(classes, everywhere, [part.few for part in parts], stages)
    singled = singled_of(
        streams, alone, stages, [part.uncounted for part in parts if part.uncounted is not None], records
    )
    linked = source.layout.scope.linked
    composite = composite_of(source.people, linked, streams, stages) if everywhere.counted else None
    sizes = Sizes.merge([part.sizes for part in parts])
    of_records = Sizes.merge([part.of_records for part in parts])
    subjects = Subjects(records, singled.subjects, singled.alone, composite, sizes, of_records)
    whole = View(subjects, source.nothing.setting, {}, {})
    deciding = min((part.deciding for part in parts if part.deciding is not None), default=None)
    return Facts(
        records=records,
        figures=_merged(classes, parts),
        risk=merged_figures([part.risk for part in parts], whole),
        singled=singled,
        deciding=None if deciding is None else deciding[1],
        base_rates=_base_rates(everywhere, source.nothing.job.prints.null) if everywhere.counted else {},
        losses=losses,
    )


def _merged(classes: Classes, parts: Sequence[GroupFacts]) -> dict[str, Figure]:
    asked = [each for each in planned(classes.source.layout.scope) if each[0].by_group]
    return {test.name: requirement.merged([part.figures[test.name] for part in parts]) for requirement, test in asked}


def _losses(parts: Sequence[BucketFacts]) -> dict[str, float]:
    everything = sum(part.everything for part in parts)
    names = dict.fromkeys(name for part in parts for name in part.lost)
    return {name: sum(part.lost.get(name, 0.0) for part in parts) / everything for name in names}


def _base_rates(everywhere: References, null: np.uint64) -> dict[str, float]:
    """The share of persons who have the most common value, by sensitive column."""
    rates = {}
    for name, values in everywhere.values.items():
        subject = values.holders[0]
        held = subject.held[values.keys != null]
        rates[name] = float(held.max(initial=0)) / max(subject.everybody, 1)
    return rates


@dataclass(frozen=True)
class _Facts:
    """Measures a bucket."""

    classes: Classes
    everywhere: References

    def run(self, bucket: int, out: Out) -> BucketFacts:
        """See `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        everything = int(seen.data.everything.sum())
        lost = seen.data.openings.losses(seen.levels, seen.left) if everything else {}
        if seen.counted and not seen.empty:
            put_composites(seen, counted_identities(self.classes.source.people, seen.scope.linked), out)
            if self.classes.heavy is not None:  # whoever has light records alone is set aside with their groups
                put_subjects(seen, out)
        groups = groups_of(self.classes, bucket, self.everywhere, seen)
        del seen  # as `groups_of` has it
        return BucketFacts(
            list(map(partial(_facts, out), groups)),
            {name: share * everything for name, share in lost.items()},
            everything,
        )


def _facts(out: Out, seen: Candidate | Tallied) -> GroupFacts:
    asked = [each for each in planned(seen.scope) if each[0].by_group]
    groups = seen.groups(seen.scope.rest)
    persons = groups.persons if seen.counted else groups.records
    uncounted, few = put_groups(seen, out)
    return GroupFacts(
        records=seen.records,
        figures={test.name: _figure(requirement, test, seen) for requirement, test in asked},
        risk=part_risk(seen, seen.data.setting),
        sizes=Sizes.of(persons),
        of_records=Sizes.weighted(persons, groups.records),
        deciding=(groups.fewest, seen.identities.index(groups.deciding)) if seen.counted and len(groups) else None,
        uncounted=uncounted,
        few=few,
    )


def _figure(requirement: Requirement, test: Planned, seen: Candidate | Tallied) -> Figure:
    """The figure of a test; heavy groups of other columns may have no tally here."""
    return requirement.figure(test, seen) if len(seen.groups(test.columns)) else NOTHING
