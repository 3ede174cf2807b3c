"""The lattice of generalization levels: what a node makes of the data, and the best node there is.

Work runs on distinct combinations of base values. A node is counted from any finer node that was counted before, since a
coarser class is a union of finer ones; so most nodes cost little. El Emam et al.: A globally optimal k-anonymity method for
the de-identification of health data (2009); Kohlmayer et al.: Flash (2012) for what follows for other nodes from one.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Keys, codes, first_rows, mix
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_per_number

Node = tuple[int, ...]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LARGEST = 1_000_000
"""Most nodes of a lattice whose optimum is proved."""

EXACT = 50_000_000
"""Persons are counted exactly where rows times nodes, of which some 500 are counted at most, are no more than this."""

_COUNTED = 500


@dataclass(frozen=True)
class Attribute:
    """A field and the levels that are open to it.

    Attributes:
        name: Its name.
        base: Number of the base value of each row, shape (n,).
        groups: Of each level the number of each base value's group, shape (v,).
        costs: Of each level the loss of each base value, from 0 to 1, shape (v,).
    """

    name: str
    base: Counts
    groups: tuple[Counts, ...]
    costs: tuple[Floats, ...]

    @cached_property
    def refines(self) -> Mask:
        """Whether groups of one level (rows) lie each in one of another's (columns), shape (levels, levels).

        Weeks do not lie in months: where levels do not nest, nothing follows for one from the other.
        """
        sizes = [len(np.unique(groups)) for groups in self.groups]
        both = [
            [len(np.unique(one * (int(other.max(initial=0)) + 1) + other)) == size for other in self.groups]
            for one, size in zip(self.groups, sizes, strict=True)
        ]
        return np.array(both)


@dataclass(frozen=True)
class Criterion:
    """What is required of a sensitive field in each class.

    Attributes:
        field: The field.
        fails: Which classes miss it, shape (classes,).
        monotonic: Whether a class that meets it still does when it is joined with any other.
    """

    field: str
    fails: Callable[[Distribution], Mask]
    monotonic: bool


@dataclass(frozen=True)
class Requirements:
    """What a node must meet.

    Attributes:
        k: Least number of people in a class.
        suppression: Greatest share of records that may be suppressed.
        criteria: What sensitive fields must meet.
    """

    k: int
    suppression: float
    criteria: tuple[Criterion, ...] = ()


@dataclass(frozen=True)
class Counted:
    """What a node makes of the data.

    Attributes:
        node: Its levels.
        loss: What is lost, from 0 to 1.
        suppressed: Records that are suppressed.
        classes: Classes that are left.
        smallest: People in the smallest of them; 0 if there are none.
        largest: People in the largest.
        satisfies: Whether no more is suppressed than allowed.
        hopeless: Whether no finer node can satisfy either.
    """

    node: Node
    loss: float
    suppressed: int
    classes: int
    smallest: int
    largest: int
    satisfies: bool
    hopeless: bool


@dataclass(frozen=True)
class _Table:
    """Rows that stand for classes, or parts of them, at some node: one original row each, and what it stands for."""

    rows: Counts
    records: Counts
    people: Counts


class Lattice:
    """All nodes over some attributes.

    Args:
        attributes: The attributes.
        counts: Records of each row, shape (n,).
        require: What a node must meet.
        subject: Whom each row is about, shape (n,); None if each record is a person of its own.
        sensitive: Key of each sensitive value, shape (n,).
        fixed: Key of everything that is the same at every node, shape (n,).
        exact: Most work for which persons are counted exactly: see `EXACT`. Beyond it each person is counted in one class
            only, so that persons add up when classes are joined: never too many, and too few where a person's records differ.
    """

    def __init__(
        self, attributes: Sequence[Attribute], counts: Counts, require: Requirements, subject: Keys | None = None,
        sensitive: Mapping[str, Keys] | None = None, fixed: Keys | None = None, exact: int = EXACT,
    ) -> None:  # fmt: skip
        self.attributes, self.require = tuple(attributes), require
        self._counts, self._records = counts, int(counts.sum())
        sensitive = sensitive or {}
        self.sizes = tuple(len(attribute.groups) for attribute in self.attributes)
        self.exact = subject is None or len(counts) * min(math.prod(self.sizes), _COUNTED) <= exact
        self._subject = subject if self.exact else None
        self._fixed = None if fixed is None else mix(fixed.copy())
        self._sensitive = sensitive
        random = np.random.default_rng(20_090_901)
        # A class is known by the sum of a random number for each group; two of n collide with a chance of n²/2⁶⁵.
        self._parts = [
            [_labels(random, groups)[attribute.base] for groups in attribute.groups] for attribute in self.attributes
        ]
        self._costs = [[cost[attribute.base] for cost in attribute.costs] for attribute in self.attributes]
        self._beside = np.zeros(len(counts), np.uint64)
        for keys in [*sensitive.values(), *([] if self._subject is None else [self._subject])]:
            self._beside += mix(keys * np.uint64(0x9E3779B97F4A7C15) + self._beside)
        people = counts
        if subject is not None:
            people = np.zeros(len(counts), np.int64)
            people[first_rows(*_numbered(subject))] = 1
        whole = _Table(np.arange(len(counts)), counts, people)
        base = np.zeros(len(counts), np.uint64) if self._fixed is None else self._fixed
        for attribute in self.attributes:
            base = base + _labels(random, np.arange(int(attribute.base.max(initial=0)) + 1))[attribute.base]
        self._whole = self._rolled_up(whole, base)
        self._tables: dict[Node, _Table] = {}
        self._order = np.empty((0, len(self.attributes)), np.int64)

    @property
    def records(self) -> int:
        """Records of all rows."""
        return self._records

    @cached_property
    def nodes(self) -> npt.NDArray[np.int8]:
        """All nodes, shape (nodes, attributes)."""
        return np.stack(np.meshgrid(*map(np.arange, self.sizes), indexing="ij"), -1).reshape(-1, len(self.sizes)).astype(np.int8)

    @cached_property
    def bounds(self) -> Floats:
        """A loss that no node can go below, shape (nodes,): that of all records at its levels, none suppressed."""
        marginal = [
            np.array([float(self._counts @ cost) / self._records for cost in costs]) for costs in self._costs
        ]
        total = np.zeros(len(self.nodes))
        for place, losses in enumerate(marginal):
            total += losses[self.nodes[:, place]]
        return total / len(self.attributes)

    def finer(self, nodes: npt.NDArray[np.integer[Any]], node: Sequence[int]) -> Mask:
        """Which of ``nodes`` (m, attributes) are as fine as ``node`` or finer, so that its classes are unions of theirs."""
        fine = np.ones(len(nodes), bool)
        for place, attribute in enumerate(self.attributes):
            fine &= attribute.refines[nodes[:, place], node[place]]
        return fine

    def count(self, node: Node) -> Counted:
        """Count a node."""
        table = self._finest(node)
        keys = self._keys(table, node)
        numbers, distinct = codes(keys)
        rows = first_rows(numbers, len(distinct))
        records = np.bincount(numbers, weights=table.records, minlength=len(distinct)).astype(np.int64)
        if self._subject is None:
            people = np.bincount(numbers, weights=table.people, minlength=len(distinct)).astype(np.int64)
        else:
            people = distinct_per_number(numbers, self._subject[table.rows], len(distinct))
        failing = people < self.require.k
        sure = failing.copy()
        if self.require.criteria:
            classes = Classes(keys, table.records, None)
            place = np.searchsorted(classes.keys, distinct)
            for one in self.require.criteria:
                found = Distribution.of(classes, table.records, self._sensitive[one.field][table.rows])
                fails = one.fails(found)[place]
                failing |= fails
                if one.monotonic:
                    sure |= fails
        kept, allowed = ~failing, self.require.suppression * self._records + 1e-9
        suppressed = int(records[failing].sum())
        cost = np.zeros(len(rows))
        for which, level in enumerate(node):
            cost += self._costs[which][level][table.rows[rows]]
        lost = float(records[kept] @ cost[kept]) + suppressed * len(node)
        if len(distinct) < len(table.rows) // 2:
            self._tables[node] = self._rolled_up(table, keys)
            self._order = np.array(list(self._tables))
        left = people[kept]
        return Counted(
            node, lost / (self._records * max(len(node), 1)), suppressed, len(left), int(left.min()) if len(left) else 0,
            int(left.max()) if len(left) else 0, suppressed <= allowed and len(left) > 0, int(records[sure].sum()) > allowed,
        )  # fmt: skip

    def _keys(self, table: _Table, node: Node) -> Keys:
        keys = np.zeros(len(table.rows), np.uint64) if self._fixed is None else self._fixed[table.rows]
        for place, level in enumerate(node):
            keys += self._parts[place][level][table.rows]
        return keys

    def _rolled_up(self, table: _Table, keys: Keys) -> _Table:
        """The rows of a table, joined where key and sensitive values are the same."""
        numbers, distinct = codes(keys + self._beside[table.rows])
        rows = table.rows[first_rows(numbers, len(distinct))]
        records, people = (
            np.bincount(numbers, weights=weights, minlength=len(distinct)).astype(np.int64)
            for weights in (table.records, table.people)
        )
        return _Table(rows, records, people)

    def _finest(self, node: Node) -> _Table:
        """The smallest table that was counted of a node as fine or finer."""
        usable = np.flatnonzero(self.finer(self._order, node))
        tables = [self._tables[tuple(self._order[place].tolist())] for place in usable]
        return min(tables, key=lambda table: len(table.rows), default=self._whole)


def _numbered(keys: Keys) -> tuple[Counts, int]:
    numbers, distinct = codes(keys)
    return numbers, len(distinct)


def _labels(random: np.random.Generator, groups: Counts) -> Keys:
    return random.integers(0, 1 << 64, int(groups.max(initial=0)) + 1, dtype=np.uint64)[groups]
