"""A run whose measured records wait on disk, in buckets, publishes what a run publishes that holds them in memory."""

import os
import shutil
from pathlib import Path

import pytest
import yaml

from beam_deid.transforms.beam import engine, run
from beam_deid.transforms.measure.chunks import Bounds

from ..kit.any_size import FILES, POLICY, ROWS, published, unlike, write_all
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
    monkeypatch.setattr(run, "ASIDE", Bounds(few=0, bucket=ROWS // 2))
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


def registered(orders: Path, register: Path) -> str:
    """The name of a policy whose release of the market is registered."""
    policy = yaml.safe_load(POLICY)
    policy["register"] = {"path": str(register), "key": "env:BEAM_DEID_KEY"}
    policy["record"] = "tid"
    del policy["releases"]["crm"]
    (orders / f"{register.name}.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), "utf-8")
    return f"{register.name}.yaml"


def tables(register: Path) -> list[bytes]:
    """All tables of fingerprints of a register."""
    return sorted(path.read_bytes() for path in (register / "tables").iterdir())


@pytest.mark.slow("four runs of some thousand orders")
def test_a_second_run_is_the_same_in_memory_and_in_buckets_beside_what_was_given_out(orders, tmp_path, monkeypatch):
    first = tmp_path / "first.register"
    policy = registered(orders, first)
    given_out = published(orders, tmp_path / "first", policy=policy, files="in-[01].parquet")
    assert "market/label.json" in given_out
    found = {}
    for name, few, workers in (("whole", Bounds().few, "1"), ("apart", 0, "1"), ("two", 0, "2")):
        register = tmp_path / f"{name}.register"
        shutil.copytree(first, register)
        monkeypatch.setattr(run, "ASIDE", Bounds(few=few, bucket=ROWS // 2))
        policy = registered(orders, register)
        found[name] = published(orders, tmp_path / name, "--workers", workers, policy=policy), tables(register)
    whole, remembered = found["whole"]
    label = whole["market/label.json"]
    assert isinstance(label, dict)
    assert label["register"]["tested"] == ["market.1"]
    for apart, also in (found["apart"], found["two"]):
        assert list(unlike(whole, apart)) == []
        assert also == remembered
