"""What releases write as .xlsx, read by us and by openpyxl."""

import datetime as dt
import decimal
import hashlib
import io
import zipfile

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import excel_writer, format_named
from beam_deid.transforms.formats.excel_header import Asked
from beam_deid.transforms.formats.excel_sheet import read_sheet

from ..kit.examples import examples
from .reading import read_file

EXCEL = format_named("xlsx")
TEXTS = [
    "=1+1",
    "'x",
    "+86138",
    "-42",
    "\ttab",
    "a\r\nb",
    "a\x01b",
    "_x0041_",
    "_x005F_x0041_",
    "<&>\"'",
    "𠮷😀",
    " lead ",
]

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\ufffe\uffff")  # which are none


def written(table, most=None):
    stream = io.BytesIO()
    writer = EXCEL.writer(stream, table.schema)
    for batch in table.to_batches(most):
        writer.write(batch)
    writer.close()
    return stream.getvalue()


def column(values, kind):
    """A column as it is read again by us, and by openpyxl."""
    data = written(pa.table({"a": pa.array(values, kind)}))
    ours = read_sheet(data, Asked()).table.column("a").to_pylist()
    theirs = [row[0].value for row in openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(min_row=2)]
    return ours, theirs


def test_text_is_text_for_us_and_no_formula_for_others(tmp_path):
    path = tmp_path / "in.xlsx"
    path.write_bytes(written(pa.table({"a": TEXTS})))
    assert [value for (value,) in read_file(path)[1].values()] == TEXTS
    cells = [row[0] for row in openpyxl.load_workbook(path).active.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert cells[0].value == "=1+1"


@given(
    st.lists(
        st.text(CHARACTERS, min_size=1, max_size=8).filter(lambda text: not text.startswith("'")),
        min_size=1,
        max_size=20,
    )
)
@examples(3)
def test_any_text_is_read_as_it_was(values):
    data = written(pa.table({"a": values}))
    assert read_sheet(data, Asked()).table.column("a").to_pylist() == values


def test_numbers_are_numbers_where_a_cell_keeps_all_their_digits_and_text_elsewhere():
    values = [1, 999_999_999_999_999, 10**15, 2**53 + 1, -(2**63)]
    assert column(values, pa.int64()) == (
        [str(one) for one in values],
        [*values[:2], *(str(one) for one in values[2:])],
    )
    values = [0.5, 0.1 + 0.2, 1e20, -2.5]
    assert column(values, pa.float64()) == (
        ["0.5", "0.30000000000000004", "1e+20", "-2.5"],
        [0.5, "0.30000000000000004", "1e+20", -2.5],
    )
    values = [decimal.Decimal("12.50"), decimal.Decimal("1234567890123456.78")]
    assert column(values, pa.decimal128(18, 2)) == (["12.5", "1234567890123456.78"], [12.5, "1234567890123456.78"])


def test_dates_and_times_are_those_of_a_sheet_where_it_has_them():
    values = [dt.date(2024, 2, 29), dt.date(1900, 3, 1), dt.date(1900, 2, 28), dt.date(9999, 12, 31)]
    ours, theirs = column(values, pa.date32())
    assert ours == [one.isoformat() for one in values]
    assert [type(one) for one in theirs] == [dt.datetime, dt.datetime, str, dt.datetime]
    moment = dt.datetime(2024, 2, 29, 23, 59, 59, 999_000)
    ours, theirs = column([moment, moment.replace(microsecond=999_999)], pa.timestamp("us"))
    assert ours == ["2024-02-29 23:59:59.999", "2024-02-29 23:59:59.999999"]
    assert theirs == [moment, "2024-02-29 23:59:59.999999"]


@given(st.lists(st.datetimes(dt.datetime(1900, 3, 1), dt.datetime(9999, 12, 31)), min_size=1, max_size=50))
@examples(2)
def test_every_thousandth_of_a_second_comes_back(moments):
    moments = [one.replace(microsecond=one.microsecond // 1000 * 1000) for one in moments]
    data = written(pa.table({"a": pa.array(moments, pa.timestamp("us"))}))
    read = read_sheet(data, Asked()).table.column("a").to_pylist()
    assert [dt.datetime.fromisoformat(one) for one in read] == moments


def test_nulls_are_no_cells_and_truths_are_truths():
    assert column([True, None, False], pa.bool_())[1] == [True, None, False]
    data = written(pa.table({"a": ["x", None, None], "b": [None, 1, None]}))
    assert read_sheet(data, Asked()).table.to_pydict() == {"a": ["x", None], "b": [None, "1"]}


@pytest.mark.parametrize("most", [1, 7, 100_000])
def test_bytes_depend_on_the_rows_alone_and_bear_no_time(most):
    table = pa.table({"a": [f"text {number}" for number in range(40)], "b": range(40)})
    data = written(table, most)
    assert hashlib.sha256(data).digest() == hashlib.sha256(written(table)).digest()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_more_than_a_sheet_or_a_cell_holds_is_refused_with_what_to_do(monkeypatch):
    with pytest.raises(OutputError, match="a value of a is longer than the 32,767 characters of a cell"):
        written(pa.table({"a": ["😀" * 16_384]}))
    assert written(pa.table({"a": ["😀" * 16_383]}))
    monkeypatch.setattr(excel_writer, "MOST_ROWS", 5)
    assert written(pa.table({"a": range(5)}))
    with pytest.raises(
        OutputError, match=r"5 rows below its header at most\. Let parts\.rows of the release be smaller"
    ):
        written(pa.table({"a": range(6)}))
    monkeypatch.setattr(excel_writer, "_LARGEST", 1000)
    with pytest.raises(OutputError, match="larger than a sheet can be"):
        written(pa.table({"a": ["x" * 1000]}))
