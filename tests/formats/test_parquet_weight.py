"""Small Parquet files that hold far more than they are; and that files like them, honestly meant, are read as ever."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.parquet_dictionary import all_short
from beam_deid.transforms.formats.parquet_weight import heavy_columns
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import UNPACKED_BYTES

from ..kit.examples import examples
from .memory import read_alone

OPTIONS = InputOptions()
PARQUET = format_named("parquet")
MIB = 1 << 20


def write(path, columns, plain=(), **options):
    """Dictionaries are written as such, and nothing in the file says that they were dictionaries before."""
    table = pa.table(columns)
    coded = [name for name in table.schema.names if name not in plain]
    pq.write_table(
        table,
        path,
        store_schema=False,
        use_dictionary=coded,
        dictionary_pagesize_limit=1 << 30,
        **({"compression": "zstd"} | options),
    )
    return str(path)


def repeated(values, places, kind=None):
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32()), pa.array(values, kind or pa.string()))


def batches(path, columns, rows=65_536):
    for shard in PARQUET.shards(path, 1, OPTIONS, 1 << 30):
        for chunk in PARQUET.read(shard, OPTIONS, columns, rows):
            yield chunk.batch


BOMBS = {
    "one value of 10 MB, a million times": (["x" * 10_000_000], np.zeros(1_000_000)),
    "the same after many rows": (["short", "x" * 10_000_000], [None] * 70_000 + [0] * 70_000 + [1] * 100_000),
    "one of 1 MB": (["x" * 1_000_000], np.zeros(500_000)),
    "so many that it is read as a dictionary": (["x" * 10_000_000], np.zeros(4_000_000)),
}


@pytest.mark.slow("bounds of memory are measured over large files")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_long_value_that_is_repeated_without_end_stops_in_bounded_memory(tmp_path, bomb):
    values, places = BOMBS[bomb]
    path = write(tmp_path / "in.parquet", {"n": np.arange(len(places)), "note": repeated(values, places)})
    _, message, peak = read_alone(path)
    assert message.startswith(f"{path}: row group 0, column note: this row group unpacks to more than 200 times")
    assert "xx" not in message
    assert peak < 300


def test_the_row_group_that_unpacks_to_too_much_is_named(tmp_path):
    path = str(tmp_path / "in.parquet")
    schema = pa.schema([("note", pa.dictionary(pa.int32(), pa.string()))])
    with pq.ParquetWriter(path, schema, store_schema=False, dictionary_pagesize_limit=1 << 30) as writer:
        for value in ("short", "x" * 1_000_000):
            writer.write_table(pa.table({"note": repeated([value], np.zeros(100_000))}, schema))
    with pytest.raises(InputError, match="row group 1, column note"):
        list(batches(path, ["note"]))


def remarks(distinct, longest):
    """Rows of short texts and nulls with a long one now and then, and the rows' numbers."""
    rng = np.random.default_rng(0)
    places = np.where(rng.random(100_000) < 0.01, distinct, rng.integers(0, distinct, 100_000))
    texts = pa.array([f"value number {n}" for n in range(distinct)] + ["z" * longest])
    return texts.take(pa.array(places, mask=rng.random(100_000) < 0.1)), np.arange(100_000)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
@pytest.mark.parametrize("longest", [5_000, 100_000])
def test_long_values_that_are_repeated_a_little_are_read_as_ever(tmp_path, kind, longest):
    texts, numbers = remarks(30_000, longest)
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": texts.cast(kind), "n": numbers}), path)
    assert heavy_columns(open_arrow(path), pq.read_metadata(path), [0], ["a", "n"], 65_536) == ["a"]
    found = list(batches(path, ["n", "a"]))
    assert [batch.num_rows for batch in found] == [65_536, 100_000 - 65_536]
    expected = pq.read_table(path).select(["n", "a"])
    if kind == pa.binary():  # bytes that are text are read as text
        expected = expected.cast(pa.schema([("n", pa.int64()), ("a", pa.string())]))
    assert pa.Table.from_batches(found).equals(expected)


@pytest.mark.parametrize("distinct", [50, 30_000])
def test_long_values_in_a_struct_are_weighed_as_well(tmp_path, distinct):
    texts, numbers = remarks(distinct, 100_000)
    path = str(tmp_path / "in.parquet")
    inside = pa.StructArray.from_arrays([texts, pa.array(numbers)], ["a", "n"])
    pq.write_table(pa.table({"s": inside}), path, row_group_size=60_000)
    assert heavy_columns(open_arrow(path), pq.read_metadata(path), [0, 1], ["s.a"], 65_536) == ["s.a"]
    found = list(batches(path, ["s.n", "s.a"]))
    assert [n for batch in found for n in batch.column(0).to_pylist()] == numbers.tolist()
    assert pa.concat_arrays([plain(batch.column(1)) for batch in found]).equals(texts)
    bomb = repeated(["x" * MIB], np.zeros(10_000))
    pq.write_table(pa.table({"s": pa.StructArray.from_arrays([bomb], ["a"])}), path)
    with pytest.raises(InputError, match=r"column s\.a"):
        list(batches(path, ["s.a"]))


