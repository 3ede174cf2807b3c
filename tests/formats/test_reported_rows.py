"""Rows are named as whoever opens the file sees them: its first row, mostly the header, is row 1."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import reported
from beam_deid.transforms.formats.input_options import InputOptions


def rows_of(path, **options):
    """The rows of a file, sound and at fault, by the numbers that reports give them; and the reasons of the latter."""
    asked = InputOptions(**options)
    kind = format_of(str(path), asked)
    names = kind.schema(str(path), asked).names
    sound = []
    faults = {}
    for shard in kind.shards(str(path), path.stat().st_size, asked, 2):  # cut at every other row
        for chunk in kind.read(shard, asked, names, 2, known=names):
            sound += [reported(row, chunk.above) for row in chunk.rows.tolist()]
            for fault in chunk.faults:
                faults |= dict.fromkeys([reported(row, chunk.above) for row in fault.rows.tolist()], str(fault.reason))
    return sound, faults


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("a,b\n1,2\n5\n3,4\n", {}, ([2, 4], {3: "malformed_row"})),
        ("1,2\n5\n3,4\n", {"header": ("a", "b")}, ([1, 3], {2: "malformed_row"})),
        ("a,b\n1,2\n5\n3,4\n", {"header": ("a", "b")}, ([2, 4], {3: "malformed_row"})),
        ("sep=;\r\na;b\r\n1;2\r\n5\r\n3;4\r\n", {}, ([3, 5], {4: "malformed_row"})),
        ("x\n\na,b\n1,2\n5\n3,4\n", {"skip": 2}, ([4, 6], {5: "malformed_row"})),
        (
            "Orders of a shop\n\nExported today\n\na,b,c\n" + "1,2,3\n" * 3 + "5\n1,2,3\n1,2,3\n",
            {},
            ([6, 7, 8, 10, 11], {9: "malformed_row"}),
        ),
        (
            'a,b\n1,"2\n3"\n5\n3,4\n',
            {},
            ([2, 4], {3: "malformed_row"}),
        ),  # a value of two lines is in one row, as in a sheet
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_text(tmp_path, text, options, expected, encoding):
    (tmp_path / "in.csv").write_bytes(text.encode(encoding))
    assert rows_of(tmp_path / "in.csv", **options) == expected


def test_json(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"a": 1}\n\n[2]\n{"a": 3}\n')
    assert rows_of(tmp_path / "in.jsonl") == ([1, 4], {3: "not_an_object"})
    (tmp_path / "in.json").write_text('[{"a": 1}, 7, {"a": 3}]')
    assert rows_of(tmp_path / "in.json") == ([1, 3], {2: "not_an_object"})


@pytest.mark.parametrize("title", [0, 3])
def test_a_sheet(tmp_path, title):
    with xlsxwriter.Workbook(tmp_path / "in.xlsx") as book:
        sheet = book.add_worksheet()
        for row, cells in {0: ["a", "b"], 1: ["x", "y"], 3: ["u", "v"]}.items():
            sheet.write_row(title + row, 0, cells)
    assert rows_of(tmp_path / "in.xlsx") == ([title + 2, title + 4], {})


def test_parquet(tmp_path):
    pq.write_table(pa.table({"a": ["x", "y", "z"]}), tmp_path / "in.parquet", row_group_size=2)
    assert rows_of(tmp_path / "in.parquet") == ([1, 2, 3], {})
