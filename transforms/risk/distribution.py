"""The distribution of a sensitive field over equivalence classes: what every measure of attribute disclosure needs.

It counts persons where there are any: a person has a value if one of its records has. Where a person has several values its
share of each is that of the class's persons (`held`), which add up to more than one; what needs a distribution in the narrow
sense (entropy, closeness) takes the shares of all pairs of person and value (`share`). With one record a person both are the
same, and the same as shares of records.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import first_rows, runs
from beam_deid.transforms.columns.pairs import few_codes
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_count, distinct_per_number, tally
from beam_deid.transforms.risk.numbering import numbered

Shares = npt.NDArray[np.float64]

_PART = 1 << 15
"""Pairs, about, whose figures are worked out together."""


@dataclass(frozen=True)
class Distribution:
    """Records, or persons, per class and value, over the pairs that occur, ordered by class and then by value.

    Attributes:
        classes: Number of classes.
        values: Number of distinct values.
        begins: First pair of each class, shape (classes,); every class has one.
        pair_value: Value of each pair, shape (pairs,), ascending within a class.
        pair_records: Records of each pair, shape (pairs,), at least 1.
        class_records: Records of each class, shape (classes,).
        value_keys: Key of each value, shape (values,).
        reference: Share of each value among all records, shape (values,), where these rows are not all of them.
        null: The number of the value that stands for null, or None where there is none.
        class_people: Persons of each class, shape (classes,), where pairs count persons.
        held_by: Share of all persons who have each value, shape (values,), likewise.
        least_of_all: Distinct values of the poorest class of all, where these classes are not all of them.
        rarest_of_all: Share of all persons who have the rarest value of all, likewise.
        groups: Which group each class is, shape (classes,), where groups of nobody are left out.
        identity: The place of the identity by which persons are counted.
    """

    classes: int
    values: int
    begins: Counts
    pair_value: npt.NDArray[np.integer]
    pair_records: npt.NDArray[np.integer]
    class_records: Counts
    value_keys: Fingerprints
    reference: Shares | None = None
    null: int | None = None
    class_people: Counts | None = None
    held_by: Shares | None = None
    least_of_all: int | None = None
    rarest_of_all: float | None = None
    groups: Counts | None = None
    identity: int = 0

    @classmethod
    def of(cls, classes: Classes, counts: Counts, values: Fingerprints) -> "Distribution":
        """Count the pairs.

        Args:
            classes: The classes of the rows.
            counts: Records per row, shape (n,).
            values: Value key of each row, shape (n,).
        """
        numbers, keys = few_codes(values)
        pairs = classes.paired(numbers, max(len(keys), 1))
        if pairs is not None:
            return cls(len(pairs.keys), len(keys), pairs.begins, pairs.value, pairs.rows, pairs.key_rows, keys)
        return cls.counted(classes.numbers, classes.records, numbers, keys, counts)

    @classmethod
    def of_persons(
        cls,
        classes: Counts,
        many: int,
        values: Counts,
        value_keys: Fingerprints,
        persons: Counts,
        size: int,
        null: int | None = None,
    ) -> "Distribution":
        """Count the persons of each pair of a class and a value.

        Args:
            classes: Class of each row, below ``many``, shape (n,).
            many: How many classes there are; each must have a row with a person.
            values: Number of each row's value, shape (n,).
            value_keys: Key of each value, shape (values,).
            persons: Person of each row, shape (n,), below ``size``; -1 counts nobody.
            size: How many persons there may be.
            null: The number of the value that stands for null.
        """
        somebody = np.flatnonzero(persons >= 0)
        classes = classes[somebody]
        values = values[somebody]
        persons = persons[somebody]
        pairs = numbered([classes, values], [many, len(value_keys)])
        first = first_rows(pairs.numbers, pairs.many)
        people = distinct_per_number(pairs.numbers, persons.view(np.uint64), pairs.many)
        found = cls.counted(
            classes[first],
            np.bincount(classes[first], weights=people, minlength=many).astype(np.int64),
            values[first],
            value_keys,
            people,
        )
        everybody = distinct_per_number(values, persons.view(np.uint64), len(value_keys))
        return replace(
            found,
            null=null,
            class_people=distinct_per_number(classes, persons.view(np.uint64), many),
            held_by=everybody / max(distinct_count(persons.view(np.uint64)), 1),
        )

    @classmethod
    def counted(
        cls,
        numbers: Counts,
        class_records: Counts,
        values: npt.NDArray[np.integer],
        value_keys: Fingerprints,
        counts: Counts,
    ) -> "Distribution":
        """Count the pairs of rows whose classes and values are numbered already.

        Args:
            numbers: Class of each row, shape (n,).
            class_records: Records of each class, shape (classes,).
            values: Number of each row's value, shape (n,).
            value_keys: Key of each value, shape (values,).
            counts: Records of each row, shape (n,).
        """
        many = max(len(value_keys), 1)
        # Both factors are below 2³¹, so a pair is one exact integer.
        pairs = numbers * many + values
        if len(class_records) * many <= max(4 * len(pairs), 1 << 16):
            records = tally(pairs, counts, len(class_records) * many)
            there = np.flatnonzero(records)
            records = records[there]
        elif (counts == 1).all():
            distinct, records = runs(pairs.view(np.uint64))
            there = distinct.view(np.int64)
        else:
            order = np.argsort(pairs)
            ordered = pairs[order]
            first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
            there = ordered[first]
            records = np.add.reduceat(counts[order], first)
        of = there // many
        begins = np.flatnonzero(np.r_[True, of[1:] != of[:-1]][: len(of)])
        found = cls(len(class_records), len(value_keys), begins, there % many, records, class_records, value_keys)
        found.__dict__["pair_class"] = of  # known already
        return found

    @classmethod
    def of_pairs(
        cls, many: int, classes: Counts, values: Counts, value_keys: Fingerprints, records: Counts
    ) -> "Distribution":
        """Make it of pairs that are counted already, in any order.

        Args:
            many: How many classes there are; each must have a pair.
            classes: Class of each pair, shape (pairs,).
            values: Number of each pair's value, shape (pairs,).
            value_keys: Key of each value, shape (values,).
            records: Records, or persons, of each pair, shape (pairs,), at least 1.
        """
        order = np.lexsort((values, classes))
        begins = np.searchsorted(classes[order], np.arange(many))
        return cls(
            many, len(value_keys), begins, values[order], records[order], tally(classes, records, many), value_keys
        )

    def parts(self) -> Iterator["Distribution"]:
        """Split the distribution by classes into parts that are small enough for the processor's cache."""
        if len(self.pair_value) <= 2 * _PART:
            yield self
            return
        cuts = np.searchsorted(self.begins, np.arange(0, len(self.pair_value), _PART))
        cuts = np.unique(np.append(cuts, self.classes)).tolist()
        for low, high in pairwise(cuts):
            first = int(self.begins[low])
            pairs = slice(first, int(self.begins[high]) if high < self.classes else len(self.pair_value))
            yield Distribution(
                high - low,
                self.values,
                self.begins[low:high] - first,
                self.pair_value[pairs],
                self.pair_records[pairs],
                self.class_records[low:high],
                self.value_keys,
                self.overall,
                self.null,
                None if self.class_people is None else self.class_people[low:high],
                self.held_by,
                self.least_of_all,
                self.rarest_of_all,
            )

    @cached_property
    def pair_class(self) -> Counts:
        """Class of each pair, shape (pairs,), ascending."""
        return np.repeat(np.arange(self.classes), self.sizes)

    @cached_property
    def overall(self) -> Shares:
        """Share of each value among all records, shape (values,)."""
        if self.reference is not None:
            return self.reference
        return np.asarray(self.value_records / self.pair_records.sum())

    @property
    def value_records(self) -> Counts:
        """Records, or pairs of a class and a person in it, that have each value, shape (values,)."""
        return np.bincount(self.pair_value, weights=self.pair_records, minlength=self.values).astype(np.int64)

    @cached_property
    def share(self) -> Shares:
        """Share of each pair's value in its class, shape (pairs,)."""
        return np.asarray(self.pair_records / np.repeat(self.class_records, self.sizes))

    @cached_property
    def held(self) -> Shares:
        """Share of the class's persons who have each pair's value, shape (pairs,); of records where no persons are counted."""
        if self.class_people is None:
            return self.share
        return np.asarray(self.pair_records / np.repeat(self.class_people, self.sizes))

    @cached_property
    def held_there(self) -> Shares:
        """Share of all persons who have each pair's value, shape (pairs,)."""
        return self.there if self.held_by is None else np.asarray(self.held_by[self.pair_value])

    @cached_property
    def lift(self) -> Shares:
        """How many times as likely each pair's value is in its class as in all, shape (pairs,)."""
        return np.asarray(self.held / self.held_there)

    @cached_property
    def there(self) -> Shares:
        """Share of each pair's value among all records, shape (pairs,)."""
        return np.asarray(self.overall[self.pair_value])

    def summed(self, pairs: Shares) -> Shares:
        """The sum of a figure of each pair over the pairs of each class, shape (classes,)."""
        return np.asarray(np.add.reduceat(pairs, self.begins), np.float64)

    @cached_property
    def sizes(self) -> Counts:
        """Pairs of each class, shape (classes,)."""
        return np.diff(self.begins, append=len(self.pair_value))

    @cached_property
    def distinct(self) -> Counts:
        """Distinct values of each class, shape (classes,); a null is none."""
        if self.null is None:
            return self.sizes
        return self.sizes - np.bincount(self.pair_class[self.pair_value == self.null], minlength=self.classes)

    @property
    def least_distinct(self) -> int:
        """Distinct values of the poorest class of all."""
        return int(self.distinct.min()) if self.least_of_all is None else self.least_of_all

    @property
    def rarest(self) -> float:
        """Share of all persons who have the rarest value of all, above 0."""
        return float(self.held_there.min()) if self.rarest_of_all is None else self.rarest_of_all
