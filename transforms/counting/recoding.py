"""Local recoding over buckets: what `decide.recoding.recode` finds.

Which classes a round passes on is counted in buckets, of the records that came to it. Its levels are searched on the combinations
that all levels are searched on: of each it is seen whether the rounds before passed it on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.references import References
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.counting.classes import Classes
from beam_deid.transforms.counting.grouping import classes_of, recoded_classes_of
from beam_deid.transforms.counting.suppressing import BucketCut, cut_in_buckets
from beam_deid.transforms.counting.tallied import Tallied, groups_of
from beam_deid.transforms.counting.tallies import tallied
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.decide.decision import Round
from beam_deid.transforms.decide.recoding import failing_classes, of_one_class
from beam_deid.transforms.decide.searching import Searched
from beam_deid.transforms.run.stages import Out, Stages
from beam_deid.transforms.search.requirements import Requirements


class SearchAgain(Protocol):
    """A search for the levels of some of the records."""

    def after(self, rounds: Sequence[Round], require: Requirements) -> Mapping[str, int] | None:
        """The best levels for what some rounds passed on; None if there are none, or if they are too many to be searched."""
        ...


@dataclass(frozen=True)
class BucketRecoding:
    """The levels of each record.

    Attributes:
        rounds: The rounds after which something was kept; at least two.
        cut: What is released.
    """

    rounds: tuple[Round, ...]
    cut: BucketCut


def recoded(
    whole: BucketCut, found: Searched, search: SearchAgain, rounds: int, stages: Stages
) -> BucketRecoding | None:
    """Search levels for the suppressed records by themselves, up to some rounds.

    Args:
        whole: What is suppressed at the same levels for all.
        found: These levels, and what all classes must meet together.
        search: Searches levels for some of the records.
        rounds: Most further rounds.
        stages: Runs tasks over the release's buckets.

    Returns:
        The recoding; None where nothing better was found.
    """
    source = whole.classes.source
    require = of_one_class(found.require)
    done = [Round(found.levels, _failing(whole.classes.with_left(None, None), require, stages))]
    for _ in range(rounds):
        chosen = search.after(done, require) if len(done[-1].passed) else None
        if chosen is None:
            break
        passed = _failing(classes_of(source, chosen, stages, after=done), require, stages)
        done.append(Round(chosen, passed))
    if len(done) == 1:
        return None
    again = cut_in_buckets(recoded_classes_of(source, done, stages), stages)
    return BucketRecoding(tuple(done), again) if again.satisfied and again.lost < whole.lost else None


def _failing(classes: Classes, require: Requirements, stages: Stages) -> Fingerprints:
    """The classes of some records, looked at by themselves, that miss what is required: their keys, ascending."""
    classes = tallied(classes, stages)
    found, _ = stages.run(_Failing(classes, references_of(classes, stages), require), classes.occupied)
    return np.sort(np.concatenate([np.empty(0, np.uint64), *found]))


@dataclass(frozen=True)
class _Failing:
    """Finds the classes of a bucket that miss what is required."""

    classes: Classes
    everywhere: References
    require: Requirements

    def run(self, bucket: int, out: Out) -> Fingerprints:
        """Their keys; see `Task.run`."""
        seen = self.classes.seen(bucket, self.everywhere)
        parts = [self._keys(groups) for groups in groups_of(self.classes, bucket, self.everywhere, seen)]
        return np.concatenate([np.empty(0, np.uint64), *parts])

    def _keys(self, seen: Candidate | Tallied) -> Fingerprints:
        failing = failing_classes(seen, self.require)
        if isinstance(seen, Tallied):
            return np.asarray(seen.groups(seen.scope.rest).table.keys[failing])
        return seen.group_keys(seen.scope.rest)[seen.groups(seen.scope.rest).first_rows(failing)]
