"""Small runs up to their decision, in this process and without an engine."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.counting.deciding_runs import decide
from beam_deid.transforms.decide.choosing import choose
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.measure.noticing import Noticed
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.register.reference import Reference
from beam_deid.transforms.run.ephemeral_keys import RunKeys
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.shards import prepare

from .fingerprints import KEY


def measured(
    policy: dict, *tables, key: FingerprintKey = KEY, register: Reference | None = None
) -> tuple[Job, Measured]:
    """What the first read finds in files of these tables."""
    with tempfile.TemporaryDirectory() as folder:
        for at, table in enumerate(tables):
            pq.write_table(table, Path(folder) / f"in-{at}.parquet")
        prepared = prepare(policy_from_mapping(policy), [f"{folder}/in-*.parquet"])
        job = replace(prepared.job, fingerprint_key=key, register=register, unregistered="")
        made = RunKeys(job, folder).made()
        return job, Measured.merge([measure_shard(shard, made) for shard in prepared.shards])


def decided(policy: dict, *tables, key: FingerprintKey = KEY):
    """The decision of each release; of no record as of an empty collection, for files without a row are refused."""
    job, found = measured(policy, *tables, key=key)
    return decide(job, replace(found, noticed=Noticed()), 0.0).releases


def label_of(policy: dict, *tables, release: str = "a"):
    """The label of one release."""
    return decided(policy, *tables)[release].label


def failing(label) -> set[str]:
    """The names of the tests that do not hold."""
    return {test.name for test in label.failing}


def data_of(policy: dict, *tables) -> dict[str, ReleasedData]:
    """The releases of a policy that are tested together, over their cells."""
    job, found = measured(policy, *tables)
    names = job.tables[0]
    cells = Cells(job, found.histograms[names])
    return {name: ReleasedData(job, job.layouts[name], found.releases[name], cells) for name in names}


def chosen_of(policy: dict, *tables):
    """What was chosen for each of them, before anything is tested together."""
    return {name: choose(data) for name, data in data_of(policy, *tables).items()}


def total(left: np.ndarray) -> int:
    """Records that are left."""
    return int(left.sum())
