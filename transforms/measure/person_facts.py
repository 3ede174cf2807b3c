"""What is known of all persons once buckets of them were merged: the facts of `risk/persons.Persons` but for those of rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.measure.people import Counted
from beam_deid.transforms.measure.person_mappings import SUBJECT_AT, Inside, Mapped
from beam_deid.transforms.measure.shared_values import Shared
from beam_deid.transforms.risk.persons import SUBJECT


@dataclass(frozen=True)
class PersonFacts:
    """The persons by each identity. Every attribute is that of the same name of `risk.persons.Persons`.

    Attributes:
        names: The identities that are counted, the subject ("subject") first.
        sizes: The number of persons by each identity.
        same_as: Identities that are in bijection with an earlier one, which counts for both.
        shared: By identity except the subject, how many values stand for too many subjects, and how many rows have one.
        filled: By identity except the subject, how many rows have a null there (rows with a shared value not included).
        nobody: How many rows count nobody by the subject.
        finer: For each identity whether its persons are parts of another one's.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    same_as: Mapping[str, str]
    shared: Mapping[str, tuple[int, int]]
    filled: Mapping[str, int]
    nobody: int
    finer: tuple[bool, ...]

    @property
    def deciding(self) -> tuple[int, ...]:
        """Indices of the identities that may give the least number of persons."""
        return tuple(at for at, is_finer in enumerate(self.finer) if not is_finer)


def person_facts(
    identities: Sequence[str], shared: Shared, counted: Counted, inside: Inside, mapped: Sequence[Mapped]
) -> PersonFacts:
    """Conclude what is known of all persons.

    Args:
        identities: The direct identifiers, in the order in which they stand in buckets.
        shared: The values that name nobody.
        counted: Of all buckets of subjects.
        inside: Of all buckets of subjects.
        mapped: Of each direct identifier, of all buckets of its persons.
    """
    every = (SUBJECT, *identities)
    into = _final(inside, mapped)
    sizes = (inside.subjects, *(one.persons for one in mapped))
    earlier = _earlier(into)
    kept = [at for at, other in enumerate(earlier) if at == other]
    values = map(len, shared.keys)
    return PersonFacts(
        names=tuple(every[at] for at in kept),
        sizes=tuple(sizes[at] for at in kept),
        same_as={every[at]: every[other] for at, other in enumerate(earlier) if at != other},
        shared=dict(zip(identities, zip(values, counted.shared, strict=True), strict=True)),
        filled=dict(zip(identities, counted.nulls, strict=True)),
        nobody=counted.nobody,
        finer=tuple(any(into[at, other] for other in kept if other != at) for at in kept),
    )


def _final(inside: Inside, mapped: Sequence[Mapped]) -> Bools:
    """Of each two identities whether persons by the first are parts of those by the second."""
    into = inside.into.copy()
    for at, one in enumerate(mapped, SUBJECT_AT + 1):
        into[at] &= [other == at or other in one.into for other in range(len(into))]
    return into


def _earlier(into: Bools) -> list[int]:
    """For each identity the first that is in bijection with it, or itself."""
    same = into & into.T
    return [int(np.argmax(row)) for row in same]
