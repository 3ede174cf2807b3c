"""Persons in buckets, against the persons of all rows together."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.partition import bucket_of, partition
from beam_deid.transforms.measure.identified import Identified
from beam_deid.transforms.measure.people import Counted, people_of
from beam_deid.transforms.measure.person_facts import person_facts
from beam_deid.transforms.measure.person_mappings import Inside, Mapped, mapped_in, others_of
from beam_deid.transforms.measure.shared_values import Seen, Shared, SubjectsOfValues, seen_in, slot_bits, subjects_in
from beam_deid.transforms.risk import persons as whole
from beam_deid.transforms.risk.persons import persons

from ..kit.examples import examples

NULL = np.uint64(0xDEADBEEF12345678)
NAMES = ("mobile", "email", "wechat")
FACTS = ("names", "sizes", "same_as", "shared", "filled", "nobody", "finer", "deciding")
BUCKETS = [1, 2, 16, 1000]

cell = st.one_of(st.none(), st.integers(0, 4))
few_subjects = st.tuples(cell, cell, cell, cell)
wide = st.one_of(st.none(), st.integers(0, 30))
many_values = st.tuples(wide, wide, wide, cell)


@st.composite
def functions(draw):
    """Rows whose identities are functions of one another but for a few, so that parts and bijections are many."""
    change = draw(st.lists(st.tuples(st.integers(0, 24), st.integers(0, 3), wide), max_size=2))
    divide = draw(st.tuples(*[st.sampled_from([1, 1, 2, 3])] * 4))
    rows = [[subject // by for by in divide] for subject in draw(st.lists(st.integers(0, 12), max_size=25))]
    for row, column, value in change:
        if row < len(rows):
            rows[row][column] = value
    return rows


tables = st.lists(few_subjects, max_size=25) | st.lists(many_values, max_size=40) | functions()


def keyed(values):
    keys = mix(np.array([0 if value is None else value + 1 for value in values], np.uint64))
    keys[[value is None for value in values]] = NULL
    return keys


def columns_of(table):
    return [keyed(column) for column in (zip(*table, strict=True) if table else [()] * 4)]


def merged(kind, parts, by):
    """Parts merged some at a time, and through pickles, as processes give them."""
    parts = [pickle.loads(pickle.dumps(part)) for part in parts]
    return kind.merge([kind.merge(parts[at : at + by]) for at in range(0, len(parts), by)])


def split(key, columns, buckets):
    """The rows of each bucket that has any, as indices; an empty bucket last."""
    parted = partition(bucket_of(key, buckets), buckets)
    rows = [parted.rows(bucket) for bucket in range(buckets)]
    there = [some for some in rows if len(some)] + [rows[0][:0]]
    return [[column[some] for column in columns] for some in there], there


def shared_in(buckets, most, by, bits):
    often = merged(Seen, [seen_in(rows, bits) for rows in buckets], by).often(most)
    if often.is_empty:
        return Shared.none(len(NAMES))
    return merged(SubjectsOfValues, [subjects_in(rows, often) for rows in buckets], by).shared(most)


def mapped_of(people, inside, at, buckets, by, undecided):
    others = inside.undecided(at) if undecided else others_of(len(NAMES) + 1, at)
    parts = [one.mappings.table(at, others) for one in people]
    table = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return merged(Mapped, [mapped_in(columns, others) for columns in split(table[0], table, buckets)[0]], by)


def in_buckets(table, buckets, most=100, *, crowds=True, by=2, bits=1, undecided=True):
    """The facts, and the keys of all rows."""
    columns = columns_of(table)
    parts, rows = split(columns[0], columns, buckets)
    identified = [Identified(subject, tuple(values), NULL) for subject, *values in parts]
    shared = shared_in(identified, most, by, bits) if crowds else Shared.none(len(NAMES))
    people = [people_of(one, shared) for one in identified]
    counted = merged(Counted, [one.counted for one in people], by)
    inside = merged(Inside, [one.mappings.inside for one in people], by)
    mapped = [mapped_of(people, inside, at, buckets, by, undecided) for at in range(1, len(NAMES) + 1)]
    facts = person_facts(NAMES, shared, counted, inside, mapped)
    keys = [np.empty_like(column) for column in columns]
    for one, some in zip(people, rows, strict=True):
        for whole_column, part in zip(keys, one.keys, strict=True):
            whole_column[some] = part
    return SimpleNamespace(facts=facts, keys=keys, people=people, shared=shared, counted=counted, inside=inside)


def together(table, most=100, *, crowds=True):
    """The facts and the keys of all rows by `risk.persons`."""
    subject, *values = columns_of(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(whole, "MANY_SUBJECTS", most)
        found = persons(subject, dict(zip(NAMES, values, strict=True)), NULL, crowds)
    own = dict(zip(found.names, found.keys, strict=True)) | found.same_keys
    numbers = dict(zip(found.names, found.numbers, strict=True))
    numbers |= {name: numbers[other] for name, other in found.same_as.items()}
    return found, [np.append(own[name], NULL)[numbers[name]] for name in ("subject", *NAMES)]


def assert_equal(found, expected):
    facts, keys = expected
    for name in FACTS:
        assert getattr(found.facts, name) == getattr(facts, name), name
    for one, other in zip(found.keys, keys, strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("buckets", BUCKETS)
@examples(3)
@given(tables, st.integers(0, 4), st.booleans(), st.integers(1, 4), st.sampled_from([1, 3, 12]), st.booleans())
def test_any_number_of_buckets_says_what_all_rows_say(buckets, table, most, crowds, by, bits, undecided):
    found = in_buckets(table, buckets, most, crowds=crowds, by=by, bits=bits, undecided=undecided)
    assert_equal(found, together(table, most, crowds=crowds))


@examples(3)
@given(tables, st.integers(0, 4))
def test_one_bucket_decides_by_itself(table, most):
    found = in_buckets(table, 1, most)
    alone = found.people[0]
    mapped = [alone.mappings.alone(at) for at in range(1, len(NAMES) + 1)]
    found.facts = person_facts(NAMES, found.shared, found.counted, alone.mappings.inside, mapped)
    assert_equal(found, together(table, most))


@pytest.mark.parametrize("buckets", BUCKETS)
def test_a_value_of_a_hundred_subjects_is_somebodys_and_one_of_a_hundred_and_one_is_not(buckets):
    table = [(who, 7 if who < 101 else 8, None if who % 2 else who, who // 2) for who in range(201)] * 2
    table += [(None, 7, 3, None), (None, None, None, None), (4, None, None, 5)]
    found = in_buckets(table, buckets, bits=10)
    assert found.facts.shared == {"mobile": (1, 203), "email": (0, 0), "wechat": (0, 0)}
    assert_equal(found, together(table))


@pytest.mark.parametrize("buckets", BUCKETS)
def test_a_random_crowd_of_orders_is_counted_alike(buckets):
    random = np.random.default_rng(11)
    who = random.integers(0, 900, 4000)
    mobile = np.where(random.random(4000) < 0.3, random.integers(0, 9, 4000), who // 2 + 100)
    rows = zip(who.tolist(), mobile.tolist(), (who * 7).tolist(), (mobile * 3).tolist(), strict=True)
    gaps = iter(random.random(16000).tolist())
    table = [tuple(None if next(gaps) < 0.1 else value for value in row) for row in rows]
    found = in_buckets(table, buckets, bits=6, by=7)
    assert 0 < found.facts.shared["mobile"][0] < 9
    assert_equal(found, together(table))


@pytest.mark.parametrize(
    ("table", "finer", "same_as"),
    [
        # Two accounts have one telephone, one telephone one account elsewhere: the subject is finer.
        ([(at, at // 2, at, at) for at in range(64)], (True, False), {"email": "subject", "wechat": "subject"}),
        # The last two accounts share a telephone, which no bucket of subjects sees.
        ([(at, min(at, 62), None, None) for at in range(64)], (True, False), {"email": "subject", "wechat": "subject"}),
        # One account has two telephones and two accounts share one: neither is finer.
        (
            [(at, min(at, 62), None, None) for at in range(64)] + [(0, 99, None, None)],
            (False, False),
            {"email": "subject", "wechat": "subject"},
        ),
    ],
    ids=["halves", "one pair", "neither"],
)
def test_what_no_bucket_sees_is_seen_by_the_buckets_of_persons(table, finer, same_as):
    found = in_buckets(table, 16)
    assert (found.facts.names, found.facts.finer, found.facts.same_as) == (("subject", "mobile"), finer, same_as)
    assert_equal(found, together(table))


def test_what_a_bucket_refuted_is_not_brought_elsewhere():
    table = [(at // 2, at, at // 2, None) for at in range(64)]
    found = in_buckets(table, 16)
    assert [found.inside.undecided(at) for at in range(4)] == [(2, 3), (0, 2, 3), (0, 3), (0, 2)]


def test_values_are_counted_one_by_one_only_where_a_part_of_their_keys_is_often():
    subject = mix(np.arange(200, dtype=np.uint64))
    rows = Identified(subject, (keyed([5] * 101 + list(range(6, 105))),), NULL)
    often = seen_in(rows, slot_bits(200)).often()
    counted = subjects_in(rows, often)
    assert counted.keys[0].tolist() == keyed([5]).tolist()
    assert counted.subjects[0].tolist() == [101]


def test_records_without_a_subject_are_no_subjects_of_a_value():
    rows = Identified(keyed([None] * 300 + [1]), (keyed([*range(150)] * 2 + [7]),), NULL)
    seen = seen_in(rows, 10)
    assert seen.tables[0].sum() == 1


def test_a_table_of_beginnings_counts_no_further_than_it_can_tell():
    rows = Identified(mix(np.arange(200, dtype=np.uint64)), (keyed([5] * 200),), NULL)
    part = seen_in(rows, 10)
    assert part.tables[0].max() == 200
    assert Seen.merge([part, part]).tables[0].max() == Seen.merge([part, part, part]).tables[0].max() == 255
    assert len(Seen.merge([part, part]).often().slots[0]) == 1


def test_the_table_of_beginnings_grows_with_rows_to_a_bound():
    assert [slot_bits(rows) for rows in (0, 1 << 20, 50_000_000, 10**12)] == [10, 16, 21, 24]
