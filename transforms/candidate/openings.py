"""The fields of a release whose levels are open: what each level makes of their values, and what it loses."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.hierarchy import Hierarchy
from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.policy.model import Release
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.run.layout import Layout
from beam_deid.transforms.search.attribute import Attribute, Codes
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.requirements import Criterion

RowLevels = Mapping[str, int | npt.NDArray[np.int64]]
"""Of each open field one level, or one for each histogram row, shape (n,)."""


class Openings:
    """The open fields of a release at each of their levels. An open field is one whose level the search chooses.

    Args:
        spec: The release.
        layout: Its layout.
        bases: Distinct base values of each open field.
        places: Of each open field which of them each cell has, shape (n,).
        counts: Records of each cell, shape (n,); 0 where they are not of this release.
    """

    def __init__(
        self, spec: Release, layout: Layout, bases: Mapping[str, pa.Array], places: Mapping[str, Codes], counts: Counts
    ) -> None:
        self._spec = spec
        self._layout = layout
        self._bases = bases
        self._places = places
        self._counts = counts

    def hierarchy(self, name: str) -> Hierarchy[Any]:
        """The hierarchy of an open field."""
        return self._levelled(name).generalization_hierarchy()

    def choices(self, name: str) -> tuple[int, ...]:
        """The levels that are open to a field, ascending."""
        return self._levelled(name).choices()

    def above(self, name: str, level: int) -> tuple[int, ...]:
        """The levels that are open to a field, from one on, of which each makes one group of what is one at that level."""
        hierarchy = self.hierarchy(name)
        labels = hierarchy.at(self._bases[name], level).dictionary_encode()
        numbers = labels.indices.fill_null(len(labels.dictionary)).to_numpy(zero_copy_only=False)
        found = []
        for other in self.choices(name):
            if other < level:
                continue
            groups = hierarchy.at(self._bases[name], other).dictionary_encode().indices.fill_null(-1)
            own = groups.to_numpy(zero_copy_only=False)
            image = np.full(len(labels.dictionary) + 1, -1, np.int64)
            image[numbers] = own
            if (image[numbers] == own).all():
                found.append(other)
        return tuple(found)

    def distinct(self, name: str, level: int) -> int:
        """How many groups a level makes of the values of an open field."""
        return len(pc.unique(self.hierarchy(name).at(self._bases[name], level)))

    def _levelled(self, name: str) -> Levelled:
        action = self._spec.fields[name]
        assert isinstance(action, Levelled)  # noqa: S101 - only these are open
        return action

    def top(self, name: str) -> int:
        """The most general level of a field, at which all values are alike."""
        return len(self.hierarchy(name).levels) - 1

    def attribute(self, name: str, choices: Sequence[int]) -> Attribute:
        """Describe an open field to the search: the groups that each level makes of its values, and the information loss of each.

        Iyengar: Transforming data to satisfy privacy constraints (KDD 2002): (m − 1)/(M − 1) for a value that stands for m of
        the M values there are, in the hierarchy where that is known, else in the data.
        """
        hierarchy = self.hierarchy(name)
        values = self._bases[name]
        spec = self._spec.search
        domain = hierarchy.domain if hierarchy.domain is not None else values.drop_null()
        groups = []
        costs = []
        top = len(hierarchy.levels) - 1
        for level in choices:
            texts = hierarchy.at(values, level).dictionary_encode()
            covered = pc.value_counts(hierarchy.at(domain, level))
            many = pc.index_in(texts.dictionary, covered.field("values"))
            sizes = covered.field("counts").take(many).fill_null(1).to_numpy(zero_copy_only=False)
            # A null is a group of its own, which loses nothing.
            numbers = texts.indices.fill_null(len(sizes)).to_numpy(zero_copy_only=False).astype(np.int64)
            groups.append(numbers)
            costs.append((np.r_[sizes, 1][numbers] - 1.0) / max(len(domain) - 1, 1))
        return Attribute(
            name,
            self._places[name],
            tuple(groups),
            tuple(costs),
            tuple(level / top for level in choices),
            spec.weights.get(name, 1.0),
            name in self._layout.rest,
        )

    def lattice(
        self,
        choices: Mapping[str, Sequence[int]],
        asked: Sequence[Criterion],
        sensitive: Mapping[str, Fingerprints],
        subject: Fingerprints | None,
        together: Fingerprints,
        null: np.uint64,
        rows: Bools | None = None,
        people: Counts | None = None,
    ) -> Lattice:
        """Build the lattice of all combinations of the open fields' levels.

        Args:
            choices: The levels that are open to each field.
            asked: What each class must meet.
            sensitive: Key of each sensitive value, by what the criteria call it, shape (n,).
            subject: Whom each row is about, shape (n,), or None.
            together: Key of what is the same at every level, shape (n,).
            null: The key of null.
            rows: Which cells are looked at, shape (n,); all of the release if not given.
            people: Persons of each cell, each in one cell only, shape (n,), where it is not told whom each row is about.
        """
        attributes = [self.attribute(*one) for one in choices.items()]
        reference = {}
        chosen = self._counts > 0 if rows is None else rows & (self._counts > 0)
        there = slice(None) if chosen.all() else np.flatnonzero(chosen)  # nothing is copied where all are looked at
        if rows is not None:
            everywhere = np.flatnonzero(self._counts > 0)
            for name in {one.values for one in asked}:
                numbers, keys = ordered_codes(sensitive[name][everywhere])
                weights = self._counts[everywhere]
                reference[name] = keys, np.bincount(numbers, weights=weights) / weights.sum()
        return Lattice(
            [attribute.at(there) for attribute in attributes],
            self._counts[there],
            asked,
            None if subject is None else subject[there],
            {name: keys[there] for name, keys in sensitive.items()},
            together[there],
            OBJECTIVES[self._spec.search.objective],
            reference,
            null=null,
            people=None if people is None else people[there],
        )

    def losses(self, levels: RowLevels, left: Counts) -> dict[str, float]:
        """Information loss of each open field by Iyengar's metric, from 0 to 1; a suppressed record counts as 1.

        Args:
            levels: The levels.
            left: Records of each cell that are released, shape (n,).
        """
        total = float(self._counts.sum())
        losses = {}
        for name, level in levels.items():
            used = np.unique(level).tolist()
            one = self.attribute(name, used)
            costs = np.stack(one.costs)[np.searchsorted(used, level), one.base]
            losses[name] = (total - float(left.sum()) + float(left @ costs)) / total
        return losses

    def loss(self, levels: RowLevels, left: Counts) -> float:
        """Information loss over all open fields, weighted; 0 where no field is open."""
        return self.weighted(self.losses(levels, left))

    def weighted(self, losses: Mapping[str, float]) -> float:
        """Information loss over all open fields from that of each, weighted; 0 where no field is open."""
        weights = self._spec.search.weights
        total = sum(weights.get(name, 1.0) for name in losses)
        return sum(weights.get(name, 1.0) * lost for name, lost in losses.items()) / total if losses else 0.0
