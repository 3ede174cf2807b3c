"""Workbooks written by XlsxWriter, xlwt and by hand, and what is read of them."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.excel_cells import DAMAGED, ERROR
from beam_deid.transforms.formats.excel_header import Asked, Refused
from beam_deid.transforms.formats.excel_sheet import read_sheet
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.passed_over import said

from .reading import read_file
from .sample_files import ods, xlsb

SAMPLES = Path(__file__).parent / "samples"
NAMES = ["order", "city"]
REASONS = {DAMAGED: "damaged_by_excel", ERROR: "cell_error"}


def read_here(path, **asked):
    """What `read_file` gives, read in this process, which takes less time; cells at fault are left in their records as None."""
    found = read_sheet(path.read_bytes(), Asked(**asked))
    names = found.table.column_names
    values = [column.to_pylist() for column in found.table.columns]
    records = {}
    faults = {}
    for number, row in enumerate(found.rows.tolist()):
        cells = [column[number] for column in values]
        faults.update(((row, name), REASONS[cell]) for name, cell in zip(names, cells, strict=True) if cell in REASONS)
        records[row] = tuple(None if cell in REASONS else cell for cell in cells)
    return names, records, faults


def workbook(path, *sheets, options=None, formats=None):
    """A workbook of sheets, each a mapping from a cell's place, ``(row, column)``, to its value, by name."""
    with xlsxwriter.Workbook(str(path), options or {}) as book:
        made = {name: book.add_format({"num_format": form}) for name, form in (formats or {}).items()}
        for name, cells in sheets:
            sheet = book.add_worksheet(name)
            for (row, column), value in cells.items():
                value, form = value if isinstance(value, tuple) else (value, None)
                write = sheet.write_string if isinstance(value, str) else sheet.write
                write(row, column, value, *([made[form]] if form else []))
    return path


def table(rows, top=0, left=0):
    """The cells of a table whose upper left cell is there; None is no cell."""
    return {
        (top + row, left + column): value
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    }


def sheet_of(tmp_path, rows, **more):
    return workbook(tmp_path / "in.xlsx", ("Sheet1", table(rows)), **more)


def test_numbers_are_written_as_a_spreadsheet_shows_them(tmp_path):
    rows = [["n"], *([value] for value in (17850.0, 0.5, 0.1 + 0.2, 19.990000000000002, -3, 1e-5, 123456789012345, 0))]
    assert [value for (value,) in read_here(sheet_of(tmp_path, rows))[1].values()] == [
        *("17850", "0.5", "0.3", "19.99", "-3", "0.00001", "123456789012345", "0")
    ]


def test_a_number_of_more_digits_than_a_sheet_keeps_is_a_fault_and_the_same_in_text_is_none(tmp_path):
    rows = [
        ["order", "city"],
        [2020202020202020202, "A"],
        ["2020202020202020202", "B"],
        [10**15, "C"],
        [10**15 - 1, "D"],
    ]
    _, records, faults = read_file(sheet_of(tmp_path, rows))
    assert records == {1: ("2020202020202020202", "B"), 3: ("999999999999999", "D")}
    assert faults == dict.fromkeys([(0, "order"), (2, "order")], "damaged_by_excel")


@pytest.mark.parametrize("options", [{}, {"date_1904": True}])
def test_dates_times_and_spans_are_iso_8601_in_both_calendars(tmp_path, options):
    formats = {"date": "yyyy-mm-dd", "time": "d.m.yy h:mm:ss", "clock": "hh:mm", "span": "[h]:mm:ss"}
    moment = dt.datetime(2024, 2, 29, 10, 31, 7)
    rows = [
        ["a", "b", "c", "d", "e"],
        [
            (moment.date(), "date"),
            (moment, "time"),
            (dt.time(9, 5), "clock"),
            (1.25, "span"),
            (moment.replace(microsecond=250_000), "time"),
        ],
    ]
    path = sheet_of(tmp_path, rows, options=options, formats=formats)
    assert read_here(path)[1] == {
        0: ("2024-02-29", "2024-02-29 10:31:07", "09:05:00", "30:00:00", "2024-02-29 10:31:07.250")
    }


