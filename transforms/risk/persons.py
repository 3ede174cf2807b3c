"""The persons that records belong to, by the subject and by every direct identifier, and the number of them in a group.

One person may have several accounts, and one account several telephones. Nobody can say which identity is the right one, so
persons are counted by each, and a group has as many as the least of these counts says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.risk.histogram import Counts, distinct_per_number

Rows = npt.NDArray[np.intp]
Named = TypeVar("Named", Counts, Fingerprints)
"""Values, or persons, of rows: as their numbers or as their keys."""

MANY_SUBJECTS = 100
"""A value that stands for more subjects than this names nobody: a shop's own telephone, a placeholder."""
SUBJECT = "subject"

_DENSE = 8
"""Pairs are ticked off in a table where it has no more than this many cells per row; else they are sorted."""


@dataclass(frozen=True)
class Persons:
    """The person of each row by each identity.

    Attributes:
        names: The identities that are counted, the subject ("subject") first; empty if there is no subject.
        numbers: The person of each row by each identity, each of shape (n,), int64; -1 counts nobody. Every number from 0 to
            below the size occurs.
        sizes: The number of persons by each identity.
        same_as: Identities that are in bijection with an earlier one, which counts for both.
        shared: By identity except the subject, how many values stand for more than 100 subjects, and how many rows have one.
        filled: By identity except the subject, how many rows have a null there (rows with a shared value not included).
        keys: The key of each person by each identity, each of shape (size,): that of the value, or one made from the subject's
            where the subject stands for itself. By it the same person is found again among other rows.
        finer: For each identity whether its persons are parts of another one's. Such an identity never gives the least number of
            persons, nor has a person of it more records than the other's.
        same_keys: As `keys`, by name, for the identities of `same_as`, in the numbering of the earlier identity.
    """

    names: tuple[str, ...]
    numbers: Sequence[Counts]
    sizes: Sequence[int]
    same_as: Mapping[str, str]
    shared: Mapping[str, tuple[int, int]]
    filled: Mapping[str, int]
    finer: tuple[bool, ...] = ()
    keys: Sequence[Fingerprints] = ()
    same_keys: Mapping[str, Fingerprints] = field(default_factory=dict)

    @property
    def nobody(self) -> int:
        """How many rows count nobody by the subject."""
        return int(np.count_nonzero(self.numbers[0] < 0)) if self.names else 0

    @property
    def deciding(self) -> tuple[int, ...]:
        """Indices of the identities that may give the least number of persons."""
        return tuple(at for at in range(len(self.names)) if not (self.finer and self.finer[at]))


def persons(
    subject: Fingerprints | None, identities: Mapping[str, Fingerprints], null: np.uint64, crowds: bool = True
) -> Persons:
    """Number the persons by each identity.

    A null takes the only value that its subject has on other rows, else it stands for the subject; where the subject is
    null, too, it counts nobody.

    Args:
        subject: Subject of each row, shape (n,); None if there is none, and nothing can be counted.
        identities: Each direct identifier's canonical values, shape (n,).
        null: The key of null.
        crowds: Whether subjects are persons, so that many of them with one value are a crowd. Where they are records or orders,
            one person may have any number of them, and no value is anybody's but a person's.
    """
    if subject is None:
        return Persons((), (), (), {}, {}, {})
    counted = _Counting(*_values(subject, null))
    for name, keys in identities.items():
        counted.add(name, *_values(keys, null), crowds)
    return counted.result()


