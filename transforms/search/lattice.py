"""The lattice of generalization levels, and the evaluation of its nodes.

Work runs on distinct combinations of base values. A node is counted from any finer node that was counted before, since a
coarser class is a union of finer ones; so most nodes cost little. El Emam et al.: A globally optimal k-anonymity method for
the de-identification of health data (2009); Kohlmayer et al.: Flash (2012) for what follows for other nodes from one.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows, narrow, ordered_codes
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.numbering import Numbered, summed
from beam_deid.transforms.search.attribute import Attribute, Codes, Floats, weighted
from beam_deid.transforms.search.memory import Memory
from beam_deid.transforms.search.node import Counted, Node, Nodes, Seen
from beam_deid.transforms.search.objectives import OBJECTIVES
from beam_deid.transforms.search.objectives.objective import Left, Objective
from beam_deid.transforms.search.requirements import Criterion, Requirements
from beam_deid.transforms.search.table import Table

LARGEST = 10_000_000
"""Most nodes of a lattice whose optimum is proved."""
EXACT = 600_000_000
"""Persons are counted exactly where rows times nodes, of which some 500 are counted at most, are no more than this."""
_COUNTED = 500
_KEPT_BYTES = 1 << 26
"""Bytes of tables, and of classes, that are kept for other nodes."""


class Lattice:
    """All nodes over some attributes.

    Args:
        attributes: The attributes.
        counts: Records of each row, shape (n,).
        criteria: What can be required of sensitive fields.
        subject: Whom each row is about, shape (n,); None if each record is a person of its own.
        sensitive: Key of each sensitive value, shape (n,).
        fixed: Key of everything that is the same at every node, shape (n,).
        objective: What is to be least.
        reference: Of each sensitive field the keys of all values, ascending, and their shares, where these rows are a part only.
        exact: Most work for which persons are counted exactly: see `EXACT`. Beyond it each person is counted in one class
            only, so that persons add up when classes are joined: never too many, and too few where a person's records differ.
        null: The key of null, which is no value; None where there is none.
        people: Persons of each row, each in one row only, shape (n,), where it is not told whom each row is about.
    """

    def __init__(
        self,
        attributes: Sequence[Attribute],
        counts: Counts,
        criteria: Sequence[Criterion] = (),
        subject: Fingerprints | None = None,
        sensitive: Mapping[str, Fingerprints] | None = None,
        fixed: Fingerprints | None = None,
        objective: Objective = OBJECTIVES["loss"],
        reference: Mapping[str, tuple[Fingerprints, Floats]] | None = None,
        exact: int = EXACT,
        null: np.uint64 | None = None,
        people: Counts | None = None,
    ) -> None:
        self.attributes = weighted(attributes, 1.0 if objective.averaged else len(attributes))
        self.objective = objective
        self.criteria = tuple(criteria)
        self.records = int(counts.sum())
        self.sizes = tuple(len(attribute.groups) for attribute in self.attributes)
        self.exact = people is None and self._is_exact(counts, subject, exact)
        self._floors = [objective.floors(attribute, counts) for attribute in self.attributes]
        together = np.zeros(len(counts), np.int64) if fixed is None else codes(fixed)[0]
        self._every = (*self.attributes, Attribute.fixed("", together))
        wanted = {one.values for one in criteria} if sensitive else set[str]()
        named = {name: ordered_codes((sensitive or {})[name]) for name in wanted}
        self._values = {name: (place, keys) for place, (name, (_, keys)) in enumerate(named.items())}
        self._nulls = {name: _place(keys, null) for name, (_, keys) in named.items()}
        self._reference = self._shares_here(reference or {})
        self._loose = [place for place, attribute in enumerate(self.attributes) if not attribute.separates]
        values = [narrow(numbers, len(keys)) for numbers, keys in named.values()]
        del named
        self._whole = self._table(counts, subject, people, values)
        # Rows that are alike are one now: the fields' base values are theirs.
        self._every = tuple(one.over(base) for one, base in zip(self._every, self._whole.base, strict=True))
        self.attributes = self._every[:-1]
        self._tables: Memory[Table] = Memory(len(self.sizes), _KEPT_BYTES)
        self.rows_counted = 0
        self._seen: Memory[Seen] = Memory(len(self.sizes), _KEPT_BYTES)

    def _shares_here(self, reference: Mapping[str, tuple[Fingerprints, Floats]]) -> dict[str, Floats]:
        """The reference shares of the values that these rows have, by sensitive field."""
        shares = {}
        for name, (keys, every_share) in reference.items():
            if name in self._values:
                shares[name] = every_share[np.searchsorted(keys, self._values[name][1])]
        return shares

    def _is_exact(self, counts: Counts, subject: Fingerprints | None, most: int) -> bool:
        """Whether persons are counted exactly."""
        return subject is None or len(counts) * min(math.prod(self.sizes), _COUNTED) <= most

    def _table(
        self, counts: Counts, subject: Fingerprints | None, people: Counts | None, values: Sequence[Codes]
    ) -> Table:
        people = counts if people is None else people
        who = None
        if subject is not None:
            numbers, distinct = codes(subject)
            people = np.zeros(len(counts), np.int64)
            people[first_rows(numbers, len(distinct))] = 1
            who = narrow(numbers, len(distinct)) if self.exact else None
        base = tuple(attribute.base for attribute in self._every)
        table = Table(base, counts, people, who, tuple(values))
        return table.joined(table.distinct(), self._loose)

    @property
    def rows(self) -> int:
        """Number of distinct rows."""
        return len(self._whole)

    @property
    def many(self) -> int:
        """Number of nodes."""
        return math.prod(self.sizes)

    @cached_property
    def nodes(self) -> Nodes:
        """All nodes, the last attribute's levels changing fastest."""
        kind = np.int8 if max(self.sizes, default=0) <= 127 else np.int16
        return cast(Nodes, np.indices(self.sizes, kind).reshape(len(self.sizes), self.many))

    @cached_property
    def bounds(self) -> Floats:
        """A lower bound of the loss of each node, shape (nodes,)."""
        total = np.zeros(1)
        for floors in self._floors:
            total = np.add.outer(total, floors).reshape(-1)
        return total

    def floor(self, node: Sequence[int]) -> float:
        """The bound of one node."""
        return float(sum(floors[level] for floors, level in zip(self._floors, node, strict=True)))

    def finer(self, nodes: Nodes, node: Sequence[int]) -> Bools:
        """Which of ``nodes`` (attributes, m) are as fine as ``node`` or finer, so that its classes are unions of theirs."""
        fine = np.ones(nodes.shape[1], bool)
        for attribute, levels, level in zip(self.attributes, nodes, node, strict=True):
            if attribute.nested:
                if level < len(attribute.groups) - 1:
                    fine &= levels <= level
            else:
                fine &= attribute.refines[:, level][levels]
        return fine

    def coarser(self, nodes: Nodes, node: Sequence[int]) -> Bools:
        """Which of ``nodes`` (attributes, m) are as coarse as ``node`` or coarser."""
        coarse = np.ones(nodes.shape[1], bool)
        for attribute, levels, level in zip(self.attributes, nodes, node, strict=True):
            coarse &= attribute.refines[level][levels]
        return coarse

    def count(self, node: Node) -> Seen:
        """Count the classes of a node. Results are cached as far as memory allows."""
        seen = self._seen.get(node)
        if seen is None:
            seen, table, _ = self._count(node)
            self._seen.put(node, seen, seen.nbytes + (table.nbytes if self._loose else 0))
        return seen

    def _count(self, node: Node, table: Table | None = None) -> tuple[Seen, Table, Numbered]:
        table = table or self._finest(node)
        classes = table.classes(self._every, (*node, 0))
        self.rows_counted += len(table)
        records = summed(classes, table.records)
        people = records
        if table.subject is not None:
            people = table.people_of(classes)
        elif table.people is not table.records:
            people = summed(classes, table.people)
        found = self._distributions(table, classes, records)
        failing = {one.name: one.fails(found[one.values]) for one in self.criteria}
        rows = first_rows(classes.numbers, classes.many)
        base = tuple(column[rows] for column in table.base[:-1])
        # As many rows as there are people in each class, at least, would be left of the table.
        self._keep(node, table, classes, classes.many if table.subject is None else int(people.sum()))
        return Seen(node, records, people, failing, base, table if self._loose else None), table, classes

    def _distributions(self, table: Table, classes: Numbered, records: Counts) -> dict[str, Distribution]:
        return {
            name: replace(
                Distribution.counted(classes.numbers, records, table.sensitive[place], keys, table.records),
                reference=self._reference.get(name),
                null=self._nulls[name],
            )
            for name, (place, keys) in self._values.items()
        }

    def settled(self, node: Node, require: Requirements) -> Counted:
        """Evaluate a node, with criteria that compare a class with the whole data taken over the records that are left."""
        seen, gone = self._settled(node, require)
        return self._told(seen, require, gone)

    def _settled(self, node: Node, require: Requirements) -> tuple[Seen, Bools]:
        asked = [one for one in self.criteria if one.relative and one.name not in require.without]
        if not asked:
            seen = self.count(node)
            return seen, self._gone(seen, require)
        seen, table, classes = self._count(node)
        found = self._distributions(table, classes, seen.records)
        gone = self._gone(seen, require)
        while not gone.all():
            kept = ~gone
            more = gone.copy()
            for one in asked:
                of = found[one.values]
                pairs = of.pair_records * kept[of.pair_class]
                shares = np.bincount(of.pair_value, weights=pairs, minlength=of.values) / pairs.sum()
                with np.errstate(divide="ignore", invalid="ignore"):
                    more |= kept & one.fails(replace(of, reference=shares))
            more = require.suppressed(seen.people, more)
            if np.array_equal(more, gone):
                break
            gone = more
        return seen, gone

    def judge(self, seen: Seen, require: Requirements) -> Counted:
        """Evaluate a node under some requirements."""
        return self._told(seen, require, self._gone(seen, require))

    def _gone(self, seen: Seen, require: Requirements) -> Bools:
        failing = np.zeros(len(seen.records), bool)
        for name, fails in seen.failing.items():
            if name not in require.without:
                failing |= fails
        return require.suppressed(seen.people, failing)

    def _told(self, seen: Seen, require: Requirements, gone: Bools) -> Counted:
        left = self.left(seen, gone)
        allowed = require.allowed(self.records)
        kept = ~gone
        sure = seen.people < require.smallest
        failing = np.zeros(len(gone), bool)
        for one in self.criteria:
            if one.name not in require.without:
                failing |= seen.failing[one.name]
                if one.inherited:
                    sure |= seen.failing[one.name]
        # Of a class that misses what holds for two together if it holds for each, some part misses it, too.
        lost = int(seen.records[sure].sum()) + int((failing & ~sure).sum())
        certain = left if np.array_equal(sure, gone) else self.left(seen, sure)
        everything = self.left(seen, np.zeros(len(gone), bool)) if self.objective.grows else None
        people = seen.people[kept]
        suppressed = left.suppressed
        return Counted(
            seen.node,
            self.objective.value(left),
            suppressed,
            len(people),
            int(people.min()) if len(people) else 0,
            int(people.max(initial=0)),
            suppressed <= allowed and len(people) > 0,
            lost > allowed or self._too_risky(seen, require, allowed),
            self.objective.penalty(certain),
            -math.inf if everything is None else self.objective.value(everything),
        )

    def left(self, seen: Seen, gone: Bools) -> Left:
        """The data that is left at a node when some of its classes are suppressed."""
        kept = seen.records[~gone]
        floor = self.floor(seen.node)
        if seen.source is None:
            base = tuple(column[gone] for column in seen.base)
            return Left(self.attributes, seen.node, self.records, kept, base, seen.records[gone], floor)
        # Records of one class lose differently in a field that does not tell classes apart.
        numbers = seen.source.classes(self._every, (*seen.node, 0)).numbers
        rows = np.flatnonzero(gone[numbers])
        base = tuple(column[rows] for column in seen.source.base[:-1])
        return Left(self.attributes, seen.node, self.records, kept, base, seen.source.records[rows], floor)

    def objectives(self, node: Node, require: Requirements) -> dict[str, float]:
        """Evaluate every objective at a node."""
        (seen, gone) = self._settled(node, require)
        values = {}
        for name, one in OBJECTIVES.items():
            attributes = weighted(self.attributes, 1.0 if one.averaged else len(self.attributes))
            floors = [
                one.floors(attribute, self._whole.records)[level]
                for attribute, level in zip(attributes, node, strict=True)
            ]
            values[name] = one.value(replace(self.left(seen, gone), attributes=attributes, floor=float(sum(floors))))
        return values

    def _too_risky(self, seen: Seen, require: Requirements, allowed: float) -> bool:
        """Whether the average risk is above its limit however much may be suppressed; finer classes are only more."""
        if require.average_risk is None or seen.people is not seen.records:
            return False
        sizes = np.sort(seen.records)
        most = int(np.searchsorted(np.cumsum(sizes), allowed, side="right"))
        kept = sizes[most:]
        return len(kept) > (require.average_risk + 1e-12) * float(kept.sum())

    def _finest(self, node: Node) -> Table:
        """The smallest table of a node as fine or finer."""
        table = self._tables.least(lambda nodes: self.finer(nodes, node))
        return self._whole if table is None else table

    def _keep(self, node: Node, table: Table, classes: Numbered, least: int) -> None:
        if least < 0.7 * len(table):
            joined = table.joined(classes, self._loose)
            self._tables.put(node, joined, joined.nbytes)


def _place(keys: Fingerprints, one: np.uint64 | None) -> int | None:
    """Where a key stands among ascending keys; None if it does not."""
    found = np.flatnonzero(keys == one) if one is not None else np.empty(0, np.int64)
    return int(found[0]) if len(found) else None
