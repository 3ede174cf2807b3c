"""The fields of a release whose levels are open: what each level makes of their values, and what it loses."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.actions.generalize import Generalize
from beam_deid.transforms.actions.ladder import Ladder
from beam_deid.transforms.columns.fingerprint import Keys, fingerprint, ordered_codes
from beam_deid.transforms.policy.model import Release
from beam_deid.transforms.records.layout import Layout
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.search.attribute import Attribute
from beam_deid.transforms.search.lattice import Lattice
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.requirements import Criterion

Levels = Mapping[str, int | npt.NDArray[np.int64]]
"""Of each open field one level, or one for each histogram row, shape (n,)."""

Mask = npt.NDArray[np.bool_]


class Openings:
    """What a release's open fields look like at their levels.

    Args:
        spec: The release.
        layout: Its layout.
        bases: Distinct base values of each open field.
        histogram: What was measured.
    """

    def __init__(self, spec: Release, layout: Layout, bases: Mapping[str, pa.Array], histogram: Histogram) -> None:
        self._spec, self._layout, self._bases, self._histogram = spec, layout, bases, histogram

    def ladder(self, name: str) -> Ladder:
        """The ladder of an open field."""
        action = self._spec.fields[name]
        assert isinstance(action, Generalize)  # noqa: S101 - only these are open
        return action.ladder()

    def choices(self, name: str) -> tuple[int, ...]:
        """The levels that are open to a field, ascending."""
        action = self._spec.fields[name]
        assert isinstance(action, Generalize)  # noqa: S101 - only these are open
        return action.choices()

    def top(self, name: str) -> int:
        """The level of a field at which nothing is left of it."""
        return len(self.ladder(name).levels) - 1

    def attribute(self, name: str, choices: Sequence[int]) -> Attribute:
        """An open field with some of its levels, and what is lost at each.

        Iyengar: Transforming data to satisfy privacy constraints (KDD 2002): (m − 1)/(M − 1) for a value that stands for m of
        the M values there are, in the hierarchy where that is known, else in the data.
        """
        ladder, values, spec = self.ladder(name), self._bases[name], self._spec.search
        domain = ladder.domain if ladder.domain is not None else values.drop_null()
        groups, costs, top = [], [], len(ladder.levels) - 1
        for level in choices:
            texts = ladder.at(values, level).dictionary_encode()
            covered = pc.value_counts(ladder.at(domain, level))
            many = pc.index_in(texts.dictionary, covered.field("values"))
            sizes = covered.field("counts").take(many).fill_null(1).to_numpy(zero_copy_only=False)
            # A null is a group of its own, which loses nothing.
            numbers = texts.indices.fill_null(len(sizes)).to_numpy(zero_copy_only=False).astype(np.int64)
            groups.append(numbers)
            costs.append((np.r_[sizes, 1][numbers] - 1.0) / max(len(domain) - 1, 1))
        base = pc.index_in(pa.array(self._histogram.columns[f"open:{name}"]), value_set=pa.array(fingerprint(values)))
        return Attribute(
            name, base.to_numpy().astype(np.int32), tuple(groups), tuple(costs), tuple(level / top for level in choices),
            spec.weights.get(name, 1.0), name in self._layout.quasi,
        )  # fmt: skip

    def lattice(
        self, choices: Mapping[str, Sequence[int]], asked: Sequence[Criterion], sensitive: Mapping[str, Keys],
        subject: Keys | None, together: Keys, rows: Mask | None = None,
    ) -> Lattice:  # fmt: skip
        """All nodes over the open fields' levels.

        Args:
            choices: The levels that are open to each field.
            asked: What each class must meet.
            sensitive: Key of each sensitive value, by field, shape (n,).
            subject: Whom each row is about, shape (n,), or None.
            together: Key of what is the same at every level, shape (n,).
            rows: Which histogram rows are looked at, shape (n,); all if not given.
        """
        counts = self._histogram.counts
        attributes, reference = [self.attribute(*one) for one in choices.items()], {}
        if rows is not None:
            for name in {one.field for one in asked}:
                numbers, keys = ordered_codes(sensitive[name])
                reference[name] = keys, np.bincount(numbers, weights=counts) / counts.sum()
            there = np.flatnonzero(rows)
            attributes = [attribute.at(there) for attribute in attributes]
            counts, together = counts[there], together[there]
            sensitive = {name: keys[there] for name, keys in sensitive.items()}
            subject = None if subject is None else subject[there]
        objective = OBJECTIVES[self._spec.search.objective]
        return Lattice(attributes, counts, asked, subject, sensitive, together, objective, reference)

    def losses(self, levels: Levels, kept: Mask) -> dict[str, float]:
        """What is lost of each open field by Iyengar's metric, from 0 to 1; a suppressed record loses all."""
        counts, losses = self._histogram.counts, {}
        for name, level in levels.items():
            lost = float(counts[~kept].sum())
            used = np.unique(level).tolist()
            one = self.attribute(name, used)
            costs = np.stack(one.costs)[np.searchsorted(used, level), one.base]
            losses[name] = (lost + float(counts[kept] @ costs[kept])) / float(counts.sum())
        return losses

    def loss(self, levels: Levels, kept: Mask) -> float:
        """The same over all of them, by their weights; 0 where no field is open."""
        losses, weights = self.losses(levels, kept), self._spec.search.weights
        total = sum(weights.get(name, 1.0) for name in losses)
        return sum(weights.get(name, 1.0) * lost for name, lost in losses.items()) / total if losses else 0.0
