"""A document is read value by value, and no value may be larger than memory should be asked for."""

import time

import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_named
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions

from .memory import read_alone

LARGEST = 16 << 20
DOCUMENT = format_named("json")


def values(path, **options):
    chunks = DOCUMENT.read(Shard(str(path), "json", 1), InputOptions(**options), ["a"], 100)
    return [value for chunk in chunks for value in chunk.batch.column(0).to_pylist()]


def record(size, letter="z"):
    return b'{"a":"' + letter.encode() * ((size - 8) // len(letter.encode())) + b'"}'


@pytest.mark.parametrize("offset", [8, 9, (1 << 20) - 2, (1 << 20) - 1, 1 << 20, 7 << 20])
@pytest.mark.parametrize("letter", ["z", "张"])
def test_a_record_of_the_limit_is_read_wherever_it_falls(tmp_path, offset, letter):
    path = tmp_path / "in.json"
    largest = record(LARGEST, letter)
    path.write_bytes(b"[" + b",\n".join([record(offset), largest, record(9), largest]) + b"]")
    whole = (LARGEST - 8) // len(letter.encode())
    assert [len(value) for value in values(path)] == [offset - 8, whole, 1, whole]


@pytest.mark.parametrize("size", [LARGEST + 1, 40 << 20])
def test_a_larger_record_stops_with_its_place(tmp_path, size):
    path = tmp_path / "in.json"
    path.write_bytes(b"[" + record(2 << 20) + b",\n" + record(9) + b",\n  " + record(size) + b"]")
    with pytest.raises(InputError) as raised:
        values(path)
    assert raised.value.where == f"{path}: line 3, column 3"
    assert raised.value.what == "a value is larger than 16 MiB, or is no JSON"
    assert "zz" not in raised.value.message


def test_bytes_are_counted_and_not_characters(tmp_path):
    path = tmp_path / "in.json"
    path.write_bytes(b"[" + record(LARGEST + 3, "张") + b"]")
    with pytest.raises(InputError, match=r"line 1, column 2: a value is larger than 16 MiB"):
        values(path)


def test_a_document_that_is_one_large_object_is_read_by_the_path_of_its_records(tmp_path):
    path = tmp_path / "in.json"
    path.write_bytes(b'{"code": 0, "data": [' + b",".join([record(1 << 20)] * 20) + b"]}")
    with pytest.raises(InputError, match=r"let input\.records name"):
        values(path)
    assert len(values(path, records="data")) == 20


def test_an_endless_value_stops_early_in_bounded_memory(tmp_path):
    path = tmp_path / "in.json"
    with open(path, "wb") as stream:
        stream.write(b'[{"a": [')
        for _ in range(100):
            stream.write(b'"1",' * 250_000)
    began = time.monotonic()
    _, message, peak = read_alone(path, ["a"])
    assert "line 1, column 2: a value is larger than 16 MiB" in message
    assert peak < 600
    assert time.monotonic() - began < 30
