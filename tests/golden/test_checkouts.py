"""Comparing two checkouts: what differs in what their runs left is told; `checkouts.py` itself is run by hand."""

import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from .checkouts import not_as_it_should, released, unlike_files
from .runs import Run, call

LABEL = '{\n  "decided_at": "2026-01-05T08:00:00+00:00",\n  "k": 5\n}\n'
TABLE = pa.table({"a": [1, 2, 3]})


@pytest.fixture
def sides(tmp_path):
    """What two runs left, which is the same."""
    for side in (tmp_path / "before", tmp_path / "after"):
        (side / "said").mkdir(parents=True)
        (side / "label.json").write_text(LABEL)
        (side / "said" / "01-run.err").write_text("beam-deid: measuring\nbeam-deid: mend the file\n")
        (side / "restored.jsonl").write_text('{"process": 17, "rows": 3}\n')
        (side / "run.json").write_text(json.dumps({"releases": {"a": {"published": True, "records": {"released": 3}}}}))
        pq.write_table(TABLE, side / "part.parquet")
    return tmp_path / "before", tmp_path / "after"


def test_what_is_the_same_is_identical(sides):
    assert unlike_files(*sides) == ([], 0)
    assert released(sides[0]) == 3


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [
        ("said/01-run.err", "measuring\n", "measuring\nbeam-deid: step 3 of 6, releasing: 1,000 rows, 20 rows/s\n"),
        ("said/01-run.err", "measuring\n", "searching\n"),
        ("restored.jsonl", "17", "18"),
    ],
)
def test_progress_and_numbers_of_processes_are_left_out(sides, name, was, becomes):
    path = sides[1] / name
    path.write_text(path.read_text().replace(was, becomes))
    assert unlike_files(*sides) == ([], 0)


def test_a_paper_that_differs_in_its_time_is_told_as_such(sides):
    (sides[1] / "label.json").write_text(LABEL.replace("08:00", "09:00"))
    assert unlike_files(*sides) == ([], 1)


@pytest.mark.parametrize(
    ("name", "was", "becomes"),
    [("label.json", "5", "6"), ("said/01-run.err", "mend", "lend"), ("restored.jsonl", "3}", "4}")],
)
def test_any_other_byte_is_told_with_its_line(sides, name, was, becomes):
    path = sides[1] / name
    path.write_text(path.read_text().replace(was, becomes))
    (told,), by_text = unlike_files(*sides)
    assert told.startswith(f"{name}, line ")
    assert by_text == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (TABLE.slice(0, 2), "part.parquet, line 5: was '[3]\\n', is ''"),
        (TABLE.replace_schema_metadata({"b": "c"}), "part.parquet, line 3: was 'field a: {}\\n', is 'b: \"c\"\\n'"),
    ],
)
def test_parquet_is_told_by_values_or_metadata(sides, table, said):
    pq.write_table(table, sides[1] / "part.parquet")
    assert unlike_files(*sides) == ([said], 0)


def test_parquet_of_other_bytes_is_not_identical(sides):
    pq.write_table(TABLE, sides[1] / "part.parquet", use_dictionary=False)
    assert unlike_files(*sides) == (["part.parquet: other bytes, the same values and metadata"], 0)


def test_files_that_came_or_went_and_other_modes_are_told(sides):
    shutil.move(sides[1] / "label.json", sides[1] / "other.json")
    (sides[1] / "run.json").chmod(0o600)
    told, _ = unlike_files(*sides)
    assert [one.partition(":")[0] for one in told] == ["label.json", "other.json", "run.json"]


def test_a_code_that_is_not_right_proves_nothing(tmp_path):
    (tmp_path / "said").mkdir()
    (tmp_path / "said" / "codes.json").write_text('{"01-run": 4}')
    assert not_as_it_should(Run("a", [call("run", codes=(0, 4))]), tmp_path) == ""
    assert not_as_it_should(Run("a", [call("run")]), tmp_path).startswith("01-run ended with 4")


def test_of_a_long_line_the_place_is_shown(sides):
    for side, end in zip(sides, ("x", "y"), strict=True):
        (side / "a.csv").write_text("1," * 500 + end + ",2" * 500)
    (told,), _ = unlike_files(*sides)
    assert f"was …'{'1,' * 20}x,2,2" in told
    assert f"is …'{'1,' * 20}y,2,2" in told
    assert len(told) < 300
