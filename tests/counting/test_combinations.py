"""Combinations of a release in buckets: what they are merged to, and from which levels on."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from beam_deid.transforms.counting import combinations
from beam_deid.transforms.counting.combinations import combined
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import COUNT, Out, Stages

from ..kit.crowds import crowd, grid, turn
from ..kit.deciding import data_of
from ..kit.policies import policy, release, roles
from .records import RECORDS, source_of

BUCKETS = 5
PERSONS = 30
"""Of each city and age, so that each of 2 cities, 2 ranges of ages and 3 categories is in most buckets."""
KINDS = 2 * 2 * 3


def source(**more):
    """A release whose records lie in buckets by whom they are about, as those of a run do."""
    people = crowd(
        grid(city="ab", age=[20, 21, 22, 23]), PERSONS, 2, category=lambda who: turn("abc", who.person + who.order)
    )
    kept = {"age": {"generalize": {"ranges": [2, 10]}}}
    fields = roles(direct="buyer", **{"quasi": "city age", "sensitive": "category", **more})
    whole = source_of(data_of(policy(fields, a=release("enclave", "city age category", kept)), people)["a"], 1)
    columns = whole.records.read(0, (*whole.columns, Column("present", release="a"), COUNT))
    out = Out("", BUCKETS)
    out.put(RECORDS, columns[whole.people.columns[0]], columns)
    return replace(whole, records=out.close()[RECORDS])


def records_by_kind(data):
    """The records of each kind of values."""
    columns = [data.cells.column("value", name, "a") for name in ("city", "age", "category")]
    records = Counter()
    for *kind, count in zip(*(column.tolist() for column in columns), data.cells.counts.tolist(), strict=True):
        records[tuple(kind)] += count
    return records


@pytest.mark.parametrize("most", [KINDS, 10_000], ids=["not whose they are", "of each person"])
def test_combinations_have_all_records_and_every_person(monkeypatch, most):
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", most)
    release_ = source()
    found = combined(release_, Stages(BUCKETS))
    assert found.start == {"age": 0}
    records = records_by_kind(found.data)
    assert len(records) == KINDS
    assert sum(records.values()) == release_.sound
    persons = found.data.cells.persons
    everybody = 2 * 4 * PERSONS
    if most == KINDS:
        assert len(found.data.cells) == KINDS
        assert found.data.cells.people.sum() == everybody
    else:
        assert persons.sizes[0] == everybody
        assert len(np.unique(persons.numbers[0])) == everybody


@pytest.mark.parametrize("least", [6, 1 << 14])
def test_a_combination_that_is_in_many_buckets_counts_once(monkeypatch, least):
    monkeypatch.setattr(combinations, "_LEAST", least)
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", 2 * KINDS)
    assert combined(source(), Stages(BUCKETS)).start == {"age": 0}
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", KINDS // 2)
    assert combined(source(), Stages(BUCKETS)).start == {"age": 1}


@pytest.mark.parametrize(("most", "start"), [(3 * KINDS, 0), (3 * KINDS - 1, 1)])
def test_each_choice_of_levels_of_a_sensitive_field_has_combinations_of_its_own(monkeypatch, most, start):
    monkeypatch.setattr(combinations, "MOST_COMBINATIONS", most)  # by 2, by 10 and all as one
    assert combined(source(quasi="city", sensitive="age category"), Stages(BUCKETS)).start == {"age": start}
