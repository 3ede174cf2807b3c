import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import FORMATS, format_named
from beam_deid.transforms.formats.input_options import InputOptions

OPTIONS = InputOptions()
PARQUET = format_named("parquet")


def test_shards_are_whole_row_groups_and_cover_the_file(tmp_path):
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": range(1000)}), path, row_group_size=100)
    shards = PARQUET.shards(path, 1, OPTIONS, 250)
    assert [shard.row_groups for shard in shards] == [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
    seen = []
    for shard in shards:
        for chunk in PARQUET.read(shard, OPTIONS, ["a"], 64):
            assert chunk.batch.column(0).to_pylist() == chunk.rows.tolist()
            seen += chunk.rows.tolist()
    assert seen == list(range(1000))


@pytest.mark.parametrize("cut", [1, 100, -1])
def test_a_truncated_file_is_an_error_that_names_it(tmp_path, cut):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": range(1000)}), path)
    data = path.read_bytes()
    path.write_bytes(data[:cut])
    with pytest.raises(InputError, match=r"in\.parquet"):
        PARQUET.schema(str(path), OPTIONS)


def test_a_damaged_page_is_an_error_without_arrows_text(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": ["SECRET"] * 1000 + [str(n) for n in range(9000)]}), path)
    data = bytearray(path.read_bytes())
    data[4:2000] = bytes(1996)
    path.write_bytes(data)
    (shard,) = PARQUET.shards(str(path), 1, OPTIONS, 10**6)
    with pytest.raises(InputError) as raised:
        list(PARQUET.read(shard, OPTIONS, ["a"], 1000))
    assert "SECRET" not in str(raised.value)
    assert raised.value.__suppress_context__


def test_nested_columns_are_refused(tmp_path):
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": [[1]]}), path)
    with pytest.raises(InputError, match="nested"):
        PARQUET.schema(path, OPTIONS)


@pytest.mark.parametrize("kind", [one for one in FORMATS if one.written], ids=lambda kind: kind.name)
@pytest.mark.parametrize("cuts", [[300_000], [1, 299_999], [131_072, 168_928], [70_000] * 4 + [20_000]])
def test_bytes_do_not_depend_on_batches(kind, cuts):
    table = pa.table({"a": pa.array(range(300_000)), "b": pa.array(["x", None, ""] * 100_000)}, metadata={"k": "v"})
    whole = written(kind, table, [300_000])
    parts = written(kind, table, cuts)
    assert whole == parts


def written(kind, table, cuts):
    sink = io.BytesIO()
    start = 0
    writer = kind.writer(sink, table.schema)
    for rows in cuts:
        for batch in table.slice(start, rows).combine_chunks().to_batches():
            writer.write(batch)
        start += rows
    writer.close()
    return sink.getvalue()


def test_metadata_is_written_as_given():
    table = pa.table({"a": [1]}, metadata={"beam_deid.label": "still_personal"})
    assert pq.read_schema(io.BytesIO(written(PARQUET, table, [1]))).metadata[b"beam_deid.label"] == b"still_personal"
