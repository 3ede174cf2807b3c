"""Blank cells filled from above, in batches of any size, as a plain loop over the whole file fills them."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.fill_down import Filling
from beam_deid.transforms.formats.input_options import FillDown, InputOptions

from ..kit.examples import examples

CELLS = st.sampled_from([None, None, "", " ", "a", "b"])
ROWS = st.lists(st.tuples(st.sampled_from([None, "", "#1", "#2"]), CELLS, CELLS, st.booleans()), max_size=24)
CUTS = st.lists(st.integers(1, 5), min_size=24, max_size=24)


def by_hand(rows, fields):
    """Rows of (order, city, mail, can be read), filled by a loop: those that can be read."""
    filled = []
    above = None
    cut = False
    for order, city, mail, sound in rows:
        if not sound:
            cut = True
            continue
        blank = order is None or not order.strip()
        if blank and "order" in fields and above is not None and not cut and above[0] is not None:
            order = above[0]
            blank = False
        of_above = not blank and above is not None and above[0] == order
        cells = [city, mail]
        for number, name in enumerate(("city", "mail")):
            if name in fields and of_above and not (cells[number] or "").strip() and above[number + 1] is not None:
                cells[number] = above[number + 1]
        filled.append((order, *cells))
        above = (None if blank else order, *(None if not (cell or "").strip() else cell for cell in cells))
        cut = False
    return filled


def in_batches(rows, fields, sizes, encoded):
    """The same rows through `Filling`, in batches of these sizes."""
    filling = Filling(FillDown(by="order", fields=fields))
    filled = []
    start = 0
    for size in sizes:
        numbers = np.arange(start, min(start + size, len(rows)), dtype=np.int64)
        sound = np.array([rows[number][3] for number in numbers], bool)
        there = numbers[sound]
        columns = {
            name: pa.array([rows[number][place] for number in there], pa.string())
            for place, name in enumerate(("order", "city", "mail"))
        }
        if encoded:
            columns = {name: column.dictionary_encode() for name, column in columns.items()}
        made = filling.fill(columns, there, [numbers[~sound]])
        assert all(made[name].type == columns[name].type for name in columns)
        filled += zip(*(made[name].to_pylist() for name in ("order", "city", "mail")), strict=True)
        start += size
    return filled


@examples(3)
@given(ROWS, CUTS, st.sampled_from([("city",), ("mail", "city"), ("order", "city"), ("order",)]), st.booleans())
def test_any_batches_are_filled_as_the_whole_file_is_by_hand(rows, sizes, fields, encoded):
    assert in_batches(rows, fields, sizes, encoded) == by_hand(rows, fields)


def test_a_value_is_never_filled_into_another_order_nor_upwards():
    rows = [("#1", None, "m", True), ("#1", "X", None, True), ("#1", None, None, True), ("#2", None, None, True)]
    filled = [("#1", None, "m"), ("#1", "X", "m"), ("#1", "X", "m"), ("#2", None, None)]
    assert in_batches(rows, ("city", "mail"), [24], encoded=False) == filled


def test_words_for_nothing_are_blank():
    columns = {"order": pa.array(["#1", "#1", "NULL"]), "city": pa.array(["X", "NULL", "\\N"])}
    rows = np.arange(3)
    filling = Filling(FillDown(by="order", fields=("order", "city")), nulls=("NULL", "\\N"))
    assert filling.fill(columns, rows)["city"].to_pylist() == ["X", "X", "X"]
    filling = Filling(FillDown(by="order", fields=("order", "city")))
    assert filling.fill(columns, rows)["city"].to_pylist() == ["X", "NULL", "\\N"]


def test_a_row_without_a_number_is_of_no_order_unless_numbers_are_filled_as_well():
    rows = [("#1", "X", None, True), (None, None, None, True), ("#1", None, None, True)]
    assert in_batches(rows, ("city",), [24], encoded=False) == [
        ("#1", "X", None),
        (None, None, None),
        ("#1", None, None),
    ]
    assert in_batches(rows, ("order", "city"), [24], encoded=False) == [("#1", "X", None)] * 3


def test_a_row_that_cannot_be_read_may_have_begun_another_order():
    rows = [("#1", "X", None, True), ("#2", "Y", None, False), (None, None, None, True), ("#1", None, None, True)]
    filled = [("#1", "X", None), (None, None, None), ("#1", None, None)]
    assert in_batches(rows, ("order", "city"), [24], encoded=False) == filled


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl", "in.parquet"])
def test_a_file_is_filled_as_one_shard_however_it_is_read(name, tmp_path):
    path = tmp_path / name
    orders = [f"#{number // 3}" for number in range(3_000)]
    cities = [f"c{number}" if number % 3 == 0 else None for number in range(3_000)]
    table = pa.table({"order": orders, "city": cities, "line": [str(number) for number in range(3_000)]})
    plain = format_of(str(path), InputOptions())
    if path.suffix == ".parquet":
        pq.write_table(table, path, row_group_size=500)
    else:
        with open(path, "wb") as stream:
            writer = plain.writer(stream, table.schema)
            writer.write(table.combine_chunks().to_batches()[0])
            writer.close()
    options = InputOptions(fill_down={"by": "order", "fields": ["city"]})
    known = format_of(str(path), options)
    (shard,) = known.shards(str(path), path.stat().st_size, options, 500)
    for most in (7, 1 << 16):
        chunks = list(known.read(shard, options, ["city", "line"], most))
        assert [row for chunk in chunks for row in chunk.batch["city"].to_pylist()] == [
            f"c{number - number % 3}" for number in range(3_000)
        ]
        assert all(chunk.batch.schema.names == ["city", "line"] for chunk in chunks)
        assert np.array_equal(np.concatenate([chunk.rows for chunk in chunks]), np.arange(3_000))
        (alone,) = {chunk.batch.schema.names[0] for chunk in known.read(shard, options, ["line"], most)}
        assert alone == "line"
