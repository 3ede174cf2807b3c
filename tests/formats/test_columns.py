"""A limit on the columns of a file, whatever its format: a few bytes a column would else take memory in every row."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.storage.limits import MOST_COLUMNS

OPTIONS = InputOptions()


def parquet(path, names):
    pq.write_table(pa.table({name: ["1"] for name in names}), path)


def csv(path, names):
    path.write_text(",".join(names) + "\n" + ",".join("1" * len(names)) + "\n")


def lines(path, names):
    path.write_text(json.dumps(dict.fromkeys(names, 1)) + "\n")


def document(path, names):
    path.write_text(json.dumps([dict.fromkeys(names, 1)], indent=1))


def lines_of_few_keys(path, names):
    path.write_text(
        "".join(json.dumps(dict.fromkeys(names[at : at + 20], 1)) + "\n" for at in range(0, len(names), 20))
    )


WRITERS = {
    "in.parquet": parquet,
    "in.csv": csv,
    "in.jsonl": lines,
    "in.json": document,
    "few.jsonl": lines_of_few_keys,
}


@pytest.mark.parametrize("name", WRITERS)
def test_columns_are_limited_and_the_error_names_the_file_and_their_number(tmp_path, name):
    path = tmp_path / name
    names = [f"c{number}" for number in range(MOST_COLUMNS + 1)]
    WRITERS[name](path, names[:-1])
    assert format_of(str(path), OPTIONS).schema(str(path), OPTIONS).names == names[:-1]
    WRITERS[name](path, names)
    with pytest.raises(InputError, match=r"10,001 columns are too many") as raised:
        format_of(str(path), OPTIONS).schema(str(path), OPTIONS)
    assert str(path) in raised.value.message


@pytest.mark.parametrize("name", ["in.jsonl", "in.json"])
def test_a_later_record_of_too_many_keys_stops(tmp_path, name):
    path = tmp_path / name
    rows = [{"a": 1}] * 2000 + [dict.fromkeys(map(str, range(MOST_COLUMNS + 1)), 1)]
    path.write_text(
        "".join(json.dumps(row) + "\n" for row in rows) if name == "in.jsonl" else json.dumps(rows, indent=0)
    )
    kind = format_of(str(path), OPTIONS)
    (shard,) = kind.shards(str(path), 1, OPTIONS, 1)
    with pytest.raises(InputError, match=r"10,001 columns are too many"):
        list(kind.read(shard, OPTIONS, ["a"], 1000))


def test_the_items_of_a_wide_record_are_not_all_held_at_once(tmp_path):
    path = tmp_path / "in.jsonl"
    record = dict.fromkeys(map(str, range(MOST_COLUMNS + 1)), 1) | {"items": [1] * 200_000}
    path.write_text(json.dumps(record) + "\n")
    options = InputOptions(items="items")
    kind = format_of(str(path), options)
    (shard,) = kind.shards(str(path), 1, options, 1)
    with pytest.raises(InputError, match=r"10,00\d columns are too many"):
        list(kind.read(shard, options, ["items"], 1000))


def sparse(form, rows):
    """Rows of which one in ten thousand has a value."""
    texts = [f'{{"c{row % 1000}": "x"}}' if row % 10_000 == 7 else "{}" for row in range(rows)]
    return "\n".join(texts) if form != "in.json" else f"[{','.join(texts)}]"


@pytest.mark.slow("bounds of memory are measured over large files")
@pytest.mark.parametrize("form", ["in.jsonl", "blank.jsonl", "in.json"])
def test_many_columns_of_nothing_are_read_in_fewer_rows_at_once(tmp_path, form):
    path = tmp_path / form
    names = [f"c{number}" for number in range(1000)]
    # A line with a fault lets the others be read row by row.
    path.write_text(sparse(form, 50_000) + ("\n[]" if form == "blank.jsonl" else ""))
    kind = format_of(str(path), OPTIONS)
    (shard,) = kind.shards(str(path), 1, OPTIONS, 1)
    chunks = list(kind.read(shard, OPTIONS, names, 65_536))
    assert [len(chunk.rows) for chunk in chunks] == [16_000, 16_000, 16_000, 2_000]
    assert np.concatenate([chunk.rows for chunk in chunks]).tolist() == list(range(50_000))
    found = {
        (int(chunk.rows[place]), name): chunk.batch.column(name)[place].as_py()
        for chunk in chunks
        for name in names
        for place in np.flatnonzero(chunk.batch.column(name).is_valid())
    }
    assert found == {(row, f"c{row % 1000}"): "x" for row in range(7, 50_000, 10_000)}


@pytest.mark.slow("bounds of memory are measured over large files")
def test_wide_rows_are_held_few_at_once_however_few_columns_are_wanted(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps(dict.fromkeys(map(str, range(5000)), 1) | {"items": list(range(2000))}) + "\n")
    options = InputOptions(items="items")
    kind = format_of(str(path), options)
    (shard,) = kind.shards(str(path), 1, options, 1)
    chunks = list(kind.read(shard, options, ["items"], 65_536))
    assert len(chunks) > 1
    assert [text for chunk in chunks for text in chunk.batch.column(0).to_pylist()] == list(map(str, range(2000)))


def test_items_without_fields_are_read_in_fewer_rows_at_once(tmp_path):
    path = tmp_path / "in.jsonl"
    names = ["id", *(f"items.c{number}" for number in range(1000))]
    path.write_text(json.dumps({"id": 1, "items": [{}] * 40_000}) + "\n")
    options = InputOptions(items="items")
    kind = format_of(str(path), options)
    (shard,) = kind.shards(str(path), 1, options, 1)
    chunks = list(kind.read(shard, options, names, 65_536))
    assert max(len(chunk.rows) for chunk in chunks) <= 16_000
    assert sum(chunk.batch.column(0).to_pylist() == ["1"] * len(chunk.rows) for chunk in chunks) == len(chunks)
    assert sum(len(chunk.rows) for chunk in chunks) == 40_000
