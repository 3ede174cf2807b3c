"""Which persons by one identity are parts of persons by another: refuted or proved in buckets, and merged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.risk.histogram import Counts
from beam_deid.transforms.risk.persons import Rows, are_parts, without_null

SUBJECT_AT = 0
"""The subject's place among the identities."""


@dataclass(frozen=True, eq=False)
class Inside:
    """What buckets of subjects say by themselves.

    Attributes:
        subjects: How many subjects there are.
        into: Of identities i and j, the subject first, whether nothing refutes that persons by i are parts of those by j, shape
            (identities, identities). What is said of the subject's persons is final.
    """

    subjects: int
    into: Bools

    @classmethod
    def merge(cls, parts: Iterable["Inside"]) -> "Inside":
        """Merge parts, one at least. Merging is associative."""
        listed = list(parts)
        return cls(sum(part.subjects for part in listed), np.logical_and.reduce([part.into for part in listed]))

    def undecided(self, at: int) -> tuple[int, ...]:
        """The other identities of whose persons those by one may still be parts."""
        return tuple(other for other in np.flatnonzero(self.into[at]).tolist() if other != at)


@dataclass(frozen=True)
class Mapped:
    """What buckets of persons by one identity say.

    Attributes:
        persons: How many persons there are.
        into: The other identities, as places, of whose persons these may be parts: nothing refutes it.
    """

    persons: int
    into: frozenset[int]

    @classmethod
    def merge(cls, parts: Iterable["Mapped"]) -> "Mapped":
        """Merge parts, one at least. Merging is associative."""
        listed = list(parts)
        into = frozenset.intersection(*(part.into for part in listed))
        return cls(sum(part.persons for part in listed), into)


@dataclass(frozen=True)
class Mappings:
    """The persons of a bucket of subjects by each identity.

    Attributes:
        keys: The keys of persons by the subject and by each identity, of rows among which are all combinations of them, each of
            shape (rows,).
        null: The key of null, which stands for nobody.
    """

    keys: tuple[Fingerprints, ...]
    null: np.uint64

    @cached_property
    def inside(self) -> Inside:
        """What the bucket says by itself."""
        identities = range(len(self.keys))
        into = [[self._are_parts(one, other) for other in identities] for one in identities]
        return Inside(len(self._numbered[SUBJECT_AT][1]), np.array(into, np.bool_))

    def table(self, at: int, others: Sequence[int]) -> tuple[Fingerprints, ...]:
        """The persons by one identity, each once, to be brought together with those of other buckets.

        Args:
            at: The identity.
            others: Other identities, of whose persons these may be parts: those of `Inside.undecided` of any number of buckets,
                for what one refutes stays refuted, or `others_of` where nothing is known yet.

        Returns:
            The keys, each of shape (persons,): of the persons, all different, and of the persons that they are by ``others``. An
            identity of which this is refuted inside this bucket has zeros.
        """
        rows = self._some_row(at)
        return (self.keys[at][rows], *(self._image(at, other, rows) for other in others))

    def alone(self, at: int) -> Mapped:
        """What buckets of persons by one identity would say if there are no rows but these."""
        return Mapped(len(self._numbered[at][1]), frozenset(self.inside.undecided(at)))

    @cached_property
    def _numbered(self) -> list[tuple[Counts, Fingerprints]]:
        return [without_null(*codes(keys), self.null) for keys in self.keys]

    def _are_parts(self, one: int, other: int) -> bool:
        numbers, distinct = self._numbered[one]
        return one == other or are_parts(numbers, self._numbered[other][0], len(distinct))

    def _some_row(self, at: int) -> Rows:
        """A row of each person by an identity."""
        numbers, distinct = self._numbered[at]
        rows = np.empty(len(distinct) + 1, np.intp)
        rows[numbers] = np.arange(len(numbers))  # the last place is that of -1
        return rows[:-1]

    def _image(self, at: int, other: int, rows: Rows) -> Fingerprints:
        return self.keys[other][rows] if self.inside.into[at, other] else np.zeros(len(rows), np.uint64)


def mapped_in(table: Sequence[Fingerprints], others: Sequence[int]) -> Mapped:
    """Count the persons by one identity in a bucket of them, and see whether they are parts of persons by others.

    Args:
        table: The columns of `Mappings.table` of all buckets of subjects, of the persons that are in this bucket; each of shape
            (rows,), a person once for each bucket of subjects that it is in.
        others: The other identities, as `Mappings.table` was given them.
    """
    numbers, distinct = codes(table[0])
    some_row = np.empty(len(distinct), np.intp)
    some_row[numbers] = np.arange(len(numbers))
    images = zip(others, table[1:], strict=True)
    into = (other for other, image in images if np.array_equal(image[some_row][numbers], image))
    return Mapped(len(distinct), frozenset(into))


def others_of(identities: int, at: int) -> tuple[int, ...]:
    """All places of so many identities, the subject among them, but for one."""
    return tuple(other for other in range(identities) if other != at)
