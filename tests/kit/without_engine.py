"""Whole runs in this process and without an engine, step by step, so that a step can be looked at or replaced."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.counting.deciding_runs import decide as decide_run
from beam_deid.transforms.decide.decision import Decision
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.policy.register_location import register_location
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.outputs import ToParts
from beam_deid.transforms.release.pieces import Assembly, assemble
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.release.releasing import ReleasePass
from beam_deid.transforms.run.ephemeral_keys import RunKeys
from beam_deid.transforms.run.shards import Prepared, prepare
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.treat.passes import pass_over


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


def released(prepared: Prepared, decision: Decision, staging: Path) -> RunFacts:
    """Write the parts of what was decided into a staging folder; the facts that a proof needs."""
    told = Shared(ReleasePass(prepared.job, decision.releases, ToParts(str(staging))))
    facts = [pass_over(shard, told) for shard in prepared.shards]
    attempts = {name: one.attempts for name, one in RunFacts.merge(facts).releases.items()}
    assembly = Shared(Assembly(prepared.job, decision.releases, str(staging), attempts))
    for name, order in decision.releases.items():
        lots = Cut.of(prepared.job, order).lots if order.shuffled else 0
        facts += [assemble(assembly, name, lot) for lot in range(lots)]
    return RunFacts.merge(facts)


def write(prepared: Prepared, decision: Decision, out: Path) -> Path:
    """Write and prove the parts and the labels of what was decided, as a run leaves them."""
    written = released(prepared, decision, out)
    for name, order in decision.releases.items():
        prove(order, written.releases[name])
        (out / name).mkdir(exist_ok=True)
        for file in written.releases[name].files:
            (out / file.source).rename(out / name / file.path)
        (out / name / "label.json").write_text(json.dumps(order.label.to_document(), allow_nan=False))
    rejects = [{"row": row, "release": release} for _, row, _, _, release in written.rejects]
    if rejects:
        pq.write_table(pa.Table.from_pylist(rejects), out / "rejected.parquet")
    return out
