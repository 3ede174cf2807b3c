import bz2
import datetime as dt
import decimal
import json
import lzma
import uuid
import zlib

import fastavro
import pyarrow as pa
import pytest

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import avro_blocks, format_of
from beam_deid.transforms.formats.input_options import InputOptions

from .reading import read_file

INNER = {"type": "record", "name": "Receiver", "fields": [{"name": "mobile", "type": ["string", "null"]}]}


def avro(path, types, records, codec="null"):
    fields = [{"name": name, "type": kind} for name, kind in types.items()]
    with path.open("wb") as stream:
        fastavro.writer(stream, {"type": "record", "name": "Order", "fields": fields}, records, codec=codec)
    return path


def logical(kind, name, **more):
    return {"type": kind, "logicalType": name, **more}


VALUES = {
    "number": ("long", 2**53 + 1, 2**53 + 1),
    "text": (["null", "string"], "杭州市", "杭州市"),
    "missing": (["null", "string"], None, None),
    "wide": (["null", "int", "long"], 2**40, 2**40),
    "amount": (logical("bytes", "decimal", precision=10, scale=2), decimal.Decimal("12.50"), decimal.Decimal("12.50")),
    "day": (logical("int", "date"), dt.date(2024, 2, 29), dt.date(2024, 2, 29)),
    "time": (
        ["null", logical("long", "timestamp-micros")],
        dt.datetime(2024, 2, 29, 1, 2, 3, 4, dt.timezone.utc),
        dt.datetime(2024, 2, 29, 1, 2, 3, 4, dt.timezone.utc),
    ),
    "local": (logical("long", "local-timestamp-millis"), dt.datetime(2024, 2, 29), dt.datetime(2024, 2, 29)),
    "state": ({"type": "enum", "name": "State", "symbols": ["paid", "sent"]}, "sent", "sent"),
    "id": (logical("string", "uuid"), uuid.UUID(int=7), str(uuid.UUID(int=7))),
    "done": ("boolean", True, True),
}


@pytest.mark.parametrize("codec", ["null", "deflate", "bzip2", "xz"])
def test_values_of_every_type_are_read(tmp_path, codec):
    record = {name: value for name, (_, value, _) in VALUES.items()}
    path = avro(tmp_path / "in.avro", {name: kind for name, (kind, _, _) in VALUES.items()}, [record] * 3, codec)
    names, records, faults = read_file(path, rows=2)
    assert names == list(VALUES)
    assert records == dict.fromkeys(range(3), tuple(read for _, _, read in VALUES.values()))
    assert faults == {}


def test_records_in_records_are_columns_by_their_paths(tmp_path):
    types = {"id": "int", "receiver": ["null", INNER], "payer": ["null", "Receiver"]}
    records = [
        {"id": 1, "receiver": {"mobile": "138"}, "payer": None},
        {"id": 2, "receiver": None, "payer": {"mobile": None}},
    ]
    path = avro(tmp_path / "in.avro", types, records)
    assert read_file(path)[:2] == (["id", "receiver.mobile", "payer.mobile"], {0: (1, "138", None), 1: (2, None, None)})
    assert read_file(path, columns=["payer.mobile", "id"])[1] == {0: (None, 1), 1: (None, 2)}


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ({"type": "array", "items": "string"}, ["a"], "columns of type list"),
        ({"type": "map", "values": "string"}, {"a": "b"}, "columns of type map"),
        (["null", "string", "long"], 1, "values of several types"),
    ],
)
def test_what_is_no_column_is_refused_by_name(tmp_path, kind, value, told):
    with pytest.raises(InputError, match=rf"in\.avro: tags: {told}"):
        read_file(avro(tmp_path / "in.avro", {"tags": kind}, [{"tags": value}]))


def test_a_file_that_is_cut_off_or_none_is_refused(tmp_path):
    path = avro(tmp_path / "in.avro", {"a": "string"}, [{"a": "x" * 100}] * 100)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError, match="cannot be read as Avro"):
        read_file(path)
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InputError, match="cannot be read as Avro"):
        read_file(path)


def _number(value):
    made = b""
    value <<= 1
    while value > 0x7F:
        made += bytes([(value & 0x7F) | 0x80])
        value >>= 7
    return made + bytes([value])


