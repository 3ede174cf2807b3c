"""What earlier releases say of records, in cuts of any size, against dictionaries made row by row."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.risk.known_again import ABSENT, Histories, Others, Said, shared_records

NULL = np.uint64(0xDEADBEEF12345678)


def keys(values):
    """Small numbers as keys; None is nobody."""
    found = mix(np.array([0 if value is None else value + 1 for value in values], np.uint64))
    found[[value is None for value in values]] = NULL
    return found


def ordered(rows):
    """Keys of records and what is said in each row, by record."""
    records = keys([record for record, _ in rows])
    said = keys([value for _, value in rows])
    order = np.argsort(records, kind="stable")
    return records[order], said[order]


small = st.integers(0, 3)
said_rows = st.lists(st.tuples(st.integers(0, 5), small), max_size=14)


@given(said_rows, st.randoms())
def test_records_are_told_apart_by_all_their_rows_whatever_the_order(rows, random):
    said = Said.of(*ordered(rows))
    multisets = defaultdict(Counter)
    for record, value in rows:
        multisets[record][value] += 1
    asked = range(8)
    found = said.at(keys(asked)).tolist()
    for one in asked:
        assert (found[one] == ABSENT) == (one not in multisets)
        for other in asked:
            assert (found[one] == found[other]) == (multisets.get(one) == multisets.get(other))
    several = dict(zip(said.records.tolist(), said.several.tolist(), strict=True))
    for record, counts in multisets.items():
        assert several[int(keys([record])[0])] == (len(counts) > 1)
    again = random.sample(rows, len(rows))
    assert Said.of(*ordered(again)).at(keys(asked)).tolist() == found


@given(said_rows, said_rows)
def test_what_is_said_of_a_record_does_not_depend_on_those_beside_it(rows, others):
    # A single row of a record is the same where all records have one row, and where some have several.
    alone = Said.of(*ordered(rows))
    beside = Said.of(*ordered([*rows, *((record + 6, value) for record, value in others)]))
    asked = keys(range(6))
    assert alone.at(asked).tolist() == beside.at(asked).tolist()


def test_no_key_of_what_is_said_means_that_nothing_is():
    zero = Said.of(keys([1]), np.zeros(1, np.uint64))  # scrambled, 0 is 0
    assert zero.at(keys([1, 2])).tolist() == [1, int(ABSENT)]
    # The sum of these two is 0, too.
    rows = np.array([5, unmixed((1 << 64) - int(mix(np.array([5], np.uint64))[0]))], np.uint64)
    assert int(mix(rows.copy()).sum()) == 0
    both = Said.of(keys([1, 1]), rows)
    assert both.at(keys([1])).tolist() == [1]


def unmixed(key):
    """The key that is scrambled to this one: `mix` backwards, step by step."""
    word = int(key)
    whole = (1 << 64) - 1
    word = shifted(word, 31) * pow(0x94D049BB133111EB, -1, 1 << 64) & whole
    word = shifted(word, 27) * pow(0xBF58476D1CE4E5B9, -1, 1 << 64) & whole
    return shifted(word, 30)


def shifted(word, by):
    """The word that is this one once it was combined with itself, shifted."""
    found = word
    for _ in range(64 // by + 1):
        found = word ^ (found >> by)
    return found


cuts = st.lists(st.lists(st.tuples(*[st.one_of(st.none(), small)] * 2), max_size=8), max_size=4)


@given(cuts)
def test_histories_are_what_all_say_together_over_all_cuts(given_cuts):
    histories = Histories(2)
    found = []
    for cut in given_cuts:
        said = [np.where(keys(column) == NULL, ABSENT, keys(column)) for column in zip(*cut, strict=True)] or [
            keys([])
        ] * 2
        found += histories.add(said).tolist()
    rows = [row for cut in given_cuts for row in cut]
    for at, row in enumerate(rows):
        assert (found[at] == ABSENT) == (row == (None, None))
        assert [one == found[at] for one in found] == [other == row for other in rows]
    for _ in range(2):  # asking changes nothing
        table, tuples = histories.table()
        assert table.tolist() == sorted({*found} - {int(ABSENT)})
        assert tuples.shape == (2, len(table))
        for at, row in enumerate(rows):
            if row != (None, None):
                place = int(np.searchsorted(table, np.uint64(found[at])))
                want = [int(ABSENT) if value is None else int(keys([value])[0]) for value in row]
                assert tuples[:, place].tolist() == want


people = st.one_of(st.none(), st.integers(0, 6))
other_rows = st.lists(st.tuples(st.integers(0, 2), people, people), max_size=40)


def counted(rows):
    """Fewest persons of each history, by both identities."""
    persons = defaultdict(lambda: (set(), set()))
    for history, *who in rows:
        for known, one in zip(persons[history], who, strict=True):
            known.update({one} - {None})
    return {history: min(map(len, both)) for history, both in persons.items()}


@given(other_rows, st.integers(1, 5), st.lists(st.integers(0, 40), max_size=4))
def test_thinning_never_changes_whether_there_are_fewer_than_a_crowd(rows, crowd, edges):
    others = Others(("subject", "mobile"), crowd, NULL)
    for low, high in pairwise([0, *sorted(edges), len(rows)]):
        part = rows[low:high]
        columns = {name: keys([row[at] for row in part]) for at, name in ((1, "subject"), (2, "mobile"))}
        others.add(keys([row[0] for row in part]), columns)
    left, persons = others.rows
    assert len(left) == len({*zip(left.tolist(), *(column.tolist() for column in persons.values()), strict=True)})
    crowds = {*others.crowds.tolist()}
    for history, least in counted(rows).items():
        key = int(keys([history])[0])
        assert (key in crowds) == (least >= crowd)
        here = left == np.uint64(key)
        if least >= crowd:
            assert not here.any()
        else:
            # Of what is no crowd everybody is left.
            for at, name in ((1, "subject"), (2, "mobile")):
                want = {int(keys([row[at]])[0]) for row in rows if row[0] == history}
                assert {*persons[name][here].tolist()} == want


@given(st.lists(st.tuples(small, small), max_size=12))
def test_shared_records_are_those_of_several_persons(rows):
    records = keys([record for record, _ in rows])
    persons = np.array([person for _, person in rows], np.int64)
    owners = defaultdict(set)
    for record, person in rows:
        owners[int(keys([record])[0])].add(person)
    assert shared_records(records, persons).tolist() == sorted(record for record, who in owners.items() if len(who) > 1)


@given(records=st.lists(st.integers(0, 12), max_size=20), wanted=st.sets(st.integers(0, 15), max_size=16))
def test_what_is_said_along_records_is_what_is_said_at_each(records, wanted):
    rows = np.sort(np.array(records, np.uint64))
    said = Said.of(rows, np.arange(len(rows), dtype=np.uint64))
    asked = np.array(sorted(wanted), np.uint64)
    found = said.along(asked)
    np.testing.assert_array_equal(found, said.at(asked))
    np.testing.assert_array_equal(found > 0, np.isin(asked, rows))
