"""What each requirement of the label costs: seconds to measure its tests on a searched release of generated orders.

    python tests/benchmarks/bench_label.py [--rows 1000000] [--policy configs/policies/tmall_orders.yaml] [--release analytics]

Each test is measured on a fresh candidate, so that what several tests share (groups, numbers of values) is counted with each of
them; the last line is all tests together, which share it.
"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.candidate.suppression import cut
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.choosing import choose
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.rule import tests_of
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import measure_shard
from beam_deid.transforms.policy.reader import read_policy
from beam_deid.transforms.run.shards import prepare
from beam_deid.transforms.synthetic import write_orders

POLICY = Path(__file__).parents[2] / "configs" / "policies" / "tmall_orders.yaml"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--policy", default=str(POLICY))
    parser.add_argument("--release", default="analytics")
    given = parser.parse_args()
    os.environ.setdefault("BEAM_DEID_KEY", "0" * 64)
    with tempfile.TemporaryDirectory() as folder:
        orders = str(Path(folder, "orders.parquet"))
        write_orders(orders, given.rows, 1)
        prepared = prepare(read_policy(given.policy), [orders], [given.release])
        job = replace(prepared.job.pinned(), fingerprint_key=FingerprintKey.new())
        measured, seconds = timed(lambda: Measured.merge([measure_shard(shard, job) for shard in prepared.shards]))
    print(f"{given.rows:,} orders; seconds of this process alone\n{'measuring':24} {seconds:8.2f}")
    cells, seconds = timed(lambda: Cells(job, measured.histograms[given.release,]))
    print(f"{'cells':24} {seconds:8.2f}   {len(cells):,} of them")
    _, seconds = timed(lambda: cells.persons)
    print(f"{'persons':24} {seconds:8.2f}   {len(cells.persons.names)} identities are counted")
    data = ReleasedData(job, job.layouts[given.release], measured.releases[given.release], cells)
    chosen, seconds = timed(lambda: choose(data))
    print(f"{'search and suppression':24} {seconds:8.2f}   {chosen.searched.method}")
    levels = chosen.recoding.levels
    _, seconds = timed(lambda: cut(data, levels))
    print(f"{'one suppression':24} {seconds:8.2f}\n")
    for requirement, test in planned(data.layout.scope):
        seen = Candidate(data, levels, chosen.recoding.cut.left, chosen.candidate.found)
        _, seconds = timed(lambda: requirement.figure(test, seen))  # noqa: B023 - called at once
        print(f"line {test.line}  {test.name:24} {seconds:8.3f}")
    seen = Candidate(data, levels, chosen.recoding.cut.left, chosen.candidate.found)
    _, seconds = timed(lambda: tests_of(seen))
    print(f"        {'all':24} {seconds:8.3f}")


def timed(work):
    """What a call gives, and the seconds of processor time that it took."""
    begun = time.process_time()
    result = work()
    return result, time.process_time() - begun


if __name__ == "__main__":
    main()
