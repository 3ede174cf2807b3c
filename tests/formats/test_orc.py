import datetime as dt

import pyarrow as pa
import pytest
from pyarrow import orc

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.input_options import InputOptions

from .reading import read_file

ORC = format_named("orc")
OPTIONS = InputOptions()


def written(path, table, **options):
    orc.write_table(table, str(path), **options)
    return path


def test_typed_columns_are_read_and_records_in_them_by_their_paths(tmp_path):
    receiver = [{"mobile": "138", "place": {"city": "Leeds"}}, None]
    table = pa.table(
        {"id": [1, None], "receiver": receiver, "paid": pa.array([dt.datetime(2024, 2, 29)] * 2, pa.timestamp("us"))}
    )
    names, records, _ = read_file(written(tmp_path / "in.orc", table))
    assert names == ["id", "receiver.mobile", "receiver.place.city", "paid"]
    assert records == {
        0: (1, "138", "Leeds", dt.datetime(2024, 2, 29)),
        1: (None, None, None, dt.datetime(2024, 2, 29)),
    }


def test_stripes_are_shards_that_know_their_rows(tmp_path):
    count = 200_000
    table = pa.table({"a": range(count), "b": [f"text of the row {number}" for number in range(count)]})
    path = written(tmp_path / "in.orc", table, stripe_size=1 << 20, compression="uncompressed")
    shards = ORC.shards(str(path), path.stat().st_size, OPTIONS, 30_000)
    assert len(shards) > 2
    assert sum(shard.rows for shard in shards) == count
    last = list(ORC.read(shards[-1], OPTIONS, ["b"], 10_000))
    assert max(chunk.batch.num_rows for chunk in last) <= 10_000
    numbers = [int(number) for chunk in last for number in chunk.rows]
    assert numbers == list(range(shards[-1].first_row, count))
    assert last[-1].batch.column("b")[-1].as_py() == f"text of the row {count - 1}"


def test_lists_are_refused_by_name_and_files_that_are_none_at_all(tmp_path):
    path = written(tmp_path / "in.orc", pa.table({"id": [1], "tags": [["a"]]}))
    with pytest.raises(InputError, match=r"in\.orc: tags: columns of type list"):
        read_file(path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="cannot be read as ORC"):
        read_file(path)
