"""Rows that are set aside on disk come back as they were, by bucket, within bounds of memory and open files."""

import os
import pickle
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill import SpillWriter, read_bucket
from beam_deid.transforms.run.spill_folder import SpillFolder

from ..kit.processes import python

A, B, ROWS = Column("value", "a", "crm"), Column("identity", "mobile"), Column("rows")
ROW_BYTES = 32
CANARY = 1311768467294899695

bucket_numbers = st.lists(st.integers(0, 5), max_size=30)


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """Where TMPDIR leads."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def columns_of(numbers):
    row = np.arange(len(numbers))
    return [row.astype(np.uint64) << np.uint64(50), ~row.astype(np.uint64), -row.astype(np.int64)]


def written(path, parts, buckets, held=1000):
    writer = SpillWriter(path, (A, B), (ROWS,), buckets, held * ROW_BYTES)
    for part in parts:
        writer.add(np.array(part, np.uint16), columns_of(part))
    return writer.close()


@given(st.lists(st.lists(bucket_numbers, max_size=3), min_size=1, max_size=3), st.integers(1, 40))
def test_each_bucket_has_its_rows_in_the_order_of_files_and_batches(files, held):
    with SpillFolder() as folder:
        there = [written(folder.file(str(at)), parts, 6, held) for at, parts in enumerate(files)]
        there = pickle.loads(pickle.dumps(there))
        for file, parts in zip(there, files, strict=True):
            assert file.rows == sum(map(len, parts))
        for bucket in range(6):
            rows, b, a = read_bucket(there, bucket, (ROWS, B, A))
            expected = []
            for parts in files:
                every = [(own, row) for part in parts for row, own in enumerate(part)]
                expected += [row for own, row in every if own == bucket]
            assert rows.tolist() == [-row for row in expected]
            assert a.tolist() == [row << 50 for row in expected]
            assert b.tolist() == [2**64 - 1 - row for row in expected]
            assert (rows.dtype, a.dtype) == (np.int64, np.uint64)
            assert sum(file.rows_in(bucket) for file in there) == len(expected)


def words_of(path):
    """Every eight bytes of a file, wherever they begin."""
    with open(path, "rb") as stream:
        found = stream.read()
    ends = [len(found) - (len(found) - begin) % 8 for begin in range(8)]
    return {word for begin, end in enumerate(ends) for word in np.frombuffer(found[begin:end], "<u8").tolist()}


@pytest.mark.parametrize("held", [3, 10_000])
def test_no_value_stands_on_disk_and_no_key(held):
    values = np.random.default_rng(1).integers(1 << 40, 1 << 63, 999).astype(np.uint64)
    with SpillFolder() as folder:
        writer = SpillWriter(folder.file("one"), (A, B), (ROWS,), 6, held * ROW_BYTES)
        writer.add(np.arange(999, dtype=np.uint16) % 6, [values, ~values, values.view(np.int64)])
        file = writer.close()
        there = words_of(file.path)
        with open(file.path, "rb") as stream:
            assert file.key not in stream.read()
        assert not there & {*values.tolist(), *(~values).tolist()}
        assert read_bucket([file], 1, (B, A))[1].tolist() == values[1::6].tolist()
    assert str(file.key) not in repr(file)


def test_equal_rows_do_not_look_alike_on_disk_nor_do_those_of_another_file():
    with SpillFolder() as folder:
        looks = []
        for number in range(2):
            writer = SpillWriter(folder.file(str(number)), (A, B), (), 2, 8 * ROW_BYTES)
            for _ in range(4):
                writer.add(np.zeros(8, np.uint16), [np.full(8, CANARY, np.uint64)] * 2)
            file = writer.close()
            looks += np.fromfile(file.path, np.uint64).tolist()
            assert set(read_bucket([file], 0, (A, B))[0].tolist()) == {CANARY}
    assert len(set(looks)) == len(looks) == 2 * 2 * 4 * 8


def test_a_column_may_be_asked_for_twice_and_an_empty_bucket_for_any():
    with SpillFolder() as folder:
        file = written(folder.file("one"), [[3]], 4000)
        first, second = read_bucket([file], 3, (ROWS, ROWS))
        assert first.tolist() == second.tolist() == [0]
        empty = read_bucket([file, file], 3999, (A, ROWS))
        assert [(len(one), one.dtype) for one in empty] == [(0, np.uint64), (0, np.int64)]
        assert read_bucket([file], 0, ()) == ()


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_folder_is_for_its_owner_alone_and_goes_at_the_end(place):
    with SpillFolder() as folder:
        assert os.stat(folder.path).st_mode & 0o777 == 0o700
        written(folder.file("one"), [[0]], 1)
        assert os.path.dirname(folder.path) == str(place)
    assert os.listdir(place) == []


def test_the_folder_goes_when_what_uses_it_fails(place):
    def use():
        with SpillFolder() as folder:
            written(folder.file("one"), [[0]], 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use()
    assert os.listdir(place) == []


MAKES_ONE = """
from beam_deid.transforms.run.spill_folder import SpillFolder
folder = SpillFolder()
open(folder.file("rows"), "w").write("x")
print(folder.path, flush=True)
input()
"""


@pytest.mark.skipif(os.name != "posix", reason="elsewhere no process is known to be gone")
def test_what_a_killed_run_left_is_swept_and_what_a_living_one_has_is_not(place):
    killed, living = (python(MAKES_ONE, TMPDIR=str(place)) for _ in range(2))
    left, kept = (process.stdout.readline().strip() for process in (killed, living))
    others = place / "beam-deid-spill-x"
    others.mkdir()
    killed.kill()
    killed.communicate()
    SpillFolder().remove()
    assert sorted(os.listdir(place)) == sorted([os.path.basename(kept), others.name])
    living.communicate("\n")
    assert left != kept


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a folder is nobody's")
def test_a_folder_that_others_may_write_is_left_alone(place):
    process = python(MAKES_ONE, TMPDIR=str(place))
    left = process.stdout.readline().strip()
    process.kill()
    process.communicate()
    os.chmod(left, 0o777)
    SpillFolder().remove()
    assert os.listdir(place) == [os.path.basename(left)]


def test_a_folder_that_cannot_be_made_is_told(monkeypatch, place):
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(tempfile, "tempdir", str(place / "missing"))
    with pytest.raises(OutputError, match=r"missing: .*cannot be made.*TMPDIR"):
        SpillFolder()


def test_a_file_that_is_gone_or_damaged_is_told_without_its_values():
    with SpillFolder() as folder:
        file = written(folder.file("one"), [[0]], 1)
        with open(file.path, "r+b") as stream:
            stream.truncate(20)
        with pytest.raises(OutputError, match=r"one: rows .*cannot be read.* run again"):
            read_bucket([file], 0, (A,))
        os.remove(file.path)
        with pytest.raises(OutputError, match="No such file"):
            read_bucket([file], 0, (A,))


LIMITED = """
import resource, sys
import numpy as np
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.run.spill import SpillWriter, read_bucket
from beam_deid.transforms.run.spill_folder import SpillFolder
from tests.run.test_spill import A, B, CANARY
"""

FULL = """
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
with SpillFolder() as folder:
    writer = SpillWriter(folder.file("one"), (A, B), (), 4, 1 << 20)
    try:
        for _ in range(100):
            writer.add(np.zeros(10_000, np.uint16), [np.full(10_000, CANARY, np.uint64)] * 2)
    except OutputError as error:
        print(error.message)
