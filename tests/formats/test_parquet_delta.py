"""Values that are written as what they share with the one before: small files of them hold whatever somebody likes."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.parquet_dictionary import longest_page
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import MOST_CELLS, UNPACKED_BYTES

from .memory import read_alone

OPTIONS = InputOptions()
PARQUET = format_named("parquet")


def write(path, columns, delta, **options):
    table = pa.table(columns)
    encodings = {name: "DELTA_BYTE_ARRAY" if name in delta else "PLAIN" for name in table.schema.names}
    pq.write_table(table, path, use_dictionary=False, column_encoding=encodings, compression="zstd", **options)
    return str(path)


def batches(path, columns, rows=65_536):
    for shard in PARQUET.shards(path, 1, OPTIONS, 1 << 30):
        for chunk in PARQUET.read(shard, OPTIONS, columns, rows):
            yield chunk.batch


@pytest.mark.slow("bounds of memory are measured over large files")
@pytest.mark.parametrize("columns", [["note"], ["n", "note"]])
def test_a_long_value_that_all_share_stops_in_bounded_memory(tmp_path, columns):
    note = pa.array(["x" * 1_000_000] * 1500)
    path = write(tmp_path / "in.parquet", {"n": np.arange(1500), "note": note}, ["note"])
    _, message, peak = read_alone(path, columns)
    assert message.startswith(f"{path}: row group 0, column note: this row group unpacks to more than 200 times")
    assert peak < 700


@pytest.mark.slow("writes a row group of gigabytes")
def test_the_row_group_that_unpacks_to_too_much_is_named(tmp_path):
    note = pa.array(["short"] * 1000 + ["x" * 1_000_000] * 1000)
    path = write(tmp_path / "in.parquet", {"note": note}, ["note"], row_group_size=1000)
    with pytest.raises(InputError, match="row group 1, column note"):
        list(batches(path, ["note"]))


def as_read(table):
    """Bytes that are text are read as text."""
    return table.cast(
        pa.schema([(one.name, pa.string() if one.type == pa.binary() else one.type) for one in table.schema])
    )


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary(), pa.string_view()])
@pytest.mark.parametrize("columns", [["a"], ["n", "b", "a"]])
def test_honest_values_are_read_as_ever(tmp_path, kind, columns):
    texts = pa.array([None if n % 7 == 0 else f"value number {n}" for n in range(100_000)]).cast(kind)
    same = pa.array(["same"] * 100_000)  # so few bytes each that it would be read as a dictionary
    path = write(
        tmp_path / "in.parquet", {"a": texts, "b": same, "n": np.arange(100_000)}, ["a", "b"], row_group_size=30_000
    )
    found = list(batches(path, columns))
    assert [batch.num_rows for batch in found] == [65_536, 100_000 - 65_536]
    assert pa.Table.from_batches(found).equals(as_read(pq.read_table(path).select(columns)))


def test_a_batch_that_weighs_too_much_comes_in_several_and_loses_nothing(tmp_path):
    rng = np.random.default_rng(0)
    noise = [rng.bytes(1 << 20).hex() for _ in range(8)]  # they do not pack
    texts = pa.array([noise[n // 40] for n in range(320)])
    path = write(tmp_path / "in.parquet", {"a": texts, "n": np.arange(320)}, ["a"])
    found = list(batches(path, ["a", "n"]))
    assert len(found) > 1
    assert max(batch.column("a").nbytes for batch in found) <= UNPACKED_BYTES + 10_000
    assert pa.concat_arrays([batch.column("a") for batch in found]).equals(texts)
    assert [n for batch in found for n in batch.column("n").to_pylist()] == list(range(320))


@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_glance_sees_how_large_the_largest_page_is(tmp_path, version, dictionary):
    path = str(tmp_path / "in.parquet")
    texts = [f"{n}" for n in range(50_000)] + ["x" * 3_000_000]
    pq.write_table(
        pa.table({"a": texts}), path, use_dictionary=dictionary, data_page_size=10_000, data_page_version=version
    )
    column = pq.read_metadata(path).row_group(0).column(0)
    assert 3_000_000 <= longest_page(open_arrow(path), column) < column.total_uncompressed_size


def test_pages_that_are_not_understood_are_taken_for_one(tmp_path):
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"a": [f"{n}" for n in range(50_000)]}), path, use_dictionary=False, data_page_size=10_000)
    column = pq.read_metadata(path).row_group(0).column(0)
    path.write_bytes(b"\x1c" * 100_000)  # structs in structs
    assert longest_page(open_arrow(str(path)), column) == column.total_uncompressed_size


def test_rows_times_columns_of_a_batch_are_limited(tmp_path):
    names = [f"c{number}" for number in range(1000)]
    path = write(tmp_path / "in.parquet", {name: pa.nulls(40_000, pa.string()) for name in names}, [])
    counts = [batch.num_rows for batch in batches(path, names)]
    assert counts == [MOST_CELLS // 1000] * 2 + [40_000 - 2 * MOST_CELLS // 1000]
