"""The product's own decision about a world, in this process and without an engine, so that its parts can be replaced."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.records.deciding import Decision
from beam_deid.transforms.records.deciding import decide as decide_run
from beam_deid.transforms.records.job import Job
from beam_deid.transforms.records.measuring import Measured, measure_shard
from beam_deid.transforms.records.pieces import assemble
from beam_deid.transforms.records.releasing import release_shard
from beam_deid.transforms.run_keys import RunKeys
from beam_deid.transforms.shards import Prepared, prepare

from .planted import World

Tests = set[tuple[int, str]]
"""Tests by line and name."""


def decided(world: World, folder: Path, suppression: float = 0.0) -> tuple[Prepared, Decision]:
    """What the product decides about the releases of a world."""
    pq.write_table(world.source, folder / "in.parquet")
    (folder / "policy.yaml").write_text(yaml.safe_dump(world.written(suppression), allow_unicode=True), "utf-8")
    prepared = prepare(read_policy(str(folder / "policy.yaml")), [str(folder / "in.parquet")])
    job = replace(RunKeys(prepared.job, str(folder)).made(), fingerprint_key=FingerprintKey.new())
    measured = Measured.merge([measure_shard(shard, job) for shard in prepared.shards])
    return replace(prepared, job=job), decide_run(job, measured, 0.0)


def failing(decision: Decision, release: str = "a") -> Tests:
    """The tests that do not hold."""
    return {(test.line, test.name) for test in decision.releases[release].label.failing}


def figures(decision: Decision, release: str = "a") -> dict[str, Any]:
    """What was measured for each test."""
    return {test.name: test.measured for test in decision.releases[release].label.tests}


def write(prepared: Prepared, decision: Decision, out: Path) -> Path:
    """Write the parts and the labels of what was decided, as a run leaves them."""
    job: Job = prepared.job
    for shard in prepared.shards:
        release_shard(shard, job, decision.releases, str(out))
    for name, order in decision.releases.items():
        for part in range(order.parts if order.mixed else 0):
            assemble(job, order, str(out), part)
        (out / name / "label.json").write_text(json.dumps(order.label.to_json()))
    return out
