"""Rows that a stage sets aside are there as long as somebody can read them, and no longer."""

import os
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from beam_deid.transforms.columns.partition import MOST_BUCKETS
from beam_deid.transforms.run import workers
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import Out, Stages, Stream, fine_buckets

from ..kit.processes import python

NUMBER = Column("number")
ROWS = 100


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with SpillFolder() as made:
        yield made


@dataclass(frozen=True)
class Numbers:
    """Sets numbers aside, those of a stream that it reads or some of its own."""

    stream: Stream | None = None

    def run(self, bucket: int, out: Out) -> int:
        own = np.arange(ROWS, dtype=np.uint64) * np.uint64(1 << 57)
        found = own if self.stream is None else self.stream.read(bucket, (NUMBER,))[NUMBER]
        for name in "ab":
            out.put(name, found, {NUMBER: found})
        return len(found)


def files(stream):
    return [file.path for file in stream.files if os.path.exists(file.path)]


@pytest.mark.parametrize("processes", [1, 2])
def test_files_are_there_while_a_stream_is_and_copies_of_it_hold_nothing(folder, processes):
    try:
        stages = Stages(4, folder, processes, "a test")
        _, streams = stages.run(Numbers())
        first = stages.take(streams, "a")
        assert len(files(first)) == 4
        pickle.loads(pickle.dumps(first))
        assert len(files(first)) == 4
        done, more = stages.run(Numbers(first))
        assert sum(done) == 4 * ROWS
        assert len(os.listdir(folder.path)) == len(files(first)) + len(files(streams["b"])) + 2 * len(files(more["a"]))
        del streams, more
        assert sorted(os.listdir(folder.path)) == sorted(map(os.path.basename, files(first)))
        assert first.rows == 4 * ROWS
        assert sorted(first.read(0, (NUMBER,))[NUMBER].tolist()) == sorted(4 * list(range(0, 32 << 57, 1 << 57)))
        del first
        assert os.listdir(folder.path) == []
    finally:
        workers.close()


def test_a_stream_that_no_task_filled_is_empty_and_one_that_was_taken_is_no_more():
    stages = Stages(3)
    _, streams = stages.run(Numbers())
    assert stages.take(streams, "a").rows == 3 * ROWS
    assert "a" not in streams
    assert stages.take(streams, "a").rows == 0


@dataclass(frozen=True)
class Finely:
    """Sets some keys aside in buckets and in finer ones."""

    keys: np.ndarray

    def run(self, bucket: int, out: Out) -> None:
        out.put("buckets", self.keys, {NUMBER: self.keys})
        out.put_finely("finer", self.keys, {NUMBER: self.keys})


@pytest.mark.parametrize("buckets", [1, 3, 1000, MOST_BUCKETS])
@pytest.mark.parametrize("on_disk", [True, False])
def test_finer_buckets_lie_in_those_of_a_stage_one_behind_the_other(folder, buckets, on_disk):
    keys = np.random.default_rng(buckets).integers(0, 1 << 64, 5_000, np.uint64)
    _, streams = Stages(buckets, folder if on_disk else None).run(Finely(keys), [0])
    finer = streams["finer"]
    assert finer.buckets == fine_buckets(buckets)
    assert finer.rows == len(keys)
    each = finer.buckets // buckets
    for bucket in {0, buckets // 2, buckets - 1}:
        own = [finer.read(cut, (NUMBER,))[NUMBER] for cut in range(bucket * each, (bucket + 1) * each)]
        assert sorted(np.concatenate(own)) == sorted(streams["buckets"].read(bucket, (NUMBER,))[NUMBER])


FULL = """
import resource
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import Stages
from tests.run.test_stages import Numbers
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
with SpillFolder() as folder:
    try:
        Stages(4, folder, 1, "a test").run(Numbers())
    except OutputError as error:
        print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_disk_that_is_full_is_told_with_what_to_do(tmp_path):
    process = python(FULL, TMPDIR=str(tmp_path))
    out, problems = process.communicate()
    assert "rows cannot be set aside on disk" in out, problems
    assert "let TMPDIR name another folder" in out
    assert os.listdir(tmp_path) == []
