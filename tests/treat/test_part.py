"""A part's name and bytes follow from what is written; only the name of the attempt is its own."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.formats import FORMATS
from beam_deid.transforms.treat.part import Part, WrittenPart

BATCH = pa.record_batch({"city": ["杭州市", None, ""], "age": pa.array([30, 31, None], pa.int64())})


def written(staging: Path, kind: str = "parquet", batches: int = 2) -> WrittenPart:
    part = Part(str(staging), "report", (7,), kind, BATCH.schema)
    for _ in range(batches):
        part.write(BATCH)
    part.close()
    return part.facts


@pytest.mark.parametrize("kind", ["parquet", "csv", "xlsx", "jsonl"])
def test_a_part_written_twice_is_the_same_bytes_under_another_attempt(tmp_path, kind):
    first = written(tmp_path, kind)
    second = written(tmp_path, kind)
    assert first.source != second.source
    assert (first.path, first.rows, first.sha256, first.size) == (second.path, second.rows, second.sha256, second.size)
    assert (tmp_path / first.source).read_bytes() == (tmp_path / second.source).read_bytes()


def test_every_format_that_a_release_may_have_was_tried():
    assert {one.name for one in FORMATS if one.written} == {"parquet", "csv", "xlsx", "jsonl"}


def test_its_facts_are_those_of_the_file(tmp_path):
    facts = written(tmp_path)
    data = (tmp_path / facts.source).read_bytes()
    assert facts.path == "part-00007.parquet"
    assert facts.size == len(data)
    assert facts.rows == pq.read_table(pa.BufferReader(data)).num_rows == 2 * BATCH.num_rows


def test_one_row_more_is_another_hash(tmp_path):
    assert written(tmp_path).sha256 != written(tmp_path, batches=3).sha256


def test_where_it_cannot_be_written_the_error_says_so(tmp_path):
    (tmp_path / "parts").write_text("a file where the folder would be")
    with pytest.raises(OutputError, match="a part cannot be written") as raised:
        written(tmp_path)
    assert "杭州市" not in str(raised.value)
