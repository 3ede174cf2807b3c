"""Chunks in files of the staging folder: they come out as they went in, or not at all."""

import os

import numpy as np
import pytest

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.measure.chunk_files import FOLDER, ChunkFile, ChunkWriter, read_chunks
from beam_deid.transforms.measure.chunks import chunks_of
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.layout import Column

KEY = FingerprintKey(bytes(range(32)))
ROWS = 1000


def chunks(begin):
    keys = np.arange(begin, begin + ROWS, dtype=np.uint64)
    histogram = Histogram({Column("signature"): keys}, np.ones(ROWS, np.int64))
    return [chunk for _, chunk in chunks_of({("a",): histogram}, 16 * ROWS // 4)]


def written(folder, shard, key=KEY):
    writer = ChunkWriter(str(folder), shard, key)
    writer.write(chunks(shard * ROWS))
    writer.write(chunks((shard + 7) * ROWS))
    writer.close()
    return writer.file


def test_all_chunks_are_read_in_the_order_of_the_shards(tmp_path):
    files = [written(tmp_path, shard) for shard in (3, 0, 12)]
    expected = [chunk for shard in (0, 3, 12) for begin in (shard, shard + 7) for chunk in chunks(begin * ROWS)]
    assert list(read_chunks(str(tmp_path), files, KEY)) == expected


def test_a_shard_of_no_records_is_a_file_of_no_chunks(tmp_path):
    writer = ChunkWriter(str(tmp_path), 0, KEY)
    writer.close()
    assert writer.file.chunks == 0
    assert list(read_chunks(str(tmp_path), [writer.file], KEY)) == []


def test_each_attempt_at_a_shard_has_a_file_of_its_own(tmp_path):
    first, again = written(tmp_path, 1), written(tmp_path, 1)
    assert first.name != again.name
    assert list(read_chunks(str(tmp_path), [first], KEY)) == list(read_chunks(str(tmp_path), [again], KEY))


def test_nothing_of_the_fingerprints_is_to_be_seen(tmp_path):
    file = written(tmp_path, 0)
    data = (tmp_path / FOLDER / file.name).read_bytes()
    assert np.arange(4, dtype="<u8").tobytes() not in data
    assert b"signature" not in data


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def changed(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def longer(path):
    with open(path, "ab") as file:
        file.write(b"-")


@pytest.mark.parametrize("harm", [cut, changed, longer, os.remove])
def test_a_file_that_is_not_what_was_written_is_named(tmp_path, harm):
    file = written(tmp_path, 0)
    harm(tmp_path / FOLDER / file.name)
    with pytest.raises(OutputError, match=r"what was measured .*Run again"):
        list(read_chunks(str(tmp_path), [file], KEY))


def test_files_that_were_exchanged_are_noticed(tmp_path):
    one, other = written(tmp_path, 0), written(tmp_path, 1)
    os.replace(tmp_path / FOLDER / one.name, tmp_path / FOLDER / other.name)
    with pytest.raises(OutputError, match="not what was written"):
        list(read_chunks(str(tmp_path), [other], KEY))


def test_another_key_opens_none(tmp_path):
    file = written(tmp_path, 0)
    with pytest.raises(OutputError, match="not what was written"):
        list(read_chunks(str(tmp_path), [file], FingerprintKey.new()))


def test_more_chunks_than_there_are_cannot_be_had(tmp_path):
    file = written(tmp_path, 0)
    with pytest.raises(OutputError, match="not what was written"):
        list(read_chunks(str(tmp_path), [ChunkFile(file.name, file.chunks + 1)], KEY))
