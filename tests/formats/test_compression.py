import bz2
import gzip
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.compression import open_plain
from beam_deid.transforms.storage.limits import UNPACKED_BYTES

from .memory import read_alone
from .reading import read_file

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


CSV = b"a,b\n1,x\n2,y\n"


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz", "in.csv.bz2", "in.csv.zip", "IN.CSV.GZ"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lambda data: data], ids=["gzip", "bzip2", "plain"])
def test_text_is_unpacked_as_its_bytes_say_whatever_it_is_called(tmp_path, name, pack):
    path = tmp_path / name
    path.write_bytes(pack(CSV))
    assert read_file(path)[1] == {0: ("1", "x"), 1: ("2", "y")}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress], ids=["gzip", "bzip2"])
def test_a_file_of_several_packed_pieces_is_all_of_them(tmp_path, pack):
    path = tmp_path / "in.csv"
    path.write_bytes(pack(CSV) + pack(b"3,z\n"))
    assert len(read_file(path)[1]) == 3


@pytest.mark.parametrize("name", ["in.zip", "in.csv", "in.csv.zip"])
def test_the_only_file_in_an_archive_is_read(tmp_path, name):
    path = zipped(tmp_path / name, ("out/", b""), ("out/orders.csv", CSV), ("__MACOSX/._orders.csv", b"\x00"))
    assert read_file(path)[:2] == (["a", "b"], {0: ("1", "x"), 1: ("2", "y")})


def test_the_file_in_an_archive_says_its_format(tmp_path):
    assert read_file(zipped(tmp_path / "in.zip", ("orders.jsonl", b'{"a":1}\n')))[1] == {0: ("1",)}
    with pytest.raises(UsageError, match="does not tell its format"):
        read_file(zipped(tmp_path / "in.zip", ("orders.dat", CSV)))


def test_an_archive_of_several_files_is_refused_with_their_names(tmp_path):
    path = zipped(tmp_path / "in.zip", ("a.csv", CSV), ("b.csv", CSV))
    with pytest.raises(
        InputError, match=r"the archive holds 2 files: a\.csv, b\.csv\. Unpack it, and name the files to read"
    ):
        read_file(path)
    with pytest.raises(InputError, match="the archive is empty"):
        read_file(zipped(tmp_path / "none.zip", ("out/", b"")))


def test_an_archive_that_unpacks_to_far_too_much_stops_soon_after_the_limit(tmp_path):
    path = zipped(tmp_path / "in.zip", ("in.csv", bytes(UNPACKED_BYTES + 2 * MIB)))
    with pytest.raises(InputError, match="unpacks to more than 200 times its size, after 257 MiB"):
        unpacked(path)


@pytest.mark.parametrize(
    ("magic", "told"),
    [
        (b"PAR1", "Parquet"),
        (b"ORC", "ORC"),
        (b"Obj\x01", "Avro"),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "an old workbook"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, magic, told):
    path = tmp_path / "in.csv"
    path.write_bytes(magic + bytes(100))
    with pytest.raises(InputError, match=rf"the file is {told}.*, and no text\. Call it \."):
        read_file(path)


def test_bytes_that_are_neither_packed_nor_text_are_refused(tmp_path):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(b"\x1e" + gzip.compress(CSV)[1:])
    with pytest.raises(InputError, match="not packed as its name says"):
        read_file(path)


@pytest.mark.parametrize(("suffix", "magic"), [(".zip", b"PK\x03\x04"), (".bz2", b"BZh"), (".gz", b"\x1f\x8b")])
def test_a_packed_file_of_less_than_its_first_bytes_is_no_text(tmp_path, suffix, magic):
    """What was left of an archive, the letter P, was a table with a column of that name."""
    path = tmp_path / f"in.csv{suffix}"
    for length in range(1, len(magic)):
        path.write_bytes(magic[:length])
        with pytest.raises(InputError, match=r"not packed as its name says|truncated or damaged"):
            read_file(path)
