"""The batches of a window as one table: whoever bundles its rows, and in whichever order they come, it is the same."""

import datetime
import itertools
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.frames.window import as_table, in_value_order
from beam_deid.transforms.treat.given import PLACE

ROW = st.fixed_dictionaries(
    {"text": st.sampled_from(["", "a", "b", None]), "number": st.sampled_from([1, 2, None])},
    optional={
        "float": st.sampled_from([0.0, -0.0, math.nan, 1.5, None]),
        "time": st.sampled_from([datetime.datetime(2026, 1, 1), None]),
        "kind": st.sampled_from(["7", None]),
    },
)


def batches(rows, cuts):
    """The rows in batches that end at some places; each has the columns that some of its rows have."""
    bounds = sorted({0, *(cut % len(rows) for cut in cuts), len(rows)})
    found = []
    for first, end in itertools.pairwise(bounds):
        some = rows[first:end]
        names = sorted({name for row in some for name in row})
        found.append(pa.RecordBatch.from_pylist([{name: row.get(name) for name in names} for row in some]))
    return found


def bits(table):
    """The values of a table, floats by their bits, as bytes and validity say them."""
    whole = table.select([name for name in table.schema.names if name != PLACE]).combine_chunks()
    return [
        (
            name,
            str(column.type),
            [np.float64(one).tobytes() if isinstance(one, float) else one for one in column.to_pylist()],
        )
        for name, column in zip(whole.schema.names, whole.columns, strict=True)
    ]


@given(rows=st.lists(ROW, min_size=1, max_size=20), cuts=st.lists(st.integers(0, 19)), turned=st.randoms())
def test_it_follows_from_the_rows_alone(rows, cuts, turned):
    whole = as_table(batches(rows, []), ("kind",), "here")
    shuffled = list(rows)
    turned.shuffle(shuffled)
    assert bits(as_table(batches(shuffled, cuts), ("kind",), "here")) == bits(whole)
    assert whole.num_rows == len(rows)


@given(rows=st.lists(ROW, min_size=1, max_size=20), turned=st.randoms())
def test_released_rows_are_in_the_order_of_their_values(rows, turned):
    names = sorted({name for row in rows for name in row})
    table = pa.Table.from_pylist([{name: row.get(name) for name in names} for row in rows])
    order = list(range(len(rows)))
    turned.shuffle(order)
    assert bits(in_value_order(table.take(order))) == bits(in_value_order(table))


def test_each_row_keeps_its_place_in_its_batch():
    given = [pa.RecordBatch.from_pylist([{"a": one} for one in some]) for some in (["c", "a"], ["b"])]
    table = as_table(given, (), "here")
    assert table.to_pylist() == [{"a": "a", PLACE: 1}, {"a": "b", PLACE: 0}, {"a": "c", PLACE: 0}]


def test_values_of_several_types_are_text_where_a_kind_reads_them_and_refused_where_none_does():
    given = [pa.RecordBatch.from_pylist([{"a": 1}]), pa.RecordBatch.from_pylist([{"a": "x"}])]
    assert as_table(given, ("a",), "here").column("a").to_pylist() == ["1", "x"]
    with pytest.raises(InputError, match="no one type") as raised:
        as_table(given, (), "here")
    assert raised.value.where == "field a"


def test_a_value_that_has_no_text_is_refused_and_not_lost():
    given = [pa.RecordBatch.from_pydict({"a": pa.array([b"\xff"])}), pa.RecordBatch.from_pylist([{"a": 1}])]
    with pytest.raises(InputError, match="no one type"):
        as_table(given, ("a",), "here")


@pytest.mark.parametrize("other", [pa.float64(), pa.int64()])
def test_floats_of_32_bits_are_not_made_wider_for_they_stand_for_several_from_another_number_on(other):
    narrow = pa.RecordBatch.from_pydict({"a": pa.array([2.0**24 + 2, 3.5], pa.float32())})
    given = [narrow, pa.RecordBatch.from_pydict({"a": pa.array([7], other)})]
    for kinds in ((), ("a",)):
        with pytest.raises(InputError, match="no one type"):
            as_table(given, kinds, "here")
    assert as_table([narrow, narrow], (), "here").column("a").type == pa.float32()


def test_two_columns_of_one_name_are_refused():
    twice = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(InputError, match="two columns of this name"):
        as_table([twice], (), "here")
