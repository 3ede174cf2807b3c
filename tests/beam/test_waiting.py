"""Which runs' records wait on disk, and in how many buckets: by their number, however the files are cut."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from beam_deid.transforms.beam.run import Settings, _aside
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.run.spill_folder import SpillFolder

from ..kit.policies import policy, release, roles

SPEC = policy(roles(direct="buyer", quasi="city"), a=release("enclave", "city"))
FEW = Bounds().few


def waiting(prepared):
    """Where records wait, as a run on this machine has it."""
    with SpillFolder() as folder:
        return _aside(prepared, Settings(), folder)


@pytest.fixture
def prepared(tmp_path):
    pq.write_table(pa.table({"buyer": ["a", "b"], "city": ["x", "y"]}), tmp_path / "in.parquet")
    return prepare(policy_from_mapping(SPEC), [f"{tmp_path}/in.parquet"])


def of_rows(prepared, *rows):
    """The same run with shards of so many rows."""
    (shard,) = prepared.shards
    return replace(prepared, shards=tuple(replace(shard, rows=each) for each in rows))


@pytest.mark.parametrize("rows", [(FEW + 1,), (FEW, 1), (1,) * (FEW + 1)], ids=["one", "two", "many"])
def test_many_records_wait_on_disk_however_few_shards_they_are_in(prepared, rows):
    assert waiting(of_rows(prepared, *rows)) is not None


@pytest.mark.parametrize("rows", [(FEW,), (FEW // 2,) * 2, (1,) * 100], ids=["one", "two", "many"])
def test_few_records_are_counted_in_memory(prepared, rows):
    assert waiting(of_rows(prepared, *rows)) is None


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_records_of_a_large_text_file_wait_on_disk(tmp_path, name):
    rows = FEW + 1
    with (
        pa.CompressedOutputStream(str(tmp_path / name), "gzip")
        if name.endswith("gz")
        else pa.OSFile(str(tmp_path / name), "wb") as stream
    ):
        pyarrow.csv.write_csv(pa.table({"buyer": np.arange(rows), "city": np.full(rows, "x")}), stream)
    assert waiting(prepare(policy_from_mapping(SPEC), [f"{tmp_path}/{name}"])) is not None


def test_a_bucket_has_as_many_records_whatever_the_shards(prepared):
    rows = (10_000_000,) * 3
    assert sum(rows) / waiting(of_rows(prepared, *rows)).buckets <= Bounds().bucket
