"""Samples: the same for the same files, spread over all parts, of every format."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.dataset.sampling import take_sample
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats.input_options import InputOptions

PLAIN = InputOptions()


@pytest.fixture
def files(tmp_path):
    for number in range(40):
        table = pa.table({"n": pa.array(range(number * 100, number * 100 + 100)), "t": ["x"] * 100})
        pq.write_table(table, tmp_path / f"part-{number:02}.parquet")
    return str(tmp_path / "*.parquet")


def test_a_small_input_is_read_whole(files):
    sample = take_sample([files], PLAIN, 10_000)
    assert (sample.files, sample.rows, sample.whole) == (40, 3_200, False)  # of forty parts thirty-two
    one = take_sample([files.replace("*", "part-07")], PLAIN, 100)
    assert (one.rows, one.whole) == (100, True)


def test_a_large_one_is_sampled_evenly_and_always_alike(files):
    first, again = (take_sample([files], PLAIN, 320) for _ in range(2))
    assert first.columns == again.columns
    numbers = first.columns["n"].to_pylist()
    assert len(numbers) == 320
    assert numbers[:10] == list(range(10))
    assert numbers[-10:] == list(range(3_900, 3_910))
    assert not first.whole


def test_files_of_other_columns_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,2\n")
    (tmp_path / "b.csv").write_text("x,z\n1,2\n")
    with pytest.raises(UsageError, match="not those of the first file: y"):
        take_sample([str(tmp_path / "*.csv")], PLAIN, 1_000)


def test_columns_of_two_types_are_text(tmp_path):
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"n": ["x"]}), tmp_path / "b.parquet")
    assert take_sample([str(tmp_path)], PLAIN, 1_000).columns["n"].to_pylist() == ["1", "2", "x"]


def test_lists_are_named_and_not_read_and_broken_rows_are_counted(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"a": 1, "b": ["x"]}\n{"a": 2, "b": []}\n{broken\n')
    sample = take_sample([str(tmp_path / "a.jsonl")], PLAIN, 1_000)
    assert sample.lists == ("b",)
    assert sample.columns["a"].to_pylist() == ["1", "2"]
    assert sample.unreadable == 1
