"""A run whose measured records wait on disk, in buckets, publishes what a run publishes that holds them in memory."""

import os

import pytest

from beam_deid.transforms.beam import engine, run
from beam_deid.transforms.measure.chunks import Bounds

from ..kit.any_size import FILES, ROWS, published, unlike, write_all
from ..kit.keys import KEY

SMALL = 4096
"""Bytes of a chunk."""


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    return write_all(tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def whole(orders, tmp_path_factory):
    """What is published where all is counted in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        found = published(orders, tmp_path_factory.mktemp("whole") / "out", "--workers", "1")
    assert {name.partition("/")[0] for name in found} >= {"crm", "market"}
    return found


@pytest.mark.slow("two runs of some thousand orders")
@pytest.mark.parametrize("workers", [1, 2])
def test_parts_and_labels_are_the_same_in_buckets_that_measuring_fills(
    orders, whole, temporary, tmp_path, monkeypatch, workers
):
    monkeypatch.setattr(run, "FEW_SHARDS", 0)
    apart = published(orders, tmp_path / "out", "--workers", str(workers))
    assert apart.keys() == whole.keys()
    assert list(unlike(whole, apart)) == []
    assert os.listdir(temporary) == []


@pytest.mark.slow("three runs of some thousand orders")
@pytest.mark.parametrize(("buckets", "workers"), [(1, 1), (16, 1), (16, 2)])
def test_parts_and_labels_are_the_same_in_buckets_of_what_came_in_chunks(
    orders, whole, temporary, tmp_path, monkeypatch, buckets, workers
):
    monkeypatch.setattr(engine, "BOUNDS", Bounds(SMALL, 0, FILES * ROWS // buckets))
    apart = published(orders, tmp_path / "out", "--workers", str(workers))
    assert apart.keys() == whole.keys()
    assert list(unlike(whole, apart)) == []
    assert os.listdir(temporary) == []