"""

MANY_FILES = """
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with SpillFolder() as folder:
    files = []
    for number in range(200):
        writer = SpillWriter(folder.file(str(number)), (A,), (), 4)
        writer.add(np.array([number % 4], np.uint16), [np.array([number], np.uint64)])
        files.append(writer.close())
    print(sum(int(read_bucket(files, bucket, (A,))[0].sum()) for bucket in range(4)))
"""

MANY_ROWS = """
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10

rows = 1 << 15
bucket = np.arange(rows, dtype=np.uint16) % 256
values = np.arange(rows, dtype=np.uint64)
read_back = 0
with SpillFolder() as folder:
    before = peak()
    writer = SpillWriter(folder.file("one"), (A, B), (), 256, 4 << 20)
    for _ in range(512):
        writer.add(bucket, [values, values])
    file = writer.close()
    for number in range(256):
        read_back += len(read_bucket([file], number, (A, B))[0])
    print(read_back == 512 * rows == file.rows, peak() - before)
"""


def said(code, place):
    process = python(LIMITED + code, TMPDIR=str(place))
    out, problems = process.communicate()
    assert not problems
    return out.strip()


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_full_disk_is_told_without_values(place):
    message = said(FULL, place)
    assert "rows cannot be set aside on disk (File too large). Free space there" in message
    assert str(CANARY) not in message


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_more_files_than_may_be_open_are_read_one_after_the_other(place):
    assert said(MANY_FILES, place) == str(sum(range(200)))


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_memory_stays_at_a_buffer_and_a_bucket(place):
    all_are_there, grown = said(MANY_ROWS, place).split()
    assert all_are_there == "True"
    assert int(grown) < 32, "of 256 MiB that were written and read"
