"""Tables in memory become columns of Arrow and again what they were, and whatever would become another value is refused."""

import datetime
import decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.ignoring import NOTHING_IGNORED, Ignored
from beam_deid.transforms.frames.columns import flat_columns
from beam_deid.transforms.frames.kinds import kind_of

UTC = datetime.timezone.utc
TIME = datetime.datetime(2026, 1, 31, 12)
LONG = 2**60 + 1
"""A whole number that no floating one is."""


def arrow_of(frame):
    return flat_columns(kind_of(frame, "here").to_arrow(frame), NOTHING_IGNORED, "here")


def back(frame):
    return kind_of(frame, "here").from_arrow(arrow_of(frame), frame)


def objects(*values):
    return pd.DataFrame({"a": pd.Series(values, dtype=object)})


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        [True, 1],
        [b"a", "a"],
        [TIME.date(), TIME],
        [TIME, TIME.replace(tzinfo=UTC)],
        [LONG, 0.5],
        [2**70],
        [pd.Period("2026")],
        [1 + 2j],
    ],
    ids=str,
)
def test_objects_of_several_types_or_of_none_that_is_known_are_refused_without_a_value(values):
    with pytest.raises(InputError, match="field a") as refused:
        arrow_of(objects(*values))
    assert "no one type" in refused.value.what
    assert not any(str(value) in str(refused.value) for value in values if len(str(value)) > 1)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([LONG, None], pa.int64()),
        ([1, 2.5, None], pa.float64()),
        (["a", None, float("nan")], pa.string()),
        ([True, None], pa.bool_()),
        ([TIME, None], pa.timestamp("us")),
        ([TIME.date(), None], pa.date32()),
        ([decimal.Decimal("1.10"), None], pa.decimal128(3, 2)),
        ([pd.Timestamp("2026-01-31 12:00:00.123456789")], pa.timestamp("ns")),
        ([None, None], pa.null()),
    ],
    ids=str,
)
def test_objects_of_one_type_are_what_they_are(values, kind):
    column = arrow_of(objects(*values)).column("a")
    # pandas 3 takes text as large strings, and pandas 2 all times as nanoseconds.
    of_pandas = {pa.string(): pa.large_string(), pa.timestamp("us"): pa.timestamp("ns")}
    assert column.type in (kind, of_pandas.get(kind))
    if kind != pa.timestamp("ns"):
        assert column.to_pylist() == [None if value != value else value for value in values]


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_whole_numbers_with_nulls_come_back_as_the_same_numbers(values):
    frame = objects(*values)
    again = [None if pd.isna(value) else int(value) for value in back(frame)["a"]]
    assert again == values


def test_columns_of_pandas_come_back_in_their_family():
    frame = pd.DataFrame(
        {
            "numpy": [1, 2],
            "nullable": pd.array([1, None], dtype="Int64"),
            "arrow": pd.array([1, None], dtype="int64[pyarrow]"),
            "text": pd.array(["a", None], dtype="string"),
            "floating": [1.5, None],
            "moment": pd.to_datetime(["2026-01-31", None]),
            "zoned": pd.to_datetime(["2026-01-31", None], utc=True),
        }
    )
    again = back(frame)
    same = ["numpy", "nullable", "arrow", "text", "floating", "moment", "zoned"]
    pd.testing.assert_frame_equal(again[same], frame[same])


def test_an_index_with_a_name_is_a_column_and_one_without_is_left_out():
    frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="order"))
    assert arrow_of(frame).to_pydict() == {"order": ["x", "y"], "a": [1, 2]}
    unnamed = frame.rename_axis(None)
    assert arrow_of(unnamed).to_pydict() == {"a": [1, 2]}
    assert list(back(unnamed).index) == [0, 1]
    assert arrow_of(unnamed).schema.metadata is None


def test_columns_of_pandas_without_a_text_for_a_name_are_refused():
    with pytest.raises(InputError, match="column 2: a column's name is no text"):
        arrow_of(pd.DataFrame({"a": [1], 7: [2]}))


def frames(**columns):
    return [pa.table(columns), pl.DataFrame(columns), pd.DataFrame(columns)]


@pytest.mark.parametrize("frame", [*frames(a=[[1]]), *frames(a=[[{"b": 1}]])], ids=lambda frame: type(frame).__module__)
def test_lists_are_never_read_unless_they_are_passed_over(frame):
    with pytest.raises(InputError, match=r"field a: values of type (large_)?list are never read"):
        arrow_of(frame)
    given = kind_of(frame, "here").to_arrow(frame)
    with pytest.raises(InputError, match="no column"):
        flat_columns(given, Ignored(["a"]), "here")


@pytest.mark.parametrize("frame", frames(a=[{"b": 1, "c": {"d": "x"}}, None]), ids=lambda frame: type(frame).__module__)
def test_fields_of_structs_are_columns_under_dotted_paths(frame):
    assert arrow_of(frame).to_pydict() == {"a.b": [1, None], "a.c.d": ["x", None]}


def test_two_columns_of_one_name_are_refused():
    for frame in (pd.DataFrame([[1, 2]], columns=["a", "a"]), pa.table([[1], [2]], names=["a", "a"])):
        with pytest.raises(InputError, match="two columns"):
            arrow_of(frame)


@pytest.mark.parametrize(
    "series",
    [
        pl.Series("a", [object()], dtype=pl.Object),
        pl.Series("a", [1], dtype=pl.Int128),
        pl.Series("a", [datetime.timedelta(1)]),
    ],
    ids=lambda series: str(series.dtype),
)
def test_types_of_polars_without_a_value_for_a_file_are_refused(series):
    with pytest.raises(InputError, match="field a"):
        arrow_of(pl.DataFrame([series]))


def test_types_of_polars_come_back():
    frame = pl.DataFrame(
        {
            "decimal": pl.Series([decimal.Decimal("1.10"), None], dtype=pl.Decimal(10, 2)),
            "text": ["a", None],
            "whole": pl.Series([1, None], dtype=pl.Int32),
            "moment": [TIME, None],
            "day": [TIME.date(), None],
            "truth": [True, None],
        }
    )
    assert back(frame).equals(frame)


def test_what_is_no_table_is_refused_with_what_it_is():
    for given_, told in (
        ({"a": [1]}, "builtins.dict"),
        (pl.LazyFrame({"a": [1]}), "LazyFrame"),
        (pd.Series([1]), "Series"),
    ):
        with pytest.raises(UsageError, match=told):
            kind_of(given_, "here")


def test_a_batch_and_a_stream_come_back_as_such():
    table = pa.table({"a": [1, 2, 3]})
    for given_ in (table.to_batches()[0], table.slice(0, 0).combine_chunks().to_batches(), table.to_reader(1)):
        if isinstance(given_, list):
            continue
        again = back(given_)
        assert type(again) is type(given_)
    empty = pa.RecordBatch.from_pylist([], schema=table.schema)
    assert back(empty).num_rows == 0
