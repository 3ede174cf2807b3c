import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import FORMATS, format_named
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.json_rows import LIST
from beam_deid.transforms.formats.parquet_columns import as_read

MAP = pa.map_(pa.string(), pa.int64())
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


def test_fields_of_structs_are_columns_and_lists_are_never_read(tmp_path):
    path = str(tmp_path / "in.parquet")
    to = [{"city": "A", "geo": {"lat": 1.5}}, None, {"city": None, "geo": None}, {"city": "A", "geo": {"lat": 2.5}}]
    table = {"n": range(4), "to": to, "tags": [["x"], [], None, ["y"]], "by": pa.array([[("k", 1)]] * 4, MAP)}
    pq.write_table(pa.table(table), path)
    schema = PARQUET.schema(path, OPTIONS)
    assert schema.names == ["n", "to.city", "to.geo.lat", "tags", "by"]
    assert [one.name for one in schema if one.metadata == LIST] == ["tags", "by"]
    (shard,) = PARQUET.shards(path, 1, OPTIONS, 10)
    columns = ["to.geo.lat", "tags", "to.city"]
    (chunk,) = PARQUET.read(shard, OPTIONS, columns, 10, spare=["tags"])
    assert chunk.batch.to_pydict() == {
        "to.geo.lat": [1.5, None, None, 2.5],
        "tags": [None] * 4,
        "to.city": ["A", None, None, "A"],
    }
    (chunk,) = PARQUET.read(shard, OPTIONS, ["by"], 10, spare=["by"])
    assert chunk.batch.to_pydict() == {"by": [None] * 4}
    with pytest.raises(InputError, match=r"never read.*kind: free_text"):
        list(PARQUET.read(shard, OPTIONS, columns, 10))


def test_what_a_file_says_of_itself_and_its_columns_is_in_its_schema(tmp_path):
    path = str(tmp_path / "in.parquet")
    told = pa.schema([pa.field("n", pa.int64(), metadata={b"made": b"by"})], metadata={b"of": b"crm"})
    pq.write_table(pa.table({"n": [1]}, told), path)
    schema = PARQUET.schema(path, OPTIONS)
    assert schema.metadata[b"of"] == b"crm"
    assert schema.field("n").metadata[b"made"] == b"by"


def test_a_path_that_is_also_a_column_is_refused(tmp_path):
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"to.city": ["x"], "to": [{"city": "y"}]}), path)
    with pytest.raises(InputError, match=r"to\.city: a column is there twice"):
        PARQUET.schema(path, OPTIONS)


def test_columns_whose_names_begin_alike_are_told_apart(tmp_path):
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": ["1"], "a.b": ["2"], "a.b.c": ["3"]}), path)
    (shard,) = PARQUET.shards(path, 1, OPTIONS, 10)
    (chunk,) = PARQUET.read(shard, OPTIONS, ["a.b", "a"], 10)
    assert chunk.batch.to_pylist() == [{"a.b": "2", "a": "1"}]


def test_a_file_without_columns_is_refused(tmp_path):
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({}), path)
    with pytest.raises(InputError, match="has no column"):
        PARQUET.schema(path, OPTIONS)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1.5, None, 65504], pa.float16()), [1.5, None, 65504.0]),
        (pa.array([b"x", None, "上海".encode()]), ["x", None, "上海"]),
        (pa.array([b"x", None, b"y"], pa.large_binary()), ["x", None, "y"]),
        (pa.array([b"x", None, b"y"], pa.binary_view()), ["x", None, "y"]),
        (pa.array([b"xx", None, b"yy"], pa.binary(2)), ["xx", None, "yy"]),
        (pa.array([b"x", None, b"y"]).dictionary_encode(), ["x", None, "y"]),
        (
            pa.array([bytes(range(16)), None, b"\xff" * 16], pa.binary(16)).cast(pa.uuid()),
            ["00010203-0405-0607-0809-0a0b0c0d0e0f", None, "ffffffff-ffff-ffff-ffff-ffffffffffff"],
        ),
    ],
    ids=["float16", "binary", "large_binary", "binary_view", "fixed", "dictionary", "uuid"],
)
def test_types_without_a_text_are_read_as_one_that_has_it(tmp_path, values, expected):
    """Bytes were released as bytes, half-precision numbers were an error that nobody had foreseen."""
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": values}), path)
    (shard,) = PARQUET.shards(path, 1, OPTIONS, 10)
    (chunk,) = PARQUET.read(shard, OPTIONS, ["a"], 10)
    assert chunk.batch.column(0).to_pylist() == expected
    assert chunk.batch.schema.field("a").type == PARQUET.schema(path, OPTIONS).field("a").type


def test_bytes_that_are_no_text_are_faults_or_never_read_where_most_are_none(tmp_path):
    path = str(tmp_path / "in.parquet")
    odd = [b"a", b"\xff", "é".encode(), "é".encode()[:1], b"\xed\xa0\x80", None, b"b", b"c", b"d"]
    pictures = [bytes([0x89, n, 0xFF]) for n in range(9)]
    pq.write_table(pa.table({"odd": odd, "picture": pictures}), path)
    schema = PARQUET.schema(path, OPTIONS)
    assert [one.name for one in schema if one.metadata == LIST] == ["picture"]
    (shard,) = PARQUET.shards(path, 1, OPTIONS, 10)
    (chunk,) = PARQUET.read(shard, OPTIONS, ["odd", "picture"], 10, spare=["picture"])
    assert chunk.batch.column("odd").to_pylist() == ["a", "é", None, "b", "c", "d"]
    assert chunk.rows.tolist() == [0, 2, 5, 6, 7, 8]
    assert [(fault.rows.tolist(), fault.field, str(fault.reason)) for fault in chunk.faults] == [
        ([1, 3, 4], "odd", "bad_encoding")
    ]
    (chunk,) = PARQUET.read(shard, OPTIONS, ["odd"], 10, spare=["odd"])  # nobody needs it: no record is lost
    assert chunk.batch.column("odd").to_pylist() == ["a", None, "é", None, None, None, "b", "c", "d"]


@given(st.lists(st.binary(max_size=6) | st.none(), max_size=30))
def test_bytes_are_text_where_python_says_so(values):
    column, wrong = as_read(pa.array(values, pa.binary()))
    for value, text, bad in zip(
        values, column.to_pylist(), [False] * len(values) if wrong is None else wrong, strict=True
    ):
        try:
            expected = None if value is None else value.decode("utf-8")
        except UnicodeDecodeError:
            assert bad
            assert text is None
        else:
            assert not bad
            assert text == expected


def test_a_page_that_does_not_fit_its_checksum_is_an_error(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(
        pa.table({"a": range(1000)}), path, write_page_checksum=True, compression="none", use_dictionary=False
    )
    data = bytearray(path.read_bytes())
    data[500] ^= 1
    path.write_bytes(data)
    (shard,) = PARQUET.shards(str(path), 1, OPTIONS, 10**6)
    with pytest.raises(InputError, match="cannot be read"):
        list(PARQUET.read(shard, OPTIONS, ["a"], 1000))


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
