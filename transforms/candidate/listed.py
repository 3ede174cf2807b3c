"""How the released values that are on lists of sensitive ones spread over the persons and the groups of a release.

Persons are those by the subject, and whoever a record does not name counts nowhere; records are counted where nobody says whom
they are about. Groups are made by the columns that are not sensitive at all: a sensitive one would tell its own values.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.label.sensitive_values import ListedValues, Spread
from beam_deid.transforms.measure.measured import ReleaseMeasured
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.policy.sensitive_values import article_of_list, category_of_list, matcher_of
from beam_deid.transforms.recognisers.categories.matching import Bits
from beam_deid.transforms.recognisers.categories.sensitive_list import sensitive_lists
from beam_deid.transforms.risk.histogram import Counts, tally
from beam_deid.transforms.risk.persons import distinct_per_group


@dataclass(frozen=True)
class Holders:
    """Whom some groups have, and who of them has values of each list. Arrays are of shape (g,), one entry a group.

    Attributes:
        keys: The key of each group.
        everybody: Its persons.
        having: Those of them who have a value of a list, by the list's place; no list that nobody has.
    """

    keys: Fingerprints
    everybody: Counts
    having: Mapping[int, Counts]

    @classmethod
    def of(cls, seen: Candidate, bits: Bits) -> "Holders":
        """Count the groups of which all rows, or all rows of some persons, are here.

        Args:
            seen: Their rows.
            bits: The lists that the values of each row are on, shape (m,).
        """
        columns = around_all(seen.scope)
        groups = seen.groups(columns)
        numbers = groups.numbers
        first = groups.first_rows(np.ones(groups.many, bool))
        keys = seen.group_keys(columns)[first] if groups.many else np.empty(0, np.uint64)
        having = {place: np.flatnonzero(bits & np.uint64(1 << place)) for place in places_in(bits)}
        if not seen.counted:
            counts = seen.counts
            found = {place: tally(numbers[rows], counts[rows], groups.many) for place, rows in having.items()}
            return cls(keys, groups.records, found)
        whose = seen.persons.numbers[0]
        size = seen.persons.sizes[0]
        found = {
            place: distinct_per_group(numbers[rows], groups.many, whose[rows], size) for place, rows in having.items()
        }
        return cls(keys, groups.by_identity[0], found)

    @classmethod
    def added(cls, parts: Sequence["Holders"]) -> "Holders":
        """Parts of the same groups, in which each person is in one part only, as whole groups."""
        nothing = np.empty(0, np.uint64)
        keys, numbers = np.unique(np.concatenate([nothing, *(part.keys for part in parts)]), return_inverse=True)

        def together(counts: Iterable[Counts]) -> Counts:
            return tally(numbers, np.concatenate([np.empty(0, np.int64), *counts]), len(keys))

        lists = sorted({place for part in parts for place in part.having})
        having = {
            place: together(part.having.get(place, np.zeros(len(part.keys), np.int64)) for part in parts)
            for place in lists
        }
        return cls(keys, together(part.everybody for part in parts), having)


@dataclass(frozen=True)
class InGroups:
    """In how many whole groups values of each list are, by the list's place, and the greatest share of a group's persons.

    Attributes:
        groups: Groups in which anybody has one.
        largest: The greatest share.
    """

    groups: Mapping[int, int] = field(default_factory=dict)
    largest: Mapping[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, holders: Holders) -> "InGroups":
        """Of whole groups."""
        groups = {place: int(np.count_nonzero(have)) for place, have in holders.having.items()}
        all_persons = np.maximum(holders.everybody, 1)
        largest = {place: float((have / all_persons).max(initial=0.0)) for place, have in holders.having.items()}
        return cls(groups, largest)

    @classmethod
    def merge(cls, parts: Sequence["InGroups"]) -> "InGroups":
        """Of all groups of some parts, which have no group in common."""
        places = sorted({place for part in parts for place in part.groups})
        return cls(
            {place: sum(part.groups.get(place, 0) for part in parts) for place in places},
            {place: max(part.largest.get(place, 0.0) for part in parts) for place in places},
        )


def around_all(scope: Scope) -> tuple[str, ...]:
    """The released columns that are not sensitive at all: the groups in which a person may be looked for."""
    return tuple(name for name in scope.rest if name not in scope.sensitive)


def places_in(bits: Bits) -> list[int]:
    """The places of all lists that any of some bits stand for."""
    every = int(np.bitwise_or.reduce(bits, initial=np.uint64(0)))
    return [place for place in range(every.bit_length()) if every >> place & 1]


def listed_bits(seen: Candidate) -> Bits:
    """The lists that the released values of each row are on, shape (m,), at the candidate's levels."""
    return seen.data.listed(seen.levels)[seen.cells]


def listed_in(seen: Candidate) -> tuple[ListedValues, ...]:
    """What a release tells of sensitive values, where all its records are here."""
    if not seen.data.measured.listed or seen.empty:
        return listed_values(seen.data.job.policy, seen.scope, seen.data.measured, seen.data.hit_forms, {})
    bits = listed_bits(seen)
    in_groups = InGroups.of(Holders.of(seen, bits))
    persons, everybody = _persons(seen, bits)
    spreads = spreads_of(in_groups, persons, everybody)
    return listed_values(seen.data.job.policy, seen.scope, seen.data.measured, seen.data.hit_forms, spreads)


def _persons(seen: Candidate, bits: Bits) -> tuple[dict[int, int], int]:
    """How many persons have values of each list, by its place, and how many persons there are; records without a subject."""
    if not seen.counted:
        having = {place: int(seen.counts[(bits & np.uint64(1 << place)) > 0].sum()) for place in places_in(bits)}
        return having, seen.records
    whose = seen.persons.numbers[0]
    named = whose >= 0
    having = {place: len(np.unique(whose[named & ((bits & np.uint64(1 << place)) > 0)])) for place in places_in(bits)}
    return having, len(np.unique(whose[named]))


def spreads_of(in_groups: InGroups, persons: Mapping[int, int], everybody: int) -> dict[int, Spread]:
    """What is told of each list, by its place."""
    return {
        place: Spread(
            persons=persons.get(place, 0),
            share=persons.get(place, 0) / max(everybody, 1),
            groups=groups,
            largest=in_groups.largest[place],
        )
        for place, groups in in_groups.groups.items()
    }


def listed_values(
    policy: Policy,
    scope: Scope,
    measured: ReleaseMeasured,
    forms: Mapping[tuple[str, str], int],
    spreads: Mapping[int, Spread],
) -> tuple[ListedValues, ...]:
    """All that a label tells of released values that are on lists.

    Args:
        policy: The policy.
        scope: What the label is about.
        measured: What was measured of the release.
        forms: Values that a recogniser found, by (field, recogniser).
        spreads: How the values of each list spread, by its place.
    """
    own = policy.sensitive_values
    names = matcher_of(own).names
    found: dict[str, dict[str, int]] = {}
    for (name, one), count in sorted(measured.listed.items()):
        if name in scope.fields:
            found.setdefault(one, {})[name] = count
    for one, known in sensitive_lists().items():
        for (name, form), count in sorted(forms.items()):
            if form in known.recognisers:
                found.setdefault(one, {})[name] = found.get(one, {}).get(name, 0) + count
    by_name = {names[place]: spread for place, spread in spreads.items()}
    return tuple(
        ListedValues(one, category_of_list(one, own), article_of_list(one, own), fields, by_name.get(one))
        for one, fields in sorted(found.items())
    )
