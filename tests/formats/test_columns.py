"""A limit on the columns of a file, whatever its format: a few bytes a column would else take memory in every row."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions
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
    path.write_text("".join(json.dumps(dict.fromkeys(names[at : at + 20], 1)) + "\n" for at in range(0, len(names), 20)))


WRITERS = {
    "in.parquet": parquet, "in.csv": csv, "in.jsonl": lines, "in.json": document, "few.jsonl": lines_of_few_keys,
}  # fmt: skip


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
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) if name == "in.jsonl" else json.dumps(rows, indent=0))
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