class _Counting:
    """Identities that are numbered one after the other, the subject first.

    Args:
        who: Subject number of each row, shape (n,), int64; -1 for null.
        keys: The key of each subject, shape (subjects,).
    """

    def __init__(self, who: Counts, keys: Fingerprints) -> None:
        self._who = who
        self._subjects = len(keys)
        self._stand_ins = stand_ins(keys)
        self._names = [SUBJECT]
        self._numbers = [who]
        self._keys = [keys]
        self._same_as: dict[str, str] = {}
        self._same_keys: dict[str, Fingerprints] = {}
        self._shared: dict[str, tuple[int, int]] = {}
        self._filled: dict[str, int] = {}

    def add(self, name: str, values: Counts, value_keys: Fingerprints, crowds: bool) -> None:
        """Number the persons by one more identity.

        Args:
            name: The identity.
            values: Value number of each row, shape (n,), int64; -1 for null.
            value_keys: The key of each value, shape (values,).
            crowds: Whether a value of very many subjects is nobody's.
        """
        many = len(value_keys)
        self._filled[name] = int(np.count_nonzero(values < 0))
        self._shared[name] = (0, 0)
        if crowds:
            values, self._shared[name] = _without_shared(values, many, self._who, self._subjects)
        own = np.arange(many, many + self._subjects, dtype=np.int64)
        named = filled(values, values >= 0, self._who, own)
        numbers, used = _without_gaps(named, many + self._subjects)
        self._append(name, numbers, np.concatenate([value_keys, self._stand_ins])[used])

    def _append(self, name: str, numbers: Counts, keys: Fingerprints) -> None:
        """Keep an identity, unless it is in bijection with an earlier one, which then counts for both."""
        earlier = zip(self._names, self._numbers, self._keys, strict=True)
        for other, theirs, their_keys in earlier:
            if len(their_keys) == len(keys) and _bijective(theirs, numbers, len(keys)):
                self._same_as[name] = other
                self._same_keys[name] = _renumbered(keys, numbers, theirs)
                return
        self._names.append(name)
        self._numbers.append(numbers)
        self._keys.append(keys)

    def result(self) -> Persons:
        """The persons by all identities that were added."""
        return Persons(
            names=tuple(self._names),
            numbers=tuple(self._numbers),
            sizes=tuple(map(len, self._keys)),
            same_as=self._same_as,
            shared=self._shared,
            filled=self._filled,
            finer=tuple(map(self._is_finer, range(len(self._names)))),
            keys=tuple(self._keys),
            same_keys=self._same_keys,
        )

    def _is_finer(self, at: int) -> bool:
        """Whether the persons of an identity are parts of those of another one."""
        others = (other for place, other in enumerate(self._numbers) if place != at)
        return any(are_parts(self._numbers[at], other, len(self._keys[at])) for other in others)


def stand_ins(subjects: Fingerprints) -> Fingerprints:
    """The keys of subjects, shape (n,), where each stands for itself in place of a value of some identity."""
    return combine([subjects], len(subjects))


def distinct_per_group(groups: Counts, many: int, numbers: Counts, size: int) -> Counts:
    """Count the distinct persons of each group.

    Args:
        groups: Group of each row, below ``many``, shape (n,); a row with -1 is in none.
        many: How many groups there are.
        numbers: Person of each row, below ``size``, shape (n,); -1 counts nobody.
        size: How many persons there are.

    Returns:
        Shape (many,), int64.
    """
    if many * size <= _DENSE * len(groups):
        pairs = paired(groups, numbers, size)
        seen = np.zeros(many * size, np.bool_)
        seen[pairs] = True
        return np.asarray(seen.reshape(many, size).sum(axis=1, dtype=np.int64))
    groups, numbers = _both(groups, numbers)
    return distinct_per_number(groups, numbers.view(np.uint64), many)


def _both(groups: Counts, numbers: Counts) -> tuple[Counts, Counts]:
    """The groups and numbers of the rows that have both."""
    apart = (groups < 0) | (numbers < 0)
    return (groups[~apart], numbers[~apart]) if apart.any() else (groups, numbers)


def least_persons(groups: Counts, many: int, persons: Persons, rows: Rows | None = None) -> tuple[Counts, Counts]:
    """Number of persons in each group, by the identity that gives the least number.

    Args:
        groups: Group of each row, below ``many``, shape (n,); a row with -1 is in none.
        many: How many groups there are.
        persons: The persons of these rows.
        rows: The rows that are looked at, as indices; None for all.

    Returns:
        Persons per group, and which of ``persons.names`` says so (the first among equals), both (many,), int64. Without
        any identity nothing is measured: no persons, and -1.
    """
    if not persons.deciding:
        return np.zeros(many, np.int64), np.full(many, -1, np.int64)
    if rows is not None:
        groups = groups[rows]
    found = {}
    for at in persons.deciding:
        numbers = persons.numbers[at]
        found[at] = distinct_per_group(groups, many, numbers if rows is None else numbers[rows], persons.sizes[at])
    return least_of(found, persons.deciding)


def least_of(found: Mapping[int, Counts] | Sequence[Counts], deciding: Sequence[int]) -> tuple[Counts, Counts]:
    """The least of several counts of the same groups, and which says so, the first among equals.

    Args:
        found: Persons of each group by each identity, each of shape (groups,).
        deciding: Indices of the identities that are looked at, ascending; at least one.

    Returns:
        Both of shape (groups,), int64.
    """
    least = found[deciding[0]].copy()
    which = np.full(len(least), deciding[0], np.int64)
    for at in deciding[1:]:
        fewer = found[at] < least
        least[fewer] = found[at][fewer]
        which[fewer] = at
    return least, which


