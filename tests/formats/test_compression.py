import gzip

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.compression import open_plain
from beam_deid.transforms.storage.limits import UNPACKED_BYTES

from .memory import read_alone

MIB = 1 << 20
LINE = b'{"a":"' + b"x" * 1000 + b'"}\n'


def unpacked(path):
    stream = open_plain(str(path))
    size = 0
    try:
        while data := stream.read(MIB):
            size += len(data)
    finally:
        stream.close()
    return size


def packed(path, codec, size, block):
    with pa.CompressedOutputStream(str(path), codec) as stream:
        for _ in range(size // len(block)):
            stream.write(block)
    return path


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_what_unpacks_to_far_more_than_it_is_stops_soon_after_the_limit(tmp_path, suffix, codec):
    path = packed(tmp_path / f"in.jsonl{suffix}", codec, 2 * UNPACKED_BYTES, LINE * 1000)
    with pytest.raises(InputError) as raised:
        unpacked(path)
    assert raised.value.where == str(path)
    assert raised.value.what == "the file unpacks to more than 200 times its size, after 257 MiB"
    assert raised.value.next_step == "If that is meant, unpack it first"


@pytest.mark.parametrize(("suffix", "codec"), [(".gz", "gzip"), (".zst", "zstd")])
def test_what_unpacks_to_no_more_than_the_limit_is_read_however_small_it_is(tmp_path, suffix, codec):
    path = packed(tmp_path / f"in{suffix}", codec, UNPACKED_BYTES, bytes(MIB))
    assert unpacked(path) == UNPACKED_BYTES


def test_a_large_file_that_packs_a_hundredfold_is_read(tmp_path):
    path = tmp_path / "in.gz"
    path.write_bytes(gzip.compress(np.random.default_rng(0).bytes(3 * MIB) + bytes(UNPACKED_BYTES), 1))
    assert 50 * path.stat().st_size < UNPACKED_BYTES
    assert unpacked(path) == 3 * MIB + UNPACKED_BYTES


@pytest.mark.parametrize("codec", ["gzip", "zstd"])
def test_what_is_cut_off_is_still_an_error_of_the_system(tmp_path, codec):
    whole = packed(tmp_path / "whole", codec, MIB, np.random.default_rng(0).bytes(MIB)).read_bytes()
    path = tmp_path / f"in.{ {'gzip': 'gz', 'zstd': 'zst'}[codec] }"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OSError, match="Truncated"):
        unpacked(path)


@pytest.mark.slow("bounds of memory are measured over large files")
@pytest.mark.parametrize(("name", "row"), [("in.jsonl.gz", LINE), ("in.csv.gz", b"a,b\n" + b"x" * 1000 + b",y\n")])
def test_reading_such_a_file_stops_in_bounded_memory(tmp_path, name, row):
    _, message, peak = read_alone(packed(tmp_path / name, "gzip", 2 * UNPACKED_BYTES, row * 1000))
    assert "200 times its size" in message
    assert peak < 700  # a chunk of 65,536 rows of 1 KB is part of it
