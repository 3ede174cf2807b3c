"""Line 3: nobody is singled out, whatever of the released columns somebody knows; what its requirements have in common.

k-anonymity: Samarati, Sweeney: Protecting privacy when disclosing information (1998), over persons, by every identity. Class
sizes by sharing model as in GB/T 42460-2023's model of release (a reference, no conformity is claimed).
"""

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from beam_deid.transforms.label.options import Count, Option
from beam_deid.transforms.label.requirements.requirement import (
    Broken,
    Compare,
    Default,
    Figure,
    Planned,
    Requirement,
    Seen,
    unmeasured,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.terms import Sharing

LEAST_K: Mapping[Sharing, int] = {Sharing.PUBLIC: 20, Sharing.CONTROLLED: 5, Sharing.ENCLAVE: 3}


K = Option[int]("k", Count, "Least number of persons in a group; never below the sharing model's own: 20, 5, 3")


class Persons(Requirement):
    """Every group of rows has at least k persons."""

    line = 3
    option = K
    example = "k: 25"
    default = Default(LEAST_K, "GB/T 42460-2023 by model of release (reference)")
    compare = Compare.AT_LEAST
    suppresses = True
    by_group = True

    @abstractmethod
    def grouped(self, scope: Scope) -> Iterator[tuple[str, Sequence[str], str]]:
        """What is tested: target, columns, sentence."""

    def planned(self, scope: Scope) -> Iterator[Planned]:
        """A test of each grouping."""
        for target, columns, sentence in self.grouped(scope):
            yield self._test(self.limit(scope), columns, sentence, target)

    def figure(self, test: Planned, seen: Seen) -> Figure:
        """Persons of the smallest group."""
        missing = unmeasured(seen)
        if missing:
            return missing
        groups = seen.groups(test.columns)
        said = (
            f"persons in the smallest group of {', '.join(test.columns) or 'no column'}, counted by {groups.deciding}"
        )
        return Figure(groups.fewest, said, seen.identities.index(groups.deciding))

    def broken(self, test: Planned, seen: Seen) -> Broken | None:
        """Groups with fewer persons."""
        few = seen.groups(test.columns).persons < test.limit
        return Broken(test.columns, np.asarray(few)) if few.any() else None
