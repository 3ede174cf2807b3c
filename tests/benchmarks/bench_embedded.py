"""What `Deidentify` costs inside somebody's pipeline: dict rows, beside a `beam.Map` that does the same actions row by row.

The map is what somebody writes who has a function for one record: the release's own actions, bound once on the worker, on a record
at a time. It tests nothing, and gives no label.

Run: ``python -m tests.benchmarks.bench_embedded [ROWS]``
"""

import os
import sys
import time
from dataclasses import replace
from typing import Any

import apache_beam as beam
import pyarrow as pa

from beam_deid.transforms import Deidentify, Policy
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.policy.reader import policy_from_mapping
from beam_deid.transforms.run.job import Given, Job
from beam_deid.transforms.treat.given import typed_batch
from beam_deid.transforms.treat.treatment import Treatment

from ..kit.keys import KEK

KEY = "BENCH_EMBEDDED_KEY"
POLICY = {
    "version": 1,
    "dataset": "orders",
    "subject": "buyer",
    "keys": {"key": f"env:{KEY}"},
    "fields": {
        "buyer": {"role": "direct_identifier"},
        "mobile": {"role": "direct_identifier", "kind": "mobile"},
        "name": {"role": "direct_identifier", "kind": "person_name"},
        "city": {"role": "quasi_identifier"},
        "age": {"role": "quasi_identifier", "kind": "integer"},
        "item": {"role": "sensitive"},
    },
    "register": "none",
    "releases": {
        "crm": {
            "purpose": "service",
            "sharing": "enclave",
            "fields": {
                "buyer": {"tokenize": {"domain": "customer"}},
                "mobile": {"fpe": {"domain": "mobile"}},
                "name": {"mask": {"keep_first": 1}},
                "city": "keep",
                "age": {"generalize": {"ranges": [10], "level": 0}},
                "item": "keep",
            },
        }
    },
}


def rows_of(count: int) -> list[dict[str, Any]]:
    """Made-up orders, as dicts."""
    return [
        {
            "buyer": f"b{number // 2}",
            "mobile": f"138{number // 2:08d}",
            "name": "王李张刘陈"[number // 2 % 5] + "小明",
            "city": ("杭州市", "上海市", "成都市")[number // 2 % 3],
            "age": 20 + number // 2 % 40,
            "item": ("茶", "书", "纸")[number % 3],
        }
        for number in range(count)
    ]


class RowByRow(beam.DoFn):
    """The actions of the release on one record at a time."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def setup(self) -> None:
        """Fetch keys, and bind the actions."""
        job = Job(self._policy, ("crm",), run="bench", policy_sha256="").given(Given(FingerprintKey.new()))
        self._read = TypesOf(job)
        self._treatment = Treatment(job, "crm", {})

    def process(self, row: dict[str, Any]) -> Any:
        """One record."""
        applied = self._treatment.apply(self._read(row))
        yield {name: column[0].as_py() for name, column in applied.values.items()}


class TypesOf:
    """Reads a record as the policy's kinds say.

    Args:
        job: The run.
    """

    def __init__(self, job: Job) -> None:
        types = {name: pa.string() for name in job.policy.fields} | {"age": pa.int64()}
        self._job = replace(job, types=types)

    def __call__(self, row: dict[str, Any]) -> Any:
        return typed_batch(self._job, pa.RecordBatch.from_pylist([row]), tuple(row), 0).records


def seconds(transform: Any, count: int) -> float:
    """CPU seconds of a pipeline that makes so many rows and treats them, its start included.

    Rows are made in the pipeline. `beam.Create` of dicts looks at the type of each value while the pipeline is built, which takes
    Beam several times as long as all that is measured here.
    """
    began = time.process_time()
    with beam.Pipeline(runner="FnApiRunner") as pipeline:
        numbers = pipeline | beam.Create([count], reshuffle=False)
        _ = numbers | "Rows" >> beam.FlatMap(rows_of).with_output_types(dict) | transform
    return time.process_time() - began


def main(count: int) -> None:
    """Print both, and their ratio."""
    os.environ.setdefault(KEY, KEK)
    policy = policy_from_mapping(POLICY)
    seconds(Deidentify(policy), 10)  # what is loaded once
    passed_on = min(seconds(beam.Map(dict).with_output_types(dict), count) for _ in range(3))
    embedded = min(seconds(Deidentify(policy), count) for _ in range(3))
    some = min(count, 10_000)  # row by row takes as long for each; all would take minutes
    by_row = seconds(beam.ParDo(RowByRow(policy)).with_output_types(dict), some) * count / some
    told = f"Deidentify {embedded:.2f}, row by row {by_row:.2f}, rows alone {passed_on:.2f}"
    print(f"{count:,} dict rows, CPU seconds: {told}: {by_row / embedded:.1f} x")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