def paired(groups: Counts, numbers: Counts, size: int) -> Counts:
    """One exact integer for the group and the number of each row that has both: ``group * size + number``."""
    pairs = groups * size + numbers
    apart = (groups < 0) | (numbers < 0)
    return pairs[~apart] if apart.any() else pairs


def without_null(numbers: Counts, distinct: Fingerprints, null: np.uint64) -> tuple[Counts, Fingerprints]:
    """The same numbers of the same keys, with -1 for that of null and none left out."""
    places = np.flatnonzero(distinct == null)
    if not len(places):
        return numbers, distinct
    renumbered = np.arange(len(distinct), dtype=np.int64)
    renumbered[places[0] + 1 :] -= 1
    renumbered[places[0]] = -1
    return renumbered[numbers], np.delete(distinct, places)


def filled(values: Named, known: Bools, who: Counts, own: Named) -> Named:
    """The person of each row: a null takes the only value that its subject has on other rows, else the subject stands for itself.

    Args:
        values: Value of each row, as its number or its key, shape (n,).
        known: Whether the row has a value, shape (n,).
        who: Subject number of each row, shape (n,); -1 for null, with which a row without a value stays as it is.
        own: What stands for each subject, shape (subjects,), of the same dtype as ``values``.

    Returns:
        Shape (n,), of the same dtype; ``values`` itself where nothing is to be filled.
    """
    gaps = np.flatnonzero(~known & (who >= 0))
    if not len(gaps):
        return values
    rows = np.flatnonzero(known & (who >= 0))
    subjects = who[rows]
    theirs = values[rows]
    person = own.copy()
    person[subjects] = theirs
    # Whichever of a subject's values was written last, if it has another one, then one of its rows does not have the last.
    several = subjects[person[subjects] != theirs]
    person[several] = own[several]
    named = values.copy()
    named[gaps] = person[who[gaps]]
    return named


def are_parts(first: Counts, second: Counts, size: int) -> bool:
    """Whether rows with one number in the first have one in the second, and those with none in either have none in both.

    Two identities of `Persons` are never parts of each other: those in bijection are one already.

    Args:
        first: Person of each row, below ``size``, shape (n,); -1 for nobody.
        second: The same by another identity, shape (n,).
        size: How many persons there are in the first.
    """
    image = np.full(size + 1, -1, np.int64)
    image[first] = second  # the last place is that of -1
    return bool((image[first] == second).all() and ((first < 0) == (second < 0)).all())


def _values(keys: Fingerprints, null: np.uint64) -> tuple[Counts, Fingerprints]:
    """Numbers of the values, by their keys so that the order of rows does not matter, and the key of each; null is -1."""
    return without_null(*ordered_codes(keys), null)


def _without_shared(values: Counts, many: int, who: Counts, subjects: int) -> tuple[Counts, tuple[int, int]]:
    """The values without those that stand for too many subjects; how many these are, and how many rows have one."""
    if subjects <= MANY_SUBJECTS:
        return values, (0, 0)
    # The added place is that of null, which -1 finds.
    often = np.append(np.bincount(values[values >= 0], minlength=many) > MANY_SUBJECTS, False)
    rows = np.flatnonzero(often[values])
    if not len(rows):
        return values, (0, 0)
    shared = np.append(distinct_per_group(values[rows], many, who[rows], subjects) > MANY_SUBJECTS, False)
    named = np.where(shared[values], -1, values)
    return named, (int(np.count_nonzero(shared)), int(np.count_nonzero(named != values)))


def _without_gaps(numbers: Counts, below: int) -> tuple[Counts, Counts]:
    """The same numbers in the same order with none left out, and what each was."""
    used = np.zeros(below + 1, np.bool_)
    used[numbers] = True  # the last place is that of -1
    used = used[:-1]
    if used.all():
        return numbers, np.arange(below)
    renumbered = np.append(np.cumsum(used) - 1, -1)
    return renumbered[numbers], np.flatnonzero(used)


def _renumbered(keys: Fingerprints, own: Counts, others: Counts) -> Fingerprints:
    """The keys of persons in the order of another identity's numbers, with which their own numbers are in bijection."""
    there = np.flatnonzero(own >= 0)
    renumbered = np.empty_like(keys)
    renumbered[others[there]] = keys[own[there]]
    return renumbered


def _bijective(first: Counts, second: Counts, size: int) -> bool:
    """Whether rows have equal numbers in both or in neither; both use all numbers below ``size``."""
    return are_parts(first, second, size)  # a function onto as many numbers is a bijection
