"""Persons by every identity, against the rule written out row by row."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.risk import persons as module
from beam_deid.transforms.risk.persons import Persons, distinct_per_group, least_persons, persons, stand_ins

from ..kit.examples import examples

NULL = np.uint64(0xDEADBEEF12345678)

cell = st.one_of(st.none(), st.integers(0, 4))
tables = st.lists(st.tuples(cell, cell, cell), max_size=14)
many_subjects = st.integers(1, 3)


def keyed(values):
    keys = mix(np.array([0 if value is None else value + 1 for value in values], np.uint64))
    keys[[value is None for value in values]] = NULL
    return keys


def persons_of(table):
    columns = list(zip(*table, strict=True)) if table else [(), (), ()]
    return persons(keyed(columns[0]), {"mobile": keyed(columns[1]), "email": keyed(columns[2])}, NULL)


def owners(table, column, most):
    """The person of each row by a column, as a readable name; None for nobody. Also what is shared, and by how many rows."""
    holders = defaultdict(set)
    for row in table:
        if row[0] is not None and row[column] is not None:
            holders[row[column]].add(row[0])
    shared = {value for value, subjects in holders.items() if len(subjects) > most}

    def value_at(row):
        return None if row[column] in shared else row[column]

    found = []
    for at, row in enumerate(table):
        if value_at(row) is not None:
            found.append(("value", value_at(row)))
        elif row[0] is None:
            found.append(None)
        else:
            others = {value_at(o) for place, o in enumerate(table) if place != at and o[0] == row[0]} - {None}
            found.append(("value", others.pop()) if len(others) == 1 else ("subject", row[0]))
    return found, (len(shared), sum(row[column] in shared for row in table))


def partition(labels):
    """Which rows belong together, whatever they are called; rows of nobody apart."""
    rows = defaultdict(list)
    for at, label in enumerate(labels):
        if label is not None and label != -1:
            rows[label].append(at)
    return sorted(rows.values())


@examples(1.5)
@given(tables, many_subjects)
def test_each_row_belongs_to_whom_the_rule_names(table, most):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "MANY_SUBJECTS", most)
        found = persons_of(table)
    subjects = [row[0] for row in table]
    want = {"subject": subjects}
    for column, name in ((1, "mobile"), (2, "email")):
        want[name], shared = owners(table, column, most)
        assert found.shared[name] == shared
        assert found.filled[name] == sum(row[column] is None for row in table)
    assert found.nobody == subjects.count(None)
    kept = []
    for name, labels in want.items():
        equal = next((other for other in kept if partition(want[other]) == partition(labels)), None)
        if equal:
            assert found.same_as[name] == equal
        else:
            kept.append(name)
    assert list(found.names) == kept
    for name, numbers, size in zip(found.names, found.numbers, found.sizes, strict=True):
        assert partition(numbers.tolist()) == partition(want[name])
        assert sorted(set(numbers.tolist()) - {-1}) == list(range(size))
        assert numbers.dtype == np.int64


@given(tables, st.randoms())
def test_numbers_do_not_depend_on_the_order_of_rows(table, random):
    order = list(range(len(table)))
    random.shuffle(order)
    first = persons_of(table)
    second = persons_of([table[at] for at in order])
    assert (first.names, first.sizes, first.same_as, first.shared) == (
        second.names,
        second.sizes,
        second.same_as,
        second.shared,
    )
    for one, other in zip(first.numbers, second.numbers, strict=True):
        assert one[order].tolist() == other.tolist()


def test_a_hundred_subjects_may_share_a_value_and_one_more_may_not():
    for subjects in (100, 101):
        rows = [(subject, 7) for subject in range(subjects)] * 2
        found = persons(keyed([r[0] for r in rows]), {"mobile": keyed([r[1] for r in rows])}, NULL)
        if subjects == 100:
            assert (found.names, found.sizes[1], found.shared["mobile"]) == (("subject", "mobile"), 1, (0, 0))
        else:
            assert (found.same_as, found.shared["mobile"]) == ({"mobile": "subject"}, (1, 202))


def test_an_identity_without_values_is_the_subject():
    found = persons(keyed([1, 1, None]), {"mobile": keyed([None, None, None])}, NULL)
    assert (found.names, found.same_as, found.filled, found.nobody) == (
        ("subject",),
        {"mobile": "subject"},
        {"mobile": 3},
        1,
    )


def test_without_a_subject_nothing_is_measured():
    found = persons(None, {"mobile": keyed([1, 2])}, NULL)
    assert (found.names, found.numbers) == ((), ())
    least, which = least_persons(np.array([0, 0]), 1, found)
    assert (least.tolist(), which.tolist()) == ([0], [-1])


grouped = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 5), st.integers(-1, 2)), max_size=20)


def some_persons(table):
    a, b = (np.array([row[column] for row in table], np.int64) for column in (1, 2))
    return Persons(("subject", "mobile"), (a, b), (6, 3), {}, {}, {})


@pytest.mark.parametrize("dense", [0, 1000])
@given(table=grouped, some=st.sets(st.integers(0, 19)))
def test_a_group_has_the_persons_that_the_least_identity_tells_apart(table, some, dense):
    groups = np.array([row[0] for row in table], np.int64)
    rows = sorted(row for row in some if row < len(table))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DENSE", dense)
        whole = least_persons(groups, 4, some_persons(table))
        part = least_persons(groups, 4, some_persons(table), np.array(rows, np.int64))
        alone = distinct_per_group(groups, 4, some_persons(table).numbers[0], 6)
    for (least, which), within in ((whole, range(len(table))), (part, rows)):
        for group in range(4):
            sizes = [len({table[at][c] for at in within if table[at][0] == group} - {-1}) for c in (1, 2)]
            assert (least[group], which[group]) == (min(sizes), sizes.index(min(sizes)))
    assert alone.tolist() == [len({b for a, b, _ in table if a == group} - {-1}) for group in range(4)]


@given(tables)
def test_the_keys_of_persons_are_those_of_their_values_also_by_an_identity_that_says_the_same_as_another(table):
    found = persons_of(table)
    columns = {"subject": 0, "mobile": 1, "email": 2}
    places = {name: (place, found.keys[place]) for place, name in enumerate(found.names)}
    places |= {name: (found.names.index(other), found.same_keys[name]) for name, other in found.same_as.items()}
    assert set(places) == set(columns)
    for name, (place, keys) in places.items():
        assert len(keys) == len(np.unique(keys)) == found.sizes[place]
        own = keyed([row[columns[name]] for row in table])
        for at, number in enumerate(found.numbers[place].tolist()):
            if own[at] != NULL:
                assert keys[number] == own[at]
            elif number >= 0:
                values = {keyed([row[columns[name]]])[0] for row in table if row[0] == table[at][0]} - {NULL}
                assert keys[number] == (values.pop() if len(values) == 1 else stand_ins(keyed([table[at][0]]))[0])
