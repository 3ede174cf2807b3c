import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.sizes import BLOCK, by_size, in_order, matrix_column

KINDS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]
COLUMNS = st.lists(st.one_of(st.none(), st.text(max_size=40)), max_size=40)


def column_of(texts, kind):
    return pa.array([text if text is None else text.encode() for text in texts], pa.binary()).cast(kind)


def gathered(column):
    """The values of a column from its groups, each row once."""
    found = [None] * len(column)
    for group in by_size(column):
        assert len(group.rows) == len(group.words) > 0
        assert group.words.dtype == np.uint64
        assert group.words.shape[1] == 2 * max(1, -(-group.size // BLOCK))
        assert group.bytes.shape == (len(group.rows), group.size)
        assert not group.words.view(np.uint8)[:, group.size :].any()
        for row, value in zip(group.rows.tolist(), group.bytes, strict=True):
            assert found[row] is None
            found[row] = bytes(value)
    return found


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(texts=COLUMNS, data=st.data())
def test_every_row_of_any_slice_is_in_one_group_with_its_bytes(kind, texts, data):
    begin = data.draw(st.integers(0, len(texts)))
    end = data.draw(st.integers(begin, len(texts)))
    expected = [(text or "").encode() for text in texts]
    column = column_of(texts, kind)
    assert gathered(column) == expected
    assert gathered(column[begin:end]) == expected[begin:end]


def test_every_size_up_to_many_blocks():
    values = [bytes([size % 255 + 1]) * size for size in range(300)]
    assert gathered(pa.array(values, pa.binary())) == values
    assert [group.size for group in by_size(pa.array(values[::-1], pa.binary()))] == list(range(300))


def test_a_group_is_not_larger_than_a_processor_cache():
    values = [f"{number:06d}" for number in range(100_000)]
    column = pa.array(values)
    assert max(len(group.rows) for group in by_size(column)) <= 1 << 15
    assert gathered(column) == [value.encode() for value in values]
    mixed = [value[: number % 3 + 1] for number, value in enumerate(values)]
    assert gathered(pa.array(mixed)) == [value.encode() for value in mixed]


def test_values_longer_than_two_bytes_can_count():
    values = [b"a" * 65_537, b"b", b"c" * 65_537, b"", b"d"]
    column = pa.array(values, pa.binary())
    assert gathered(column) == values
    assert [group.size for group in by_size(column)] == [0, 1, 65_537]


def test_columns_without_a_value_or_a_row():
    assert list(by_size(pa.array([], pa.string()))) == []
    assert gathered(pa.array(["", ""])) == [b"", b""]
    assert gathered(pa.array([None, None], pa.string())) == [b"", b""]
    assert gathered(pa.nulls(3, pa.large_binary())) == [b"", b"", b""]
    assert gathered(pa.array(["a", "b"])[2:]) == []


def test_the_column_is_not_changed():
    column = pa.array(["13800138000", "张三", None])
    before = column.to_pylist()
    for group in by_size(column):
        group.words[:] = 0
    assert column.to_pylist() == before


@given(st.integers(0, 20), st.integers(0, 20))
def test_a_matrix_becomes_a_column_of_its_rows(rows, width):
    matrix = np.random.default_rng(rows).integers(0, 128, (rows, width), np.uint8)
    expected = [bytes(row) for row in matrix]
    for kind in (pa.binary(), pa.string()):
        column = matrix_column(matrix, kind)
        column.validate(full=True)
        assert column.type == kind
        assert column.cast(pa.binary()).to_pylist() == expected
    wide = np.zeros((rows, 2 * width), np.uint8)
    wide[:, ::2] = matrix
    assert matrix_column(wide[:, ::2], pa.binary()).to_pylist() == expected  # a view need not be contiguous


@given(COLUMNS, st.sets(st.integers(0, 39)))
def test_groups_are_put_back_in_order_and_rows_that_are_not_valid_become_null(texts, gone):
    column = column_of(texts, pa.binary())
    parts = [(group.rows, matrix_column(group.bytes, pa.binary())) for group in by_size(column)]
    expected = [(text or "").encode() for text in texts]
    assert in_order(parts, pa.binary()).to_pylist() == expected
    valid = pa.array([row not in gone for row in range(len(texts))], pa.bool_())
    kept = in_order(iter(parts), pa.binary(), valid)
    kept.validate(full=True)
    assert kept.type == pa.binary()
    assert kept.to_pylist() == [None if row in gone else value for row, value in enumerate(expected)]
