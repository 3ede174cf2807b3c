"""Which values belong to which holders, and how many holders each value has, also where parts of both were counted apart."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes, first_rows
from beam_deid.transforms.risk.histogram import Counts, tally


class Belongings(NamedTuple):
    """Pairs of a value and its holder, each pair once; all of shape (pairs,).

    Attributes:
        values: The value of each pair.
        holders: Who or what has it.
        records: How many records say so.
    """

    values: Fingerprints
    holders: Fingerprints
    records: Counts

    @classmethod
    def of(cls, values: Fingerprints, holders: Fingerprints, records: Counts) -> "Belongings":
        """From rows, each of shape (n,), that may say the same several times."""
        numbers, distinct = codes(combine([values, holders], len(records)))
        if len(distinct) == len(records):
            return cls(values, holders, records)
        rows = first_rows(numbers, len(distinct))
        return cls(values[rows], holders[rows], tally(numbers, records, len(distinct)))

    @property
    def keys(self) -> Fingerprints:
        """One key for each pair."""
        return combine([self.values, self.holders], len(self.values))

    def where(self, rows: npt.NDArray[np.bool_]) -> "Belongings":
        """Some of the pairs: those that are true in ``rows``, shape (pairs,)."""
        return Belongings(self.values[rows], self.holders[rows], self.records[rows])


class Crowds(NamedTuple):
    """How many holders values have; all of shape (values,).

    Attributes:
        values: The values.
        somebody: One of the holders of each; the only one where there is one.
        holders: How many there are, int64.
        records: How many records have the value.
    """

    values: Fingerprints
    somebody: Fingerprints
    holders: Counts
    records: Counts

    @classmethod
    def of(cls, pairs: Belongings) -> "Crowds":
        """Count the holders of each value."""
        return cls.merge([cls(pairs.values, pairs.holders, np.ones(len(pairs.values), np.int64), pairs.records)])

    @classmethod
    def merge(cls, parts: Sequence["Crowds"]) -> "Crowds":
        """Add up parts that have no pair of a value and a holder in common."""
        values, somebody, holders, records = (np.concatenate(each) for each in zip(*parts, strict=True))
        numbers, distinct = codes(values)
        many = len(distinct)
        found = somebody[first_rows(numbers, many)]
        return cls(distinct, found, tally(numbers, holders, many), tally(numbers, records, many))

    @property
    def alone(self) -> "Crowds":
        """The values that one holder has."""
        only = self.holders == 1
        return Crowds(*(column[only] for column in self))
