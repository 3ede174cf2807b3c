"""The distribution of a sensitive field over equivalence classes: what every measure of attribute disclosure needs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.fingerprint import Keys, ordered_codes, runs
from beam_deid.transforms.risk.histogram import Classes, Counts, tally

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Distribution:
    """Records per class and value, over the pairs that occur, ordered by class and then by value.

    Attributes:
        classes: Number of classes.
        values: Number of distinct values.
        pair_class: Class of each pair, shape (pairs,), ascending.
        pair_value: Value of each pair, shape (pairs,), ascending within a class.
        pair_records: Records of each pair, shape (pairs,), at least 1.
        class_records: Records of each class, shape (classes,).
        value_keys: Key of each value, shape (values,).
        reference: Share of each value among all records, shape (values,), where these rows are not all of them.
    """

    classes: int
    values: int
    pair_class: Counts
    pair_value: Counts
    pair_records: Counts
    class_records: Counts
    value_keys: Keys
    reference: Shares | None = None

    @classmethod
    def of(cls, classes: Classes, counts: Counts, values: Keys) -> "Distribution":
        """Count the pairs.

        Args:
            classes: The classes of the rows.
            counts: Records per row, shape (n,).
            values: Value key of each row, shape (n,).
        """
        numbers, keys = ordered_codes(values)
        sorted_pairs = classes.paired(numbers, max(len(keys), 1))
        if sorted_pairs is not None:
            return cls(len(classes), len(keys), *sorted_pairs, classes.records, keys)
        return cls.counted(classes.numbers, classes.records, numbers, keys, counts)

    @classmethod
    def counted(
        cls, numbers: Counts, class_records: Counts, values: npt.NDArray[np.integer], value_keys: Keys, counts: Counts
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
            there, records = ordered[first], np.add.reduceat(counts[order], first)
        return cls(len(class_records), len(value_keys), there // many, there % many, records, class_records, value_keys)

    @cached_property
    def overall(self) -> Shares:
        """Share of each value among all records, shape (values,)."""
        if self.reference is not None:
            return self.reference
        records = np.bincount(self.pair_value, weights=self.pair_records, minlength=self.values)
        return np.asarray(records / self.pair_records.sum())

    @cached_property
    def share(self) -> Shares:
        """Share of each pair's value in its class, shape (pairs,)."""
        return np.asarray(self.pair_records / self.class_records[self.pair_class])

    @cached_property
    def lift(self) -> Shares:
        """How many times as likely each pair's value is in its class as in all, shape (pairs,)."""
        return np.asarray(self.share / self.there)

    @cached_property
    def there(self) -> Shares:
        """Share of each pair's value among all records, shape (pairs,)."""
        return np.asarray(self.overall[self.pair_value])

    @cached_property
    def begins(self) -> Counts:
        """First pair of each class, shape (classes,); every class has one."""
        return np.flatnonzero(np.r_[True, self.pair_class[1:] != self.pair_class[:-1]][: len(self.pair_class)])

    def summed(self, pairs: Shares) -> Shares:
        """The sum of a figure of each pair over the pairs of each class, shape (classes,)."""
        return np.asarray(np.add.reduceat(pairs, self.begins), np.float64)

    @cached_property
    def distinct(self) -> Counts:
        """Distinct values of each class, shape (classes,)."""
        return np.bincount(self.pair_class, minlength=self.classes)
