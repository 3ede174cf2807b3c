import gc
import importlib.resources
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from beam_deid.pipelines.cli import call
from beam_deid.pipelines.language.chosen import ENGLISH, VARIABLE
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.synthetic import write_orders

from .kit.beam_memory import remember_once_loaded
from .kit.drawings import draw_once, drawings
from .kit.every_label import EveryLabel, labels_of, shop
from .kit.examples import register_profiles
from .kit.keys import KEY
from .kit.s3.fixtures import bucket, s3, s3_server, shared_bucket
from .kit.sweeping import leave_alone_what_is_kept, sweep_lightly
from .kit.trials import House, furnish
from .slowest import longest_first

__all__ = ["bucket", "s3", "s3_server", "shared_bucket"]

MANY = 100_000
"""Objects among which looking for garbage takes some ten milliseconds."""

register_profiles()
draw_once(drawings())
sweep_lightly()
os.environ[VARIABLE] = ENGLISH  # whatever this machine speaks: tests read what is shown


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test that the quick suite leaves out says why."""
    if item.get_closest_marker("portable"):
        item.add_marker(pytest.mark.slow("starts Beam's job service and a worker process"))
    if item.get_closest_marker("engines"):
        item.add_marker(pytest.mark.slow("starts Flink or Spark, and runs on it"))
    if item.get_closest_marker("exhaustive"):
        item.add_marker(pytest.mark.slow("one of many of its kind, of which a sample is tried for each change"))
    if item.get_closest_marker("browser"):
        item.add_marker(pytest.mark.slow("starts Chromium, and looks at whole pages in it"))
    for mark in item.iter_markers("slow"):
        if len(mark.args) != 1 or not isinstance(mark.args[0], str):
            raise pytest.UsageError(f'{item.nodeid} is slow and says no reason: pytest.mark.slow("reason")')


def pytest_configure(config: pytest.Config) -> None:
    """Workers take files in the order in which tests are collected."""
    config.option.loadscopereorder = False


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first where workers share the suite: what is left at the end is short."""
    if os.environ.get("PYTEST_XDIST_WORKER"):
        place = {path: at for at, path in enumerate(longest_first(_file_of(item) for item in items))}
        items.sort(key=lambda item: place[_file_of(item)])


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def pytest_collection_finish() -> None:
    """A run looks for garbage between its passes and stages, and need not look among modules and thousands of tests."""
    leave_alone_what_is_kept()


@pytest.fixture(scope="module", autouse=True)
def _kept() -> None:
    """Nor among what was imported since, or what libraries keep."""
    if len(gc.get_objects()) > MANY:
        leave_alone_what_is_kept()


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty thousand synthetic orders in Parquet, in three files."""
    folder = tmp_path_factory.mktemp("orders")
    for seed in range(3):
        write_orders(str(folder / f"orders-{seed}.parquet"), 10_000, seed)
    return folder


@pytest.fixture(scope="session")
def tmall_policy() -> str:
    """The policy that the demo runs."""
    return str(importlib.resources.files("beam_deid.configs").joinpath("policies/tmall_orders.yaml"))


@pytest.fixture(autouse=True)
def _beam() -> None:
    remember_once_loaded()


@pytest.fixture(autouse=True)
def _no_names_yet() -> None:
    """A test begins as a command does: names that an earlier test has met are words again."""
    NAMES.begin()


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAM_DEID_KEY", KEY)


@pytest.fixture(scope="session")
def published(orders: Path, tmall_policy: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An undisturbed run over `orders`."""
    out = tmp_path_factory.mktemp("published") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        assert call(["run", tmall_policy, "-i", str(orders / "*.parquet"), "-o", str(out), "--workers", "1"]) == 0
    return out


@pytest.fixture(scope="session")
def every_label(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EveryLabel]:
    """The labels of each sort, made once."""
    made: dict[str, dict[str, Any]] = {}

    def labels(sort: str) -> dict[str, Any]:
        if sort not in made:
            made[sort] = labels_of(shop(tmp_path_factory.mktemp("shop"), sort))
        return made[sort]

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        yield labels


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Three small files of orders, a policy, and outputs over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEAM_DEID_KEY", KEY)
        return furnish(tmp_path_factory.mktemp("house"))


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own, where the local staging of its runs is."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder
