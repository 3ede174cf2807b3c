"""The second pass of an anonymized release of 100, 200 and 400 parts of the same rows each: is shuffling linear?

    python tests/benchmarks/bench_shuffle.py [--rows 20000] [--parts 100,200,400] [--workers 2] [--whole] [--files 64]

There are as many input files as parts, so that each file has rows of every part; with ``--whole`` all rows are of one group, which
is never in two parts. Time is that of the second pass alone: records are treated, shuffled, written and counted for the proof.
Every size is a process of its own, which may have no more than ``--files`` files open, and its workers neither. Peak memory is
the sum of resident sets of its process tree, sampled.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

POLICY = """
version: 1
dataset: benchmark
subject: buyer
fields:
  buyer: {role: direct_identifier}
  city: {role: quasi_identifier}
  month: {role: quasi_identifier}
  goods: {role: quasi_identifier}
  title: {role: sensitive}
  amount: {role: sensitive}
releases:
  out:
    purpose: benchmark
    sharing: enclave
    parts: {rows: ROWS}
    fields: {city: keep, month: keep, goods: keep, title: keep, amount: keep}
"""
VALUES = {"city": 400, "month": 12, "goods": 150, "title": 1_000}


def main() -> None:
    """Measure and print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--parts", default="100,200,400")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--files", type=int, default=64)
    parser.add_argument("--child", default="")
    arguments = parser.parse_args()
    if arguments.child:
        print(json.dumps(shuffled(arguments)))
        return
    found = {parts: measured(parts, arguments) for parts in map(int, arguments.parts.split(","))}
    least = found[min(found)]
    for parts, figures in found.items():
        print(
            f"{parts:5} parts of {arguments.rows:,} rows: wall {figures['wall']:6.1f} s ({figures['wall'] / least['wall']:.2f} x), "
            f"CPU {figures['cpu']:6.1f} s ({figures['cpu'] / least['cpu']:.2f} x), peak {figures['peak']:5,.0f} MiB, "
            f"{figures['written']} files"
        )


def measured(parts: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of one size, of a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(parts):
            write_orders(Path(folder, f"in-{number:05d}.parquet"), arguments, number)
        made = subprocess.run(
            [sys.executable, __file__, *sys.argv[1:], "--parts", str(parts), "--child", folder],
            stdout=subprocess.PIPE,
            check=True,
        )
    figures: dict[str, Any] = json.loads(made.stdout)
    return figures


def write_orders(path: Path, arguments: argparse.Namespace, number: int) -> None:
    """One input file."""
    random = np.random.default_rng(number)
    rows = arguments.rows
    columns = {"buyer": pa.array([f"u{number}-{row}" for row in range(rows)])}
    for name, many in VALUES.items():
        words = pa.array([f"{name} {value:07d} of so many" for value in range(many)])
        grouped = arguments.whole and name != "title"
        columns[name] = words.take(pa.array(np.zeros(rows, int) if grouped else random.integers(0, many, rows)))
    columns["amount"] = pa.array(random.integers(0, 100_000, rows) / 100)
    pq.write_table(pa.table(columns), path)


def shuffled(arguments: argparse.Namespace) -> dict[str, Any]:
    """Release, shuffle and write all files in a folder."""
    from beam_deid.transforms.policy.reader import read_policy
    from beam_deid.transforms.release.cutting import Cut
    from beam_deid.transforms.release.facts import RunFacts
    from beam_deid.transforms.release.outputs import ToParts
    from beam_deid.transforms.release.pieces import Assembly, assemble
    from beam_deid.transforms.release.releasing import ReleasePass
    from beam_deid.transforms.run import workers
    from beam_deid.transforms.run.shards import prepare
    from beam_deid.transforms.run.workers import Shared, Tasks
    from beam_deid.transforms.treat.passes import pass_over

    resource.setrlimit(resource.RLIMIT_NOFILE, (arguments.files, arguments.files))
    folder = Path(arguments.child)
    (folder / "policy.yaml").write_text(POLICY.replace("ROWS", str(arguments.rows)))
    policy = read_policy(str(folder / "policy.yaml"))
    job, decision = decided(policy, folder)
    prepared = prepare(policy, [str(folder / "in-*.parquet")])
    job = replace(job, shards=len(prepared.shards))
    released = replace(decision.records, released=int(arguments.parts) * arguments.rows)
    decisions = {"out": replace(decision, records=released)}
    staging = str(folder / "staging")
    workers.warm(arguments.workers)
    watch = Watch()
    told = Shared(ReleasePass(job, decisions, ToParts(staging)))
    facts = RunFacts.merge(done(Tasks(arguments.workers, "releasing"), pass_over, told, prepared.shards))
    assembly = Shared(Assembly(job, decisions, staging, {"out": facts.releases["out"].attempts}))
    lots = [(assembly, "out", lot) for lot in range(Cut.of(job, decisions["out"]).lots)]
    tasks = Tasks(arguments.workers, "releasing")
    parts = [made for lot in lots for made in tasks.submit(assemble, *lot)] + list(tasks.rest())
    figures = watch.stop(workers.close)
    return {**figures, "written": sum(len(part.releases["out"].files) for part in parts)}


def done(tasks: Any, task: Any, told: Any, shards: Any) -> list[Any]:
    """What came of a pass over all shards."""
    return [made for shard in shards for made in tasks.submit(task, shard, told)] + list(tasks.rest())


def decided(policy: Any, folder: Path) -> tuple[Any, Any]:
    """The decision on a few orders that are anonymized as they are, with the run that it was made for."""
    from beam_deid.transforms.columns.fingerprint import FingerprintKey
    from beam_deid.transforms.counting.deciding_runs import decide
    from beam_deid.transforms.measure.measured import Measured
    from beam_deid.transforms.measure.measuring import measure_shard
    from beam_deid.transforms.run.shards import prepare

    same = {name: ["one"] * 100 for name in ("city", "month", "goods")}
    each = {"buyer": [f"u{row}" for row in range(100)], "title": [f"title {row % 4}" for row in range(100)]}
    pq.write_table(pa.table({**each, **same, "amount": [row % 4 + 0.5 for row in range(100)]}), folder / "few.parquet")
    prepared = prepare(policy, [str(folder / "few.parquet")])
    job = replace(prepared.job, fingerprint_key=FingerprintKey.new())
    measured = Measured.merge([measure_shard(shard, job) for shard in prepared.shards])
    decision = decide(job, measured, 0.0).releases["out"]
    if not decision.shuffled:
        sys.exit(f"the release is not shuffled: {[test.name for test in decision.label.failing]}")
    return job, decision


class Watch:
    """Measures this process and its children from now on."""

    def __init__(self) -> None:
        self._begun = (time.perf_counter(), _cpu())
        self._peak = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self, end_children: Any) -> dict[str, float]:
        """The figures. Children are ended, for what they took is known only then."""
        wall = time.perf_counter() - self._begun[0]
        self._over.set()
        self._thread.join()
        end_children()
        return {"wall": wall, "cpu": _cpu() - self._begun[1], "peak": self._peak}

    def _sample(self) -> None:
        while not self._over.wait(0.05):
            self._peak = max(self._peak, _tree_rss(os.getpid()))


def _cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def _tree_rss(pid: int) -> float:
    """Resident MiB of a process and its children."""
    total = 0
    todo = [pid]
    while todo:
        one = todo.pop()
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in Path(f"/proc/{one}/task").iterdir():
                todo += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            continue
    return total / 2**20


if __name__ == "__main__":
    main()