def test_long_values_of_few_are_read_as_the_dictionary_that_they_are_as_ever(tmp_path):
    texts, numbers = remarks(50, 5_000)
    path = str(tmp_path / "in.parquet")
    pq.write_table(pa.table({"a": texts, "n": numbers}), path)
    assert heavy_columns(open_arrow(path), pq.read_metadata(path), [0], ["a"], 65_536) == ["a"]
    ever = list(pq.ParquetFile(path, read_dictionary=["a"]).iter_batches(65_536, columns=["a"]))
    assert list(batches(path, ["a"])) == ever


def test_a_batch_that_weighs_too_much_comes_in_several_and_loses_nothing(tmp_path):
    rng = np.random.default_rng(0)
    noise = [rng.bytes(2 * MIB).hex() for _ in range(5)]  # 20 MiB that do not pack
    places = rng.integers(0, 5, 200)
    path = write(tmp_path / "in.parquet", {"a": repeated(noise, places), "n": np.arange(200)})
    weights = []
    rows = []
    seen = []
    for batch in batches(path, ["a", "n"]):
        weights.append(batch.column("a").nbytes)
        rows += batch.column("n").to_pylist()
        seen += [noise.index(value) for value in batch.column("a").to_pylist()]
    assert len(weights) > 1
    assert max(weights) <= UNPACKED_BYTES + 1000
    assert rows == list(range(200))
    assert seen == places.tolist()


def test_values_of_one_fixed_length_are_read_in_batches_that_fit(tmp_path):
    wide = pa.binary(MIB)
    path = write(tmp_path / "in.parquet", {"a": repeated([bytes(MIB)], np.zeros(600), wide)})
    found = [batch.column(0) for batch in batches(path, ["a"])]
    assert [len(column) for column in found] == [256, 256, 88]
    assert {column.type for column in found} == {pa.string()}
    assert pc.all(pc.equal(pc.binary_length(found[2]), MIB)).as_py()


def test_values_that_are_too_large_on_average_are_refused_by_the_footer(tmp_path):
    values = pa.array([b"x" * (17 * MIB)] * 2)
    path = write(tmp_path / "in.parquet", {"n": [1, 2], "a": values}, plain=["a"])
    for call in (PARQUET.schema, lambda path, options: PARQUET.shards(path, 1, options, 10)):
        with pytest.raises(InputError, match=r"row group 0, column a: values are larger than 16 MiB on average"):
            call(path, OPTIONS)


def test_a_row_group_that_unpacks_to_far_more_than_the_file_is_refused_by_the_footer(tmp_path):
    many = pa.array(np.zeros(UNPACKED_BYTES // 8 + 1000, np.int64))
    columns = {"n": np.arange(len(many), dtype=np.int8), "zero": many}
    path = write(tmp_path / "in.parquet", columns, plain=["zero"], row_group_size=len(many))
    with pytest.raises(InputError, match="row group 0, column zero: this row group unpacks to more than 200 times"):
        PARQUET.schema(path, OPTIONS)


def test_the_same_in_row_groups_of_common_size_is_read(tmp_path):
    many = pa.array(np.zeros(UNPACKED_BYTES // 8 + 1000, np.int64))
    path = write(tmp_path / "in.parquet", {"zero": many}, plain=["zero"], row_group_size=1 << 20)
    assert sum(batch.num_rows for batch in batches(path, ["zero"], 1 << 20)) == len(many)


texts = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.text("\0\1é", max_size=12),
    st.integers(0, 5000).map(lambda length: "x" * length),
)


@given(st.sets(texts, min_size=1, max_size=20), st.sampled_from(["none", "snappy", "gzip", "zstd", "brotli"]))
@example({""}, "none")
@example({"x" * 255, "", "y"}, "snappy")
@example({"x" * 256}, "gzip")
@examples(1.5)
def test_a_glance_takes_no_long_value_for_a_short_one(tmp_path_factory, values, compression):
    path = write(
        tmp_path_factory.mktemp("parquet") / "in.parquet",
        {"a": repeated(sorted(values), np.arange(len(values)))},
        compression=compression,
    )
    column = pq.read_metadata(path).row_group(0).column(0)
    short = max(len(value.encode()) for value in values) < 256
    seen = all_short(open_arrow(path), column)
    if any("\0" in value for value in values):
        assert short or not seen
    else:
        assert seen == short


@pytest.mark.parametrize("at", range(40))
def test_a_damaged_page_is_never_taken_for_short_values_that_are_long(tmp_path, at):
    path = write(tmp_path / "in.parquet", {"a": repeated(["x" * 5000, "y"], [0, 1])}, compression="none")
    column = pq.read_metadata(path).row_group(0).column(0)
    data = bytearray(Path(path).read_bytes())
    data[column.dictionary_page_offset + at] ^= 0x55
    Path(path).write_bytes(data)
    assert not all_short(open_arrow(path), column)
