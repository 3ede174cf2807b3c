"""`beam_deid.deidentify` on a frame of polars beside `beam_deid.run` on a file of the same orders, without the start of Beam.

    python -m tests.benchmarks.bench_frame [--rows 1000000] [--repeat 3] [--only crm market] [--threads N] [--keep FOLDER]

Two releases are measured: a personal one at fixed levels (crm), and an anonymized one whose levels are searched (market). Each
turn is a process of its own, and the time is that of the call alone: a run has loaded Beam before, and a frame is in memory. The
ratio is that of the medians. Labels and counts of both must be the same. Memory is the process's greatest, with the frame in it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from .bench_run import _folder
from .order_files import KEY, MARKET, crm, orders_file, policy_file

POLICIES = {"crm": crm(), "market": MARKET}
MOST = 1.5
"""How many times the run's time a frame may take."""
ON_FRAME = """
import json, resource, sys, time
import polars as pl, pyarrow
import beam_deid
import beam_deid.transforms.frames.releasing
policy, orders, threads = sys.argv[1:]
frame = pl.read_parquet(orders)
begun = time.monotonic()
made = beam_deid.deidentify(frame, policy, threads=int(threads) or None)
seconds = time.monotonic() - begun
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "label": made.label.value, "records": made.label.document["records"], "mib": rss / 1024}))
"""
ON_FILE = """
import json, sys, time
import beam_deid
import beam_deid.transforms.beam.run
if __name__ == "__main__":
    policy, orders, output, workers = sys.argv[1:]
    begun = time.monotonic()
    result = beam_deid.run(policy, orders, output, workers=int(workers))
    seconds = time.monotonic() - begun
    (label,) = result.labels.values()
    print(json.dumps({"seconds": seconds, "label": label.value, "records": label.document["records"], "mib": 0}))
"""


def turn(code: str, folder: Path, *arguments: object) -> dict[str, Any]:
    """What one process took and found."""
    script = folder / "turn.py"
    script.write_text(code, "utf-8")
    words = [sys.executable, str(script), *map(str, arguments)]
    done = subprocess.run(words, env={**os.environ, KEY: "k" * 64}, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measured(name: str, orders: Path, folder: Path, given: argparse.Namespace) -> str:
    """A line on one release: the medians of both, in turns, and their ratio."""
    frames = []
    files = []
    for _ in range(given.repeat):
        with tempfile.TemporaryDirectory(dir=folder) as place:  # with a register of its own
            own = Path(place)
            policy = own / policy_file(own, name, POLICIES[name]).name
            frames.append(turn(ON_FRAME, own, policy, orders, given.threads))
            files.append(turn(ON_FILE, own, policy, orders, own / "out", given.workers))
    if len({(one["label"], json.dumps(one["records"])) for one in (*frames, *files)}) > 1:
        sys.exit(f"{name}: a frame and a file do not come to the same")
    frame = statistics.median(one["seconds"] for one in frames)
    file = statistics.median(one["seconds"] for one in files)
    memory = max(one["mib"] for one in frames)
    return (
        f"{name:8} {frames[0]['label']:15} frame {frame:6.1f} s, {memory:,.0f} MiB   file {file:6.1f} s   "
        f"ratio {frame / file:.2f}, at most {MOST}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=list(POLICIES), default=list(POLICIES))
    parser.add_argument(
        "--threads", type=int, default=0, help="threads of a frame; 0 for as many as there are processors"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes of a run")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    given = parser.parse_args()
    with _folder(given.keep) as kept, tempfile.TemporaryDirectory() as folder:
        orders = orders_file(kept, given.rows)
        print(f"{given.rows:,} orders", flush=True)
        for name in given.only:
            print(measured(name, orders, Path(folder), given), flush=True)


if __name__ == "__main__":
    main()
