"""Which records of a file the gate of a release lets through, without an engine."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.treat.gate import Gate
from beam_deid.transforms.treat.typed import read_typed

from .fingerprints import KEY
from .keys import KEY as MASTER

__all__ = ["MASTER", "gated"]


def gated(
    folder: Any, policy: dict[str, Any], records: pa.Table, as_of: int | None = None, release: str = "crm"
) -> tuple[list[int], Counter[str]]:
    """Rows that pass, and why the others do not.

    Args:
        folder: Where the records are written.
        policy: The policy.
        records: The records.
        as_of: The time at which consent must be valid.
        release: The release.
    """
    path = folder / "records.parquet"
    pq.write_table(records, path)
    prepared = prepare(policy_from_mapping(policy), [str(path)], as_of=as_of)
    passed: list[int] = []
    withheld: Counter[str] = Counter()
    with SpillFolder() as private:
        job = with_consents(replace(prepared.job, fingerprint_key=KEY), private.path)
        gate = Gate(job, release)
        for shard in prepared.shards:
            for batch in read_typed(shard, job, job.columns):
                held = gate.held(batch.records)
                passed += batch.records.rows[held.passed].tolist()
                withheld += held.withheld
    return passed, withheld
