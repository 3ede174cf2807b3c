"""The persons of records that lie in buckets by their subjects: what `risk/persons.persons` says of all rows, a bucket at a time.

What a null stands for is decided inside a bucket, since all rows of its subject are there. How many persons there are by an
identity, and whether its persons are parts of another one's, is decided inside for the subject alone. By any other identity a
bucket can only refute it; what is left goes by that identity's persons into buckets of its own::

    shared = ...                                             see shared_values
    people = people_of(bucket, shared)                       per bucket of subjects
    table = people.mappings.table(at, others)                for each identity but the subject: to buckets by table[0]
    counted = Counted.merge(people.counted ...)
    inside = Inside.merge(people.mappings.inside ...)
    mapped[at] = Mapped.merge(mapped_in(bucket, others) ...) per bucket of the tables' persons
    facts = person_facts(names, shared, counted, inside, mapped)

With one bucket of subjects nothing is to be brought elsewhere: `Mappings.alone` is what `mapped_in` would say.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.measure.identified import Identified
from beam_deid.transforms.measure.person_mappings import Mappings
from beam_deid.transforms.measure.shared_values import Shared
from beam_deid.transforms.risk.persons import filled, stand_ins


@dataclass(frozen=True)
class Counted:
    """How rows came to their persons.

    Attributes:
        shared: By identity except the subject, how many rows have a value that stands for too many subjects.
        nulls: By identity except the subject, how many rows have a null there.
        nobody: How many rows have no subject.
    """

    shared: tuple[int, ...]
    nulls: tuple[int, ...]
    nobody: int

    @classmethod
    def merge(cls, parts: Iterable["Counted"]) -> "Counted":
        """Merge parts, one at least. Merging is associative."""
        listed = list(parts)
        shared = zip(*(part.shared for part in listed), strict=True)
        nulls = zip(*(part.nulls for part in listed), strict=True)
        return cls(tuple(map(sum, shared)), tuple(map(sum, nulls)), sum(part.nobody for part in listed))


@dataclass(frozen=True)
class People:
    """The persons of a bucket's rows.

    Attributes:
        rows: The rows.
        keys: The key of each row's person by the subject and by each identity, each of shape (n,): that of the value, or the
            subject's stand-in; the key of null for nobody. May be the very arrays that ``rows`` has.
        counted: How they came to be.
    """

    rows: Identified
    keys: tuple[Fingerprints, ...]
    counted: Counted

    @cached_property
    def mappings(self) -> Mappings:
        """Which persons by one identity are which by another."""
        distinct = self._distinct()
        return Mappings(tuple(keys[distinct] for keys in self.keys), self.rows.null)

    def _distinct(self) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Rows among which are all combinations of persons: of each subject one, and all that differ from it."""
        chosen = np.zeros(len(self.rows.subject), np.bool_)
        some_row = self.rows.some_row
        chosen[some_row[some_row >= 0]] = True
        for keys in self.keys[1:]:
            chosen[self.rows.deviating(keys)] = True
        return np.flatnonzero(chosen)


def people_of(rows: Identified, shared: Shared) -> People:
    """Find the persons of a bucket's rows.

    Args:
        rows: The rows of the bucket, all that their subjects have anywhere.
        shared: The values that name nobody, of all buckets.
    """
    naming = _Naming(rows)
    named = [naming.named(values, shared.have(at, values)) for at, values in enumerate(rows.values)]
    have_shared = tuple(many for _, many, _ in named)
    nulls = tuple(many for _, _, many in named)
    counted = Counted(have_shared, nulls, int(np.count_nonzero(rows.who < 0)))
    return People(rows, (rows.subject, *(keys for keys, _, _ in named)), counted)


class _Naming:
    """Rows whose persons are found by one identity after the other."""

    def __init__(self, rows: Identified) -> None:
        self._rows = rows

    def named(self, values: Fingerprints, shared: Bools | None) -> tuple[Fingerprints, int, int]:
        """The persons by an identity, how many rows have a shared value, and how many a null."""
        known = values != self._rows.null
        nulls = len(known) - int(np.count_nonzero(known))
        many = 0
        if shared is not None:
            many = int(np.count_nonzero(shared))
            values = np.where(shared, self._rows.null, values)
            known &= ~shared
        return filled(values, known, self._rows.who, self._own), many, nulls

    @cached_property
    def _own(self) -> Fingerprints:
        return stand_ins(self._rows.subjects)
