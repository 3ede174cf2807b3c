import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions

from ..kit.examples import examples
from .memory import read_alone

JSON = format_named("jsonl")
OPTIONS = InputOptions()


def read(path, columns, known=None, rows=100):
    records = {}
    faults = {}
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
        (1, ""): "malformed_row",
        (2, ""): "not_an_object",
        (4, "a"): "wrong_type",
        (5, ""): "unknown_field",
        (6, "a"): "bad_encoding",
        (7, "a"): "bad_encoding",
    }


def test_a_file_without_a_line_is_an_error(tmp_path):
    (tmp_path / "in.jsonl").write_bytes(b"")
    with pytest.raises(InputError):
        JSON.schema(str(tmp_path / "in.jsonl"), OPTIONS)


LARGEST = 16 << 20


@pytest.mark.parametrize("offset", [0, 1, (1 << 20) - 9, (1 << 20) - 8, 7 << 20])
def test_a_line_of_exactly_the_limit_is_read_wherever_it_falls(tmp_path, offset):
    path = tmp_path / "in.jsonl"
    longest = b'{"a":"' + b"z" * (LARGEST - 8) + b'"}'
    path.write_bytes(b"\n".join([b'{"a":"' + b"y" * offset + b'"}', longest, b'{"a":1}', longest]))
    assert [len(value) for (value,) in read(path, ["a"])[0].values()] == [offset, LARGEST - 8, 1, LARGEST - 8]


@pytest.mark.parametrize("before", [0, 2, 100_000])
def test_a_longer_line_stops_with_its_number(tmp_path, before):
    path = tmp_path / "in.jsonl"
    path.write_bytes(b'{"a": 1}\n' * before + b'{"a":"' + b"z" * (LARGEST - 7) + b'"}\n')
    with pytest.raises(InputError) as raised:
        read(path, ["a"])
    assert raised.value.what == f"row {before + 1} is longer than 16 MiB"
    assert raised.value.where == str(path)
    assert "input.format: json" in raised.value.next_step


@pytest.mark.slow("measures the memory of a process")
def test_one_endless_line_stops_in_bounded_memory(tmp_path):
    path = tmp_path / "in.jsonl.gz"
    with pa.CompressedOutputStream(str(path), "gzip") as stream:
        stream.write(b'{"a":"')
        for _ in range(1300):
            stream.write(b"z" * 1_000_000)
        stream.write(b'"}\n')
    assert path.stat().st_size < 1_400_000
    for columns in ([], ["a"]):
        _, message, peak = read_alone(path, columns)
        assert "row 1 is longer than 16 MiB" in message
        assert peak < 300


texts = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\U0010ffff")))


@given(st.lists(st.tuples(texts, st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))), min_size=1, max_size=8))
@examples(0.6)
def test_what_is_written_is_json_and_is_read_back(tmp_path_factory, rows):
    batch = pa.RecordBatch.from_arrays(
        [pa.array([row[0] for row in rows], pa.string()), pa.array([row[1] for row in rows], pa.int64())],
        names=["t", "n"],
    )
    path = tmp_path_factory.mktemp("json") / "in.jsonl"
    with open(path, "wb") as stream:
        writer = JSON.writer(stream, batch.schema)
        writer.write(batch)
        writer.close()
    assert [tuple(json.loads(line).values()) for line in path.read_text("utf-8").split("\n")[:-1]] == rows
    assert [value[0] for value in read(path, ["t", "n"])[0].values()] == [row[0] for row in rows]