def _deflated(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


_PACKED = {
    "deflate": _deflated,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstandard": lambda data: pa.compress(data, "zstd", asbytes=True),
    "snappy": lambda data: pa.compress(data, "snappy", asbytes=True) + zlib.crc32(data).to_bytes(4, "big"),
}


def _one_block(path, kind, codec, count, packed):
    """A file by hand, whose only block says what it likes."""
    schema = json.dumps({"type": "record", "name": "r", "fields": [{"name": "x", "type": kind}]}).encode()
    said = {b"avro.schema": schema, b"avro.codec": codec.encode()}
    pairs = b"".join(_number(len(text)) + text for pair in said.items() for text in pair)
    sync = b"S" * 16
    path.write_bytes(
        b"Obj\x01" + _number(2) + pairs + _number(0) + sync + _number(count) + _number(len(packed)) + packed + sync
    )
    return path


def test_a_block_of_more_records_than_bytes_is_refused_before_they_are_read(tmp_path):
    """149 bytes gave rows without end."""
    with pytest.raises(InputError, match="more records than bytes"):
        read_file(_one_block(tmp_path / "in.avro", "null", "null", 10**12, b""))


@pytest.mark.parametrize("codec", ["deflate", "bzip2", "xz", "zstandard", "snappy"])
def test_a_block_that_unpacks_to_far_too_much_is_refused(tmp_path, codec, monkeypatch):
    monkeypatch.setattr(avro_blocks, "UNPACKED_BYTES", 1 << 20)
    path = _one_block(tmp_path / "in.avro", "string", codec, 1, _PACKED[codec](_number(50 << 20) + bytes(50 << 20)))
    if codec == "snappy":  # packs no further than 22 to 1
        monkeypatch.setattr(avro_blocks, "UNPACKED_TIMES", 10)
    if codec == "xz":
        monkeypatch.setattr(avro_blocks, "UNPACKED_BYTES", 20 << 20)
    with pytest.raises(InputError, match="unpacks to more than"):
        read_file(path)


@pytest.mark.parametrize("kind", ["string", "bytes", ["null", "string"]])
def test_a_value_longer_than_any_may_be_is_refused_before_it_is_read(tmp_path, kind):
    """A string of 256 MiB was made, in the process of the run."""
    long = b"\x02" * isinstance(kind, list) + _number((16 << 20) + 1) + bytes((16 << 20) + 1)
    path = _one_block(tmp_path / "in.avro", kind, "deflate", 1, _deflated(long))
    with pytest.raises(InputError, match=r"in\.avro: block at byte \d+: a value is longer than 16 MiB"):
        read_file(path)


def test_the_longest_value_is_read_in_a_block_of_more(tmp_path):
    longest = 16 << 20
    packed = _deflated(_number(longest) + b"x" * longest + _number(1) + b"y")
    _, records, _ = read_file(_one_block(tmp_path / "in.avro", "string", "deflate", 2, packed))
    assert [len(text) for (text,) in records.values()] == [longest, 1]


@pytest.mark.parametrize("codec", ["deflate", "bzip2", "xz", "zstandard", "snappy"])
def test_a_block_is_unpacked_and_where_it_is_damaged_refused(tmp_path, codec):
    packed = _PACKED[codec](_number(3) + b"abc" + _number(2) + b"de")
    assert read_file(_one_block(tmp_path / "in.avro", "string", codec, 2, packed))[1] == {0: ("abc",), 1: ("de",)}
    with pytest.raises(InputError, match="cannot be read as Avro"):
        read_file(_one_block(tmp_path / "in.avro", "string", codec, 2, packed[:-5]))


def test_a_block_that_says_fewer_records_than_it_has_is_refused(tmp_path):
    """The others would be in no count."""
    with pytest.raises(InputError, match="cannot be read as Avro"):
        read_file(_one_block(tmp_path / "in.avro", "string", "null", 1, _number(3) + b"abc" + _number(2) + b"de"))


def test_it_is_not_written():
    with pytest.raises(UsageError):
        format_of("out.avro", InputOptions()).writer(None, None)