def test_text_stays_as_it_is_and_a_cell_without_any_is_null(tmp_path):
    rows = [
        ["a", "b", "c"],
        ["007", " x ", "四\n五"],
        ["", None, "1e5"],
        [True, False, "#N/A"],
        ["_x0041_", "'=1", "'tis"],
    ]
    assert read_here(sheet_of(tmp_path, rows))[1] == {
        0: ("007", " x ", "四\n五"),
        1: (None, None, "1e5"),
        2: ("TRUE", "FALSE", "#N/A"),
        3: ("_x0041_", "'=1", "'tis"),
    }


def test_a_cell_in_error_and_a_formula_without_its_result_are_faults_of_their_rows_alone(tmp_path):
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for column, name in enumerate(["a", "b", "c"]):
            sheet.write(0, column, name)
        for row in range(1, 7):
            sheet.write(row, 0, row)
        sheet.write_formula(2, 1, "=NA()", None, "#N/A")
        sheet.write_formula(3, 1, "=1+1", None, 2)
        sheet.write_formula(4, 2, "=B1")
        sheet.write_formula(5, 1, "=1/0", None, "#DIV/0!")
    _, records, faults = read_here(path)
    assert faults == dict.fromkeys([(1, "b"), (4, "b")], "cell_error")
    assert records[2] == ("3", "2", None)
    without = _rewritten(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<f>B1</f><v>0</v>", b"<f>B1</f>"))
    assert read_here(without)[2] == dict.fromkeys([(1, "b"), (3, "c"), (4, "b")], "cell_error")


@pytest.mark.parametrize("form", ["000000", "[$-804]000000"])
def test_zeros_that_are_shown_before_a_number_are_kept(tmp_path, form):
    """The postcode 000501 was read as 501."""
    rows = [["zip", "n"], [(501, "zip"), 501], [(1234567, "zip"), 0], [(0, "zip"), 2], [(1.5, "zip"), 3], ["7", 4]]
    path = sheet_of(tmp_path, [[-3 if value == 3 else value for value in row] for row in rows], formats={"zip": form})
    assert list(read_here(path)[1].values()) == [
        ("000501", "501"),
        ("1234567", "0"),
        ("000000", "2"),
        ("1.5", "-3"),
        ("7", "4"),
    ]


def test_a_number_that_is_no_day_is_a_fault(tmp_path):
    formats = {"date": "yyyy-mm-dd", "span": "[h]:mm:ss"}
    values = [(59, "date"), (60, "date"), (61, "date"), (-1, "date"), (60.5, "date"), 60, -1, (-1.5, "span")]
    path = sheet_of(tmp_path, [["day"], *([value] for value in values)], formats=formats)
    _, records, faults = read_here(path)
    assert faults == dict.fromkeys([(1, "day"), (3, "day"), (4, "day")], "cell_error")
    assert [day for (day,) in records.values() if day] == ["1900-02-28", "1900-03-01", "60", "-1", "-36:00:00"]


def _rewritten(path, name, change):
    """The workbook with another content of one of its parts."""
    other = path.with_name("changed.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            content = old.read(one)
            new.writestr(one, change(content) if one == name else content)
        assert change(old.read(name)) != old.read(name)
    return other


def test_blank_rows_are_no_records_and_rows_keep_their_places(tmp_path):
    rows = [["a", "b"], ["1", None], [None, None], ["", ""], ["2", "x"]]
    assert read_here(sheet_of(tmp_path, rows))[1] == {0: ("1", None), 3: ("2", "x")}


def test_a_value_of_merged_cells_stands_in_each_of_their_rows(tmp_path):
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for place, value in table(
            [["order", "city", "item"], [None, None, "a"], [None, None, "b"], [None, None, "c"], ["O2", None, "d"]]
        ).items():
            sheet.write(*place, value)
        sheet.merge_range(1, 0, 3, 0, "O1")
        sheet.merge_range(2, 1, 3, 1, "Leeds")
        sheet.merge_range(5, 0, 5, 2, "total")
    assert list(read_here(path, footer=0)[1].values()) == [
        ("O1", None, "a"),
        ("O1", "Leeds", "b"),
        ("O1", "Leeds", "c"),
        ("O2", None, "d"),
        ("total", None, None),
    ]
    assert len(read_here(path, footer=1)[1]) == 4


def test_titles_above_the_header_are_passed_over(tmp_path):
    rows = [
        [None],
        ["Orders of the shop"],
        ["2024-01-01", "2024-02-01"],
        [None],
        [*NAMES, "sum", "paid"],
        ["1", "A", 2, 3],
        ["2", None, None, 4],
    ]
    names, records, _ = read_here(workbook(tmp_path / "in.xlsx", ("S", table(rows, left=2))))
    assert names == [*NAMES, "sum", "paid"]
    assert records == {0: ("1", "A", "2", "3"), 1: ("2", None, None, "4")}


def test_skip_and_header_say_where_there_is_none_that_is_found(tmp_path):
    path = sheet_of(tmp_path, [["a", "b"], ["c", "d"], [1, 2]])
    assert read_here(path, skip=1)[0] == ["c", "d"]
    assert read_here(path, skip=2, header=["x", "y"])[:2] == (["x", "y"], {0: ("1", "2")})
    with pytest.raises(Refused, match=r"row 3, where the header should be, looks like data\. Let input\.skip say"):
        read_here(path, skip=2)
    with pytest.raises(Refused, match=r"input\.header names 1 columns, and the sheet has 2"):
        read_here(path, header=["x"])


def test_a_sheet_without_a_header_is_refused_and_no_value_of_it_is_shown(tmp_path):
    """The first person's number, name and address became names of columns, in messages and drafts."""
    rows = [["13800138000", "张三", "a@x.com"], *([f"139{n:08d}", f"李四{n}", f"b{n}@x.com"] for n in range(9))]
    with pytest.raises(InputError, match="row 1, where the header should be, looks like data") as raised:
        read_file(sheet_of(tmp_path, rows))
    assert not any(value in str(raised.value) for value in rows[0])


def test_a_header_that_names_half_of_the_columns_is_not_passed_over_as_a_title(tmp_path):
    path = sheet_of(tmp_path, [[*NAMES, None, None], ["O1", "Leeds", "a", "b"], ["O2", "York", "c", "d"]])
    with pytest.raises(Refused, match=r"cannot be told which row names the columns.*input\.skip"):
        read_here(path)
    names, records, _ = read_here(path, skip=0)
    assert (names, len(records)) == ([*NAMES, "column_3", "column_4"], 2)


def test_a_title_that_does_not_fill_the_columns_is_passed_over_where_the_header_differs_from_what_is_below(tmp_path):
    rows = [["Orders"], ["order", "city", "paid"], ["O1", "Leeds", "2024-02-01"], ["O2", "York", "2024-02-02"]]
    assert read_here(sheet_of(tmp_path, rows))[0] == ["order", "city", "paid"]
    texts = [*rows[:2], ["O1", "Leeds", "y"], ["O2", "York", "z"]]
    with pytest.raises(Refused, match="cannot be told"):
        read_here(sheet_of(tmp_path, texts))


def test_a_title_that_is_merged_over_the_columns_is_passed_over(tmp_path):
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Orders")
        for place, value in table(
            [["order", "city", "note"], ["O1", "Leeds", "x"], ["O2", "York", "y"]], top=1
        ).items():
            sheet.write(*place, value)
    assert read_here(path)[0] == ["order", "city", "note"]


def told_of(path, **asked):
    """What is said of a workbook before it is read."""
    options = InputOptions(**asked)
    passed = said(format_of(str(path), options).schema(str(path), options))
    return passed and passed.told("in.xlsx")


def test_rows_that_are_passed_over_and_sheets_that_are_not_read_are_told(tmp_path):
    """Titles, blank rows and hidden sheets were left out without a word."""
    rows = [["Orders of the shop"], [None], ["2024"], ["order", "city", "sum"], ["1", "A", 2], [None], [None]]
    rows += [["2", "B", 3], [None], ["3", "C", 4], ["x", None, None], ["y", "z", None]]
    path = tmp_path / "in.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name, cells in (("notes", [["a"], ["b"]]), ("orders", rows), ("empty", []), ("old", [["c"]])):
            sheet = book.add_worksheet(name)
            for place, value in table(cells).items():
                sheet.write(*place, value)
        sheet.hide()
    told = told_of(path, sheet="orders", footer=2)
    assert told == (
        "in.xlsx: passed over in sheet 2: 2 rows before the header, 3 blank rows (the first is row 6), "
        "2 rows after the last record; not read, though something stands in them: sheets 1, 4"
    )
    assert len(read_file(path, sheet="orders", footer=2)[1]) == 3


def test_a_workbook_of_nothing_but_its_table_has_nothing_to_tell(tmp_path):
    assert told_of(sheet_of(tmp_path, [["a", "b"], ["1", "x"], ["2", "y"]])) is None


@pytest.mark.parametrize("end", [["Total", None, 7], [None, "合计：", 7], [" GRAND TOTAL ", "2", 7]])
def test_a_total_is_no_order_unless_that_is_said(tmp_path, end):
    """The row `Total` was an order."""
    path = sheet_of(
        tmp_path, [["order", "city", "sum"], ["1", "Leeds", 3], ["2", "York", 4], end, [None, "noted by x", 1]]
    )
    with pytest.raises(Refused, match=r"looks like a total.*input\.footer"):
        read_here(path)
    assert len(read_here(path, footer=2)[1]) == 2
    assert len(read_here(path, footer=0)[1]) == 4


def test_rows_that_stand_apart_at_the_end_are_asked_about(tmp_path):
    rows = [["order", "city", "sum"], *([f"{n}", "Leeds", n] for n in range(9)), [None], ["exported 2024"], ["by x"]]
    path = sheet_of(tmp_path, rows)
    with pytest.raises(Refused, match=r"the last 2 rows stand apart.*input\.footer say.*: 2, or 0"):
        read_here(path)
    assert len(read_here(path, footer=2)[1]) == 9
    assert len(read_here(path, footer=0)[1]) == 11
    whole = sheet_of(tmp_path, [*rows[:10], [None], ["9", "York", 9]])
    assert len(read_here(whole)[1]) == 10


def test_a_header_that_comes_again_is_no_record(tmp_path):
    rows = [["a", None, "c"], ["1", "x", "2"], ["a ", None, "c"], ["a", "y", "3"], ["a", None, "c"]]
    _, records, faults = read_file(sheet_of(tmp_path, rows))
    assert records == {0: ("1", "x", "2"), 2: ("a", "y", "3")}
    assert faults == dict.fromkeys([(1, ""), (3, "")], "repeated_header")


def test_blank_and_repeated_names_are_numbered(tmp_path):
    assert read_here(sheet_of(tmp_path, [[None, "a", "a", "b"], [1, 2, 3, 4]]))[0] == ["column_1", "a", "a_2", "b"]


def test_the_sheet_is_the_one_that_is_named_or_the_only_one_with_anything_in_it(tmp_path):
    first = ("empty", {})
    second = ("订单", table([["a"], ["1"]]))
    assert read_here(workbook(tmp_path / "one.xlsx", first, second))[:2] == (["a"], {0: ("1",)})
    path = workbook(tmp_path / "two.xlsx", first, second, ("more", table([["b"], ["2"]])))
    assert read_here(path, sheet="more")[0] == ["b"]
    assert read_here(path, sheet=2)[0] == ["a"]
    with pytest.raises(
        Refused, match=r"more than one sheet has something in it: 订单, more\. Let input\.sheet name the one"
    ):
        read_here(path)
    with pytest.raises(Refused, match=r"has no sheet 4\. Let input\.sheet name one of: empty, 订单, more"):
        read_here(path, sheet=4)
    with pytest.raises(Refused, match="the sheet empty is empty, it has not even a header"):
        read_here(path, sheet=1)
    with pytest.raises(Refused, match="the workbook is empty"):
        read_here(workbook(tmp_path / "none.xlsx", first))


def test_chunks_have_no_more_rows_than_asked_for(tmp_path):
    rows = [["a"], *([str(number)] for number in range(25))]
    path = sheet_of(tmp_path, rows)
    assert read_file(path, rows=7) == read_file(path)


def test_an_old_workbook_is_read():
    names, records, faults = read_file(SAMPLES / "orders.xls")
    assert names == ["order", "city", "amount", "paid", "done"]
    assert (len(records), faults) == (20, {})
    assert records[1] == ("100000000000000001", "Leeds", "1.25", "2024-01-05 10:31:01", "FALSE")
    assert records[2][1] is None


@pytest.mark.parametrize(("name", "made"), [("in.ods", ods), ("in.xlsb", xlsb)])
def test_workbooks_of_other_kinds_are_read(tmp_path, name, made):
    path = tmp_path / name
    path.write_bytes(made([["order", "amount", "n"], ["10", 2.5, None], [None, None, None], ["杭州", 7, 0.1 + 0.2]]))
    assert read_here(path)[:2] == (["order", "amount", "n"], {0: ("10", "2.5", None), 2: ("杭州", "7", "0.3")})


def test_text_that_is_called_a_workbook_is_read_as_text(tmp_path):
    path = tmp_path / "in.xls"
    path.write_bytes('订单\t城市\n="0123"\t重庆市渝中区\n'.encode("gb18030"))
    assert read_file(path)[:2] == (["订单", "城市"], {0: ('="0123"', "重庆市渝中区")})


@pytest.mark.parametrize(
    "page", [b"<html><table><tr><td>1", b"\xef\xbb\xbf\r\n<TABLE>", b"<?xml version='1.0'?><Workbook>"]
)
def test_a_page_that_is_called_a_workbook_is_refused(tmp_path, page):
    path = tmp_path / "in.xls"
    path.write_bytes(page)
    with pytest.raises(
        InputError, match=r"is a page of HTML or XML, and no workbook\. Open it in Excel and save it as \.xlsx"
    ):
        read_file(path)


@pytest.mark.parametrize("name", ["in.csv", "in.jsonl"])
def test_a_workbook_that_is_called_text_is_refused_with_what_to_do(tmp_path, name):
    path = sheet_of(tmp_path, [["a"], ["1"]]).rename(tmp_path / name)
    with pytest.raises(InputError, match=r"is a workbook, and no text\. Call it \.xlsx, or set input\.format: xlsx"):
        read_file(path)


def test_what_is_damaged_or_protected_or_none_is_refused(tmp_path):
    path = sheet_of(tmp_path, [["a"], ["1"]])
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InputError, match="the workbook is damaged, is protected by a password, or is none"):
        read_file(path)
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(1000))
    with pytest.raises(InputError, match="the workbook is damaged, is protected by a password, or is none"):
        read_file(path)


