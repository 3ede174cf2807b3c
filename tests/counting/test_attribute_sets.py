"""Whom sets of columns single out is found in any number of buckets as over all records together."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.counting.attribute_sets import combinations_of
from beam_deid.transforms.counting.classes import MOST_ROWS
from beam_deid.transforms.counting.facts import facts_of
from beam_deid.transforms.counting.grouping import classes_of
from beam_deid.transforms.counting.set_lots import WORD, Searched, Singled
from beam_deid.transforms.counting.values import references_of
from beam_deid.transforms.risk.combinations import sets_of
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import COUNT, Stages, Stream

from ..kit.deciding import data_of
from ..kit.examples import examples
from ..kit.policies import policy, release, roles
from .records import BUCKET_COUNTS, FEW_ROWS, source_of

NAMES = [*"abcde"]


@st.composite
def tables(draw):
    """Up to forty rows of up to six people, of whom some records say nothing."""
    row = st.tuples(st.sampled_from(["p", "q", "r", "s", "t", None]), *[st.integers(0, 3)] * len(NAMES))
    rows = draw(st.lists(row, min_size=1, max_size=40))
    whose = pa.array([who for who, *_ in rows], pa.string())
    return pa.table({"buyer": whose} | {name: [row[at] for row in rows] for at, name in enumerate(NAMES, 1)})


def data_over(table, most, *, subject=True, names=NAMES):
    quasi = " ".join(names)
    spec = release("enclave", quasi, combinations=most)
    if subject:
        return data_of(policy(roles(direct="buyer", quasi=quasi), a=spec), table)["a"]
    named = policy(roles(quasi=quasi), top={"subject": None, "keys": None}, a=spec)
    return data_of(named, table.drop_columns("buyer"))["a"]


def found_in(data, stages, most, asked):
    one = Stages(1)
    whole = classes_of(source_of(data, 1), {}, one)
    everywhere = references_of(whole, one)
    facts = facts_of(whole, everywhere, one)
    classes = classes_of(source_of(data, stages.buckets, most=most), {}, stages)
    return combinations_of(classes, everywhere, facts, stages, asked)


def same(apart, together):
    assert apart.found == together.found
    assert apart.contributions == together.contributions
    assert apart.possible == together.possible


@examples(0.4)
@given(
    BUCKET_COUNTS, tables(), st.integers(1, 4), st.booleans(), st.sampled_from(FEW_ROWS), st.sampled_from([1, 1 << 20])
)
def test_sets_single_out_the_same_persons_in_any_number_of_buckets(buckets, table, sets, subject, most, asked):
    data = data_over(table, sets, subject=subject)
    same(found_in(data, Stages(buckets), most, asked), Candidate(data, {}, data.everything).combinations())


def test_sets_single_out_the_same_persons_with_rows_in_files():
    random = np.random.default_rng(3)
    rows = {name: random.integers(0, 9, 1_000) for name in NAMES}
    table = pa.table({"buyer": [f"p{who}" for who in random.integers(0, 900, 1_000)], **rows})
    data = data_over(table, 2)
    together = Candidate(data, {}, data.everything).combinations()
    assert 0 < together.found[-1].unique_subjects < 700
    with SpillFolder() as folder:
        same(found_in(data, Stages(3, folder), MOST_ROWS, 1), together)


@pytest.mark.parametrize("asked", [1, 2_000, 1 << 20])
def test_sets_of_several_words_single_out_the_same_persons(asked):
    random = np.random.default_rng(4)
    names = [*"abcdefghi"]  # 84 sets of three, and 126 of four
    rows = {name: random.integers(0, 3, 150) for name in names}
    data = data_over(pa.table({"buyer": [f"p{who % 90}" for who in range(150)], **rows}), 4, names=names)
    together = Candidate(data, {}, data.everything).combinations()
    assert len(together.found) == together.possible == 511
    same(found_in(data, Stages(3), MOST_ROWS, asked), together)


@pytest.mark.parametrize(("columns", "most", "bound"), [(12, 3, 18), (13, 4, 27), (20, 4, 20)])
def test_a_lot_reads_no_more_columns_of_a_row_however_many_sets_came_before(columns, most, bound):
    rows = Stream(1, pieces={0: [{COUNT: np.ones(1_000, np.int64)}]})
    searched = Searched(rows, np.uint64(0), most)
    widths = []
    for level in searched.levels(list(sets_of(tuple(f"c{at:02}" for at in range(columns)), most))):
        singled = Singled()
        for lot in searched.lots(level, 1):
            assert len(lot.sets) <= 4
            widths.append(len({name for chosen in lot.sets for name in chosen}) + 2 + len(lot.parts))
            singled.add(dict.fromkeys(lot.sets, 0), Stream(1, pieces={0: [{WORD: np.zeros(1_000, np.uint64)}]}))
        assert len(singled.words) == -(-len(level) // 64)
        searched = Searched(rows, np.uint64(0), most, singled)
    assert max(widths) <= bound
