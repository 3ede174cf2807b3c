"""Faults to be planted in the product: what a test replaces, and with what."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.candidate import released_data
from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import Values
from beam_deid.transforms.columns.read_as import to_text
from beam_deid.transforms.composition import saying
from beam_deid.transforms.decide import attacks as attacking
from beam_deid.transforms.label.requirements import (
    asked,
    dominance,
    gain,
)
from beam_deid.transforms.label.scope import Scope
from beam_deid.transforms.measure import cells, record_keys
from beam_deid.transforms.policy import scoping
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.release import arranging, shuffle
from beam_deid.transforms.risk import intersection_values
from beam_deid.transforms.risk import persons as persons_module
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.distribution import Distribution
from beam_deid.transforms.risk.history import histories
from beam_deid.transforms.risk.inference import GroupValues
from beam_deid.transforms.risk.persons import SUBJECT, Persons, persons

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]


def limit(requirement: type, by: float) -> Plant:
    """A limit that is laxer than it must be."""

    def plant(patch: Patch) -> None:
        planned = requirement.planned

        def laxer(self: Any, scope: Scope) -> Any:
            for test in planned(self, scope):
                yield replace(test, limit=test.limit - by if test.at_least else test.limit + by)

        patch.setattr(requirement, "planned", laxer)

    return plant


def left_out(what: str, *columns: str) -> Plant:
    """Columns that a grouping leaves out; ``what`` is the part of `Scope` that makes it."""

    def plant(patch: Patch) -> None:
        right = getattr(Scope, what)
        if isinstance(right, property):
            changed: Any = property(lambda self: tuple(name for name in right.__get__(self) if name not in columns))
        else:

            def changed(self: Scope, one: str) -> tuple[str, ...]:
                return tuple(name for name in right(self, one) if name not in columns)

        patch.setattr(Scope, what, changed)

    return plant


def asked_of(requirement: type, *columns: str) -> Plant:
    """Columns that a requirement looks at in place of its own."""

    def plant(patch: Patch) -> None:
        planned = requirement.planned
        patch.setattr(
            requirement,
            "planned",
            lambda self, scope: (replace(test, columns=columns) for test in planned(self, scope)),
        )

    return plant


def replaced(where: Any, name: str, by: Any) -> Plant:
    """Something else in the place of a part of the product."""
    return lambda patch: patch.setattr(where, name, by)


def counted(change: Callable[..., Persons]) -> Plant:
    """Persons who are counted otherwise."""
    return replaced(cells, "persons", change)


def rows_for_persons(subject: Any, identities: dict[str, Any], null: np.uint64, *_: Any) -> Persons:
    every = np.arange(len(subject), dtype=np.int64)
    return Persons((SUBJECT,), (every,), (len(subject),), {}, {}, {}, keys=(every.view(np.uint64),))


def filled_by_rows(values: Any, known: Any, who: Any, own: Any) -> Any:
    # Another subject in the place of each null, as far as there are any.
    gaps = np.flatnonzero(~known)
    named = values.copy()
    named[gaps[: len(own)]] = own[: len(gaps)]
    return named


def as_it_is(column: pa.Array, kind: Kind | None) -> pa.Array:
    texts = to_text(column)[0]
    return texts.dictionary_decode() if isinstance(texts, pa.DictionaryArray) else texts


def as_numbers(column: pa.Array, key: Any, right: Any = record_keys.fingerprint) -> Any:
    changed = pa.array(column.to_numpy(zero_copy_only=False) + 0.0) if pa.types.is_floating(column.type) else column
    return right(changed, key)


def null_as_a_value(self: Candidate, name: str, right: Any = Candidate.values) -> Values:
    found = right(self, name)
    numbers = np.where(found.numbers < 0, found.many, found.numbers)
    return Values(numbers, found.many + 1, np.append(found.keys, self.data.job.prints.null))


def by_rows(self: Candidate, name: str, values: Any, keys: Any, null: int | None, *_: Any) -> list[Distribution]:
    groups = self.groups(self.scope.around(name))
    found = Distribution.counted(groups.numbers, groups.records, values, keys, self.counts)
    each = np.arange(groups.many)
    return [replace(found, null=null, class_people=groups.records, held_by=found.overall, groups=each)]


def whole(seen: Any) -> Candidate:
    """All records of the source at the same levels, with what was suppressed."""
    return Candidate(seen.data, seen.levels, seen.data.everything)


def certainty_of_all(test: Any, seen: Any, right: Any = gain.Gain._certainty) -> Any:
    every = whole(seen)
    found = right(test, every)
    there = every.groups(test.columns).numbers[np.searchsorted(every.cells, seen.cells)]
    gains = np.zeros(len(seen.groups(test.columns)))
    gains[seen.groups(test.columns).numbers] = found.gain[there]
    return replace(found, gain=gains)


def without_nulls(self: Candidate, name: str) -> GroupValues:
    # As if those who have a null were no persons of the group: every share is one of those who have a value.
    groups = self.groups(self.scope.around(name))
    found = self.values(name)

    class Some:
        numbers = groups.numbers
        many = groups.many
        rows = groups.rows
        by_person = tuple((np.where(found.numbers < 0, -1, numbers), size) for numbers, size in groups.by_person)
        by_identity = tuple(
            persons_module.distinct_per_group(groups.numbers, groups.many, numbers, size) for numbers, size in by_person
        )

    return GroupValues.of(Some, found.numbers, found.many)  # type: ignore[arg-type]


def values_by_rows(self: Candidate, name: str) -> GroupValues:
    groups = self.groups(self.scope.around(name))
    found = self.values(name)

    class Each:
        numbers = groups.numbers
        many = groups.many
        rows = groups.rows
        by_person = ((np.arange(len(groups.numbers)), len(groups.numbers)),)
        by_identity = (np.bincount(groups.numbers, minlength=groups.many),)

    return GroupValues.of(Each, found.numbers, found.many)  # type: ignore[arg-type]


def dominance_of_all(patch: Patch) -> None:
    right = dominance.Dominance.figure
    patch.setattr(dominance.Dominance, "figure", lambda self, test, seen: right(self, test, whole(seen)))
    patch.setattr(dominance.Dominance, "trimmed", lambda self, test, seen: None)


def history_of_places(self: Candidate) -> Any:
    places = self.groups(["place"]).numbers.view(np.uint64)
    return histories(Belongings.of(places, self.subject, self.counts))


def figure_of_all(patch: Patch) -> None:
    right = asked.Asked.figure
    patch.setattr(asked.Asked, "figure", lambda self, test, seen: right(self, test, whole(seen)))


def without_presence(first: Any, second: Any, *more: Any, right: Any = saying.joint_groups) -> Any:
    return right(first, replace(second, present=first.present | second.present), *more)


def of_one_release(first_group: Any, second_group: Any, first: Any, second: Any, rows: Any) -> Any:
    return intersection_values.common_values(first_group, first_group, first, first, rows)


def rows_as_they_came(patch: Patch) -> None:
    """Rows keep their order; the check that tells equal rows by their place, too, knows which are new."""
    patch.setattr(shuffle, "value_order", lambda rows: np.arange(rows.num_rows))
    patch.setattr(arranging, "is_new", _is_new_anywhere)


def _is_new_anywhere(rows: pa.RecordBatch) -> np.ndarray:
    new = np.zeros(rows.num_rows, bool)
    new[np.unique(shuffle.numbers(rows, shuffle.ROW), return_index=True)[1]] = True
    return new


def known_without(*columns: str) -> Plant:
    right = scoping.known
    return replaced(scoping, "known", lambda *given: tuple(name for name in right(*given) if name not in columns))


def sibling_without(column: str) -> Plant:
    right = scoping._sibling

    def changed(*given: Any) -> Any:
        found = right(*given)
        return replace(found, shared=tuple(name for name in found.shared if name != column))

    return replaced(scoping, "_sibling", changed)


def threshold_off_by_one(threshold: float, *more: Any, right: Any = released_data.Setting) -> Any:
    return right(1 / (1 / threshold - 1), *more)


def attackers_k_off_by_one(patch: Patch) -> None:
    right = attacking.Join
    patch.setattr(attacking, "Join", lambda probes, truth, k, **more: right(probes, truth, k - 1, **more))


def by_subject_alone(subject: Any, identities: dict[str, Any], null: np.uint64, *_: Any) -> Persons:
    return persons(subject, {}, null)


def nulls_are_persons(subject: Any, identities: dict[str, Any], null: np.uint64, *_: Any) -> Persons:
    return persons(subject, identities, np.uint64(null ^ np.uint64(1)))