def test_a_refusal_in_the_process_of_the_reader_names_the_file(tmp_path):
    path = workbook(tmp_path / "in.xlsx", ("S", table([["a"]])), ("T", table([["b"]])))
    with pytest.raises(InputError) as raised:
        read_file(path)
    assert raised.value.message == (
        f"{path}: more than one sheet has something in it: S, T. Let input.sheet name the one to read"
    )
    assert read_file(path, sheet="T", header=["x"])[:2] == (["x"], {0: ("b",)})


def test_a_sheet_that_unpacks_to_far_too_much_is_refused(tmp_path):
    path = sheet_of(tmp_path, [["a"], ["1"]])
    big = _rewritten(
        path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</row>", b" " * (257 << 20) + b"</row>", 1)
    )
    with pytest.raises(Refused, match="unpacks to more than 200 times its size"):
        read_here(big)


def test_two_cells_far_apart_do_not_take_the_memory_of_all_between_them(tmp_path):
    cells = {(0, 0): "a", (1_048_575, 16_383): "b"}
    with pytest.raises(InputError, match=r"reading the file takes more than 4096 MiB of memory\. Save it as CSV"):
        read_file(workbook(tmp_path / "in.xlsx", ("S", cells)))


def test_a_column_that_is_gone_is_told(tmp_path):
    path = sheet_of(tmp_path, [["a"], ["1"]])
    with pytest.raises(InputError, match="lacks the column b"):
        read_file(path, columns=["b"])
