"""Group sizes in bins: nothing is lost in them, and their number stays small."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.risk.measures import all_figures, read_figures
from beam_deid.transforms.risk.measures.group_sizes import GroupSizes, bins

from .tables import view

records = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 40)), min_size=1)


@given(records, st.integers(1, 25))
def test_every_group_and_every_record_is_in_the_bin_of_its_persons(rows, k):
    cities, persons = (list(column) for column in zip(*rows, strict=True))
    members = defaultdict(set)
    for city, person in rows:
        members[city].add(person)
    sizes = Counter(len(group) for group in members.values())
    held = Counter(len(members[city]) for city in cities)
    told = all_figures(view([cities], subject=persons, k=k)).of(GroupSizes).group_sizes
    for one in told:
        inside = range(one.least, one.most + 1)
        assert one.groups == sum(sizes[size] for size in inside) > 0
        assert one.records in (None, sum(held[size] for size in inside))
    assert sum(one.groups for one in told) == len(members)
    sides = (
        sum(one.groups for one in told if one.least < k),
        sum(one.groups for one in told if one.least >= k),
    )
    assert all(one.most < k or one.least >= k for one in told), "no bin is on both sides of the limit"
    if 1 in sides:
        assert {one.records for one in told} == {None}
    else:
        assert all(one.groups > 1 for one in told), "how many records are in one group is not told"
        assert sum(one.records for one in told) == len(rows)
    assert k in bins(k, max(sizes)), "the limit must not stand within a bin"


def test_records_of_one_group_are_told_neither_by_themselves_nor_as_what_is_left():
    rows = [*(("a", who) for who in range(5)), *(("b", who) for who in range(9)), *[("c", 0)] * 7]
    cities, persons = (list(column) for column in zip(*rows, strict=True))

    def told(k):
        return all_figures(view([cities], subject=persons, k=k)).of(GroupSizes).group_sizes

    assert [(one.least, one.most, one.groups, one.records) for one in told(5)] == [
        (1, 1, 1, None),
        (5, 9, 2, None),
    ]
    assert [(one.least, one.groups, one.records) for one in told(1)] == [(1, 3, 21)]
    assert [(one.groups, one.records) for one in told(20)] == [(3, 21)]


@given(st.integers(1, 1_000), st.integers(1, 10**9))
def test_bins_are_few_and_go_beyond_the_largest_group(k, largest):
    begins = list(bins(k, largest))
    assert begins == sorted(set(begins))
    assert begins[0] == 0
    assert begins[-1] > largest
    assert len(begins) <= 75


def test_sizes_below_a_small_limit_have_a_bin_each():
    assert list(bins(5, 30)) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 50]


def test_they_are_read_again_from_a_label():
    figures = all_figures(view([["a", "a", "b"]], subject=["p", "q", "p"]))
    assert read_figures(plain(figures)).of(GroupSizes) == figures.of(GroupSizes)


def test_a_label_without_them_is_read_without_them():
    document = plain(all_figures(view([["a"]])))
    del document["group_sizes"]
    with pytest.raises(LookupError):
        read_figures(document).of(GroupSizes)
