"""Measured records in chunks: none is large, and put together they are what was measured, in memory and in buckets."""

import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_deid.transforms.columns.ipc import from_ipc, to_ipc
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.measure.aside import stream_of
from beam_deid.transforms.measure.chunks import SHARES, Bounds, chunks_of, histogram_of, table_of
from beam_deid.transforms.measure.gathering import gather
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.stages import COUNT

from ..counting.test_labels import document
from ..kit.deciding import measured
from ..kit.examples import examples
from ..kit.policies import policy, release, roles

TABLE = ("a",)
POLICY = policy(roles(direct="buyer", quasi="city", sensitive="category"), a=release("enclave", "city category"))
HEAD = 2048
"""Bytes of a chunk beside its columns."""


def people(rows):
    return pa.table(
        {"buyer": [f"b{row % 40}" for row in range(rows)], "city": ["x", "y"] * (rows // 2), "category": ["c"] * rows}
    )


def kinds(histogram):
    """How many records there are of each kind."""
    whole = Histogram.of(histogram.columns, histogram.counts).ordered()
    return {name: keys.tolist() for name, keys in whole.columns.items()}, whole.counts.tolist()


@pytest.mark.parametrize("rows", [1, 1000, 100_000])
def test_no_chunk_is_larger_than_its_bound_however_many_rows_there_are(rows):
    columns = {Column("value", str(at), "a"): np.arange(rows, dtype=np.uint64) + np.uint64(at) for at in range(9)}
    chunks = [
        chunk for _, chunk in chunks_of({TABLE: Histogram(columns, np.ones(rows, np.int64))}, Bounds().chunk // 64)
    ]
    assert sum(chunk.num_rows for chunk in chunks) == rows
    assert max(len(to_ipc(chunk)) for chunk in chunks) <= Bounds().chunk // 64 + HEAD


def test_chunks_are_spread_over_all_shares_and_a_share_follows_from_the_chunk():
    keys = np.random.default_rng(1).integers(0, 1 << 63, 40_000).astype(np.uint64)
    histogram = Histogram({Column("signature"): keys}, np.ones(len(keys), np.int64))
    shares = [[share for share, _ in chunks_of({TABLE: histogram}, 16)] for _ in range(2)]
    assert shares[0] == shares[1]
    found = np.bincount(shares[0], minlength=SHARES)
    assert len(found) == SHARES
    assert found.min() > 0
    assert found.max() < 4 * found.mean()


@examples(0.3)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=40),
    st.integers(1, 200),
)
def test_chunks_that_crossed_a_stage_boundary_are_the_records_again(rows, most):
    job, _ = measured(POLICY, people(2))
    columns = {
        Column("value", name, "a"): np.array([row[at] for row in rows], np.uint64) for at, name in enumerate("xy")
    }
    histogram = Histogram(columns, np.array([row[2] for row in rows], np.int64))
    chunks = [from_ipc(to_ipc(chunk)) for _, chunk in chunks_of({TABLE: histogram}, most)]
    assert {table_of(chunk) for chunk in chunks} == {TABLE}
    found = gather(job, Measured(read=7), reversed(chunks), Bounds(), None)
    assert found.read == 7
    assert kinds(found.histograms[TABLE]) == kinds(histogram)


def test_many_chunks_of_few_kinds_are_counted_together(monkeypatch):
    monkeypatch.setattr("beam_deid.transforms.measure.gathering._HELD", 100)
    job, found = measured(POLICY, people(200))
    chunks = [chunk for _ in range(50) for _, chunk in chunks_of(found.histograms, 1000)]
    together = gather(job, Measured(), iter(chunks), Bounds(), None).histograms[TABLE]
    assert len(together.counts) <= len(found.histograms[TABLE].counts)
    assert together.records == 50 * 200


@pytest.mark.parametrize("bucket", [1, 30, 1000])
def test_records_that_were_set_aside_one_by_one_are_labelled_as_in_memory(bucket):
    job, found = measured(POLICY, people(400))
    assert (found.histograms[TABLE].counts > 1).any()
    small = Measured(found.read, found.releases)
    chunks = [chunk for _, chunk in chunks_of(found.histograms, 500)]
    with SpillFolder() as folder:
        apart = gather(job, small, chunks, Bounds(500, 0, bucket), folder)
        stream = apart.aside[stream_of(TABLE)]
        assert apart.histograms == {}
        assert stream.buckets == -(-400 // bucket)
        assert stream.rows == 400
        assert stream.read(0, (COUNT,))[COUNT].tolist() == [1] * stream.rows_in(0)
        one = decide(job, apart, 0.5).releases["a"]
    other = decide(job, found, 0.5).releases["a"]
    assert document(one) == document(other)
    assert one.proof == other.proof


def test_a_failure_while_chunks_come_leaves_no_open_file():
    job, found = measured(POLICY, people(400))

    def broken():
        yield from (chunk for _, chunk in chunks_of(found.histograms, 500))
        raise OSError("the engine fails")

    before = len(os.listdir("/proc/self/fd"))
    with SpillFolder() as folder, pytest.raises(OSError, match="the engine fails"):
        gather(job, found, broken(), Bounds(500, 0, 30), folder)
    assert len(os.listdir("/proc/self/fd")) == before
    assert not os.path.exists(folder.path)


def test_a_chunk_tells_its_columns_by_name_and_no_value():
    _, found = measured(POLICY, people(2))
    ((_, chunk),) = chunks_of(found.histograms, 10_000)
    assert histogram_of(chunk).columns.keys() == found.histograms[TABLE].columns.keys()
    assert b"b1" not in to_ipc(chunk)
