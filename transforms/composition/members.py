"""Releases of a run that are tested together, and what is found of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.cut import Cut
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import codes
from beam_deid.transforms.label.found import Composed
from beam_deid.transforms.label.scope import Sibling
from beam_deid.transforms.risk.histogram import Counts


@dataclass(frozen=True)
class Member:
    """A release of the run at its levels, as one of several that are tested together.

    Attributes:
        data: The release.
        levels: The level of each open field, one or one a cell.
        cut: What is released of it.
    """

    data: ReleasedData
    levels: RowLevels
    cut: Cut

    @property
    def name(self) -> str:
        """The release's name."""
        return self.data.layout.release

    @property
    def present(self) -> np.ndarray:
        """Which cells are released, shape (n,)."""
        return self.cut.left > 0

    def sibling(self, other: str) -> Sibling:
        """How its scope describes another release, or all of them together."""
        return self.data.layout.scope.siblings[other]


Members = Mapping[str, Member]


@dataclass(frozen=True)
class Together:
    """What an attacker learns from two releases, or from all of them, together.

    Attributes:
        persons: The least number of persons in a joint group; None where it could not be computed.
        values: By sensitive field that they hold, the least number of values that the groups of a record have in common.
        broken: Cells whose joint group has too few persons, or whose groups have too few values in common, shape (n,), bool.
        reason: Why line 8 could not be computed; empty where it could.
    """

    persons: int | None
    values: Mapping[str, int]
    broken: np.ndarray
    reason: str = ""

    @property
    def composed(self) -> Composed:
        """The same result in the form that a label holds."""
        return Composed(self.persons, self.values, self.reason)


def numbers_of(one: Member, fields: Sequence[str]) -> Counts:
    """Number the combined values that a release gives to some fields, at its levels; shape (n,), int64."""
    return codes(one.data.keys(fields, one.levels))[0]


def rest_groups(one: Member, name: str) -> Counts:
    """The group around a sensitive field of each cell, shape (n,), int64; -1 where the cell is not released."""
    seen = Candidate(one.data, one.levels, one.cut.left)
    groups = np.full(len(one.data.cells), -1, np.int64)
    groups[seen.cells] = seen.groups(seen.scope.around(name)).numbers
    return groups


def value_keys(one: Member, name: str) -> Fingerprints:
    """The keys of a sensitive field's values, shape (n,): one key for all spellings, and that of null for what nobody has."""
    keys = one.data.normal_keys(name, one.levels)
    nobody = np.logical_or.reduce([persons < 0 for persons in one.data.cells.persons.numbers])
    return np.where(nobody, one.data.job.prints.null, keys)


def values_together(every: Sequence[Member], name: str) -> list[Counts]:
    """The values of a sensitive field in several releases, numbered together; null is -1."""
    numbers, distinct = codes(np.concatenate([value_keys(each, name) for each in every]))
    numbers = np.where((distinct == every[0].data.job.prints.null)[numbers], -1, numbers)
    return list(numbers.reshape(len(every), -1))
