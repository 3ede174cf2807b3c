from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.risk.histogram import Classes, Histogram, total

from .tables import keys

rows = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 2)), min_size=1)


def histogram(table):
    columns = {"x": keys([r[0] for r in table]), "y": keys([r[1] for r in table])}
    return Histogram.of(columns, np.ones(len(table), np.int64))


def content(found):
    counted = Counter()
    for row, count in zip(zip(*(c.tolist() for c in found.columns.values()), strict=True), found.counts, strict=True):
        counted[row] += int(count)
    return counted


@given(rows)
def test_equal_rows_are_counted_together(table):
    assert sorted(content(histogram(table)).values()) == sorted(Counter(table).values())


@given(st.lists(rows, min_size=1, max_size=5), st.randoms())
def test_merging_parts_in_any_order_and_grouping_is_measuring_the_whole(parts, random):
    whole = content(histogram([row for part in parts for row in part]))
    found = [histogram(part) for part in parts]
    random.shuffle(found)
    assert content(Histogram.merge(found)) == whole
    cut = random.randint(0, len(found) - 1)
    groups = [group for group in (found[:cut], found[cut:]) if group]
    assert content(Histogram.merge([Histogram.merge(group) for group in groups])) == whole


def test_equal_multisets_have_equal_totals():
    a = keys(["x", "y", "z"])
    b = keys(["z", "x"])
    one = np.array([1, 2, 3])
    two = np.array([5, 7])
    first = total([(a, one), (b, two)])
    second = total([(b, two), (a, one)])
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


@given(st.lists(rows, min_size=2, max_size=5), st.randoms())
def test_ordered_rows_do_not_depend_on_the_order_of_parts(parts, random):
    found = [histogram(part) for part in parts]
    first = Histogram.merge(found).ordered()
    random.shuffle(found)
    second = Histogram.merge(found).ordered()
    for name in ("x", "y"):
        assert first.columns[name].tolist() == second.columns[name].tolist()


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 6)), max_size=60),
    st.sampled_from([0, 3, 50, 61]),
    st.sampled_from([7, 300, 1 << 12, 1 << 13, 1 << 20]),
)
def test_pairs_by_sorting_are_those_by_numbering(rows, shift, many):
    # Keys that differ in low bits only, or in high ones only, stay apart however many bits a value takes.
    own = np.array([row[0] for row in rows], np.uint64) << np.uint64(shift)
    values = np.array([row[1] * (many // 7) for row in rows], np.int64)
    ones = np.ones(len(rows), np.int64)
    classes = Classes(own, ones, None)
    numbered = Classes(own, ones, None)
    found = classes.paired(values, many)
    expected = Counter(zip(numbered.numbers.tolist(), values.tolist(), strict=True))
    assert Classes(own, ones * 2, None).paired(values, many) is None or not len(own)
    again = numbered.paired(values, many)  # the numbers of the rows were asked for before, which changes nothing
    assert again.value.tolist() == found.value.tolist()
    assert again.rows.tolist() == found.rows.tolist()
    of = np.repeat(np.arange(len(found.keys)), np.diff(found.begins, append=len(found.value)))
    pairs = list(zip(of.tolist(), found.value.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert [expected[pair] for pair in pairs] == found.rows.tolist()
    assert classes.keys.tolist() == numbered.keys.tolist() == found.keys.tolist()
    assert classes.records.tolist() == numbered.records.tolist()
