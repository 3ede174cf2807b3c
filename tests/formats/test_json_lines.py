import json

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.format import InputOptions, Shard

JSON = format_named("jsonl")
OPTIONS = InputOptions()


def read(path, columns, known=None, rows=100):
    records, faults = {}, {}
    for chunk in JSON.read(Shard(str(path), "jsonl", 1), OPTIONS, columns, rows, known=known):
        values = zip(*(column.to_pylist() for column in chunk.batch.columns), strict=True)
        records.update(zip(chunk.rows.tolist(), values, strict=True))
        for fault in chunk.faults:
            faults.update(((row, fault.field), str(fault.reason)) for row in fault.rows.tolist())
    return records, faults


def test_scalars_keep_their_digits(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"a": 1234567890123456789, "b": 1.50}\n{"b": true, "a": "007"}\n{"a": null}\n')
    assert read(path, ["a", "b"]) == ({0: ("1234567890123456789", "1.50"), 1: ("007", "true"), 2: (None, None)}, {})


def test_each_fault_has_its_reason(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_bytes(
        b'{"a": 1}\n{"a": \n[1]\n\n{"a": {"b": 1}}\n{"a": 1, "new": 2}\n{"a": "\xff"}\n{"a": "\\ud800"}\n{"a": 2}\n'
    )
    records, faults = read(path, ["a"], known=["a"], rows=3)
    assert records == {0: ("1",), 8: ("2",)}
    assert faults == {
        (1, ""): "malformed_row", (2, ""): "not_an_object", (4, "a"): "wrong_type", (5, ""): "unknown_field",
        (6, "a"): "bad_encoding", (7, "a"): "bad_encoding",
    }  # fmt: skip


def test_a_file_without_a_line_is_an_error(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b"")
    with pytest.raises(InputError):
        JSON.schema(str(tmp_path / "in.jsonl"), OPTIONS)


texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\U0010ffff")))


@given(st.lists(st.tuples(texts, st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))), min_size=1, max_size=8))
@settings(max_examples=60)
def test_what_is_written_is_json_and_is_read_back(tmp_path_factory, rows):
    batch = pa.RecordBatch.from_arrays(
        [pa.array([row[0] for row in rows], pa.string()), pa.array([row[1] for row in rows], pa.int64())], names=["t", "n"]
    )
    path = tmp_path_factory.mktemp("json") / "in.jsonl"
    with open(path, "wb") as stream:
        writer = JSON.writer(stream, batch.schema)
        writer.write(batch)
        writer.close()
    assert [tuple(json.loads(line).values()) for line in path.read_text("utf-8").split("\n")[:-1]] == rows
    assert [value[0] for value in read(path, ["t", "n"])[0].values()] == [row[0] for row in rows]
