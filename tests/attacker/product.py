"""The product's own decision about a world, in this process and without an engine, so that its parts can be replaced."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.deciding import decide as decide_run
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.outputs import ToParts
from beam_deid.transforms.release.pieces import assemble
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.release.releasing import ReleasePass
from beam_deid.transforms.run.ephemeral_keys import RunKeys
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.treat.passes import pass_over

from .planted import World

Tests = set[tuple[int, str]]
"""Tests by line and name."""


def decided(world: World, folder: Path, suppression: float = 0.0) -> tuple[Prepared, Decision]:
    """What the product decides about the releases of a world."""
    return decided_on(world.source, world.written(suppression), folder)


def decided_on(
    source: pa.Table, policy: dict[str, Any], folder: Path, rejects: float = 0.0
) -> tuple[Prepared, Decision]:
    """What the product decides about the releases of a policy; ``rejects`` is the share of records that may be rejected.

    Raises:
        DeidError: The policy, or the input, is refused.
    """
    pq.write_table(source, folder / "in.parquet")
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy, allow_unicode=True), "utf-8")
    prepared = prepare(read_policy(str(folder / "policy.yaml")), [str(folder / "in.parquet")])
    # Nothing was given out before, so a register would be empty, whatever key it has: what counts is whether the policy keeps one.
    missing = register_location(prepared.job.policy, str(folder / "out"), key_given=True).missing
    made = RunKeys(prepared.job, str(folder)).made()
    job = replace(made, fingerprint_key=FingerprintKey.new(), unregistered=missing)
    measured = Measured.merge([measure_shard(shard, job) for shard in prepared.shards])
    return replace(prepared, job=job), decide_run(job, measured, rejects)


def failing(decision: Decision, release: str = "a") -> Tests:
    """The tests that do not hold."""
    return {(test.line, test.name) for test in decision.releases[release].label.failing}


def figures(decision: Decision, release: str = "a") -> dict[str, Any]:
    """What was measured for each test."""
    return {test.name: test.measured for test in decision.releases[release].label.tests}


def write(prepared: Prepared, decision: Decision, out: Path) -> Path:
    """Write and prove the parts and the labels of what was decided, as a run leaves them."""
    job = prepared.job
    releases = decision.releases
    told = Shared(ReleasePass(job, releases, ToParts(str(out))))
    facts = [pass_over(shard, told) for shard in prepared.shards]
    released = RunFacts.merge(facts).releases
    for name, order in releases.items():
        for part in range(order.parts if order.shuffled else 0):
            attempts = released[name].attempts
            facts += [assemble(job, order, str(out), part, attempts)]
    written = RunFacts.merge(facts)
    for name, order in releases.items():
        prove(order, written.releases[name])
        (out / name).mkdir(exist_ok=True)
        for file in written.releases[name].files:
            (out / file.source).rename(out / name / file.path)
        (out / name / "label.json").write_text(json.dumps(order.label.to_document(), allow_nan=False))
    rejects = [{"row": row, "release": release} for _, row, _, _, release in written.rejects]
    if rejects:
        pq.write_table(pa.Table.from_pylist(rejects), out / "rejected.parquet")
    return out
