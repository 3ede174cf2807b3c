"""A stream of orders through `Deidentify` and `WriteRelease`: what is taken, when it leaves, what it holds, and what a kill costs.

Run: ``python -m tests.benchmarks.bench_streaming [--rate 10000] [--seconds 60] [--window 60] [--kill-after SECONDS]``

Orders are generated at so many a second, as dicts, each with the time at which it was placed. A worker that is killed takes with it
what it holds; the engine goes back to its last checkpoint, and what is written must be what was generated, each order once.

It runs on Flink as `tests/engines` starts it.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..engines.clusters import Cluster, flink
from ..engines.streams import EVERY, KEY, Stream, begin, finish, kill_workers
from ..kit.keys import KEK
from .machine import machine
from .processes import cpu_seconds, pss_mib, tree

LATE = 600.0
"""Seconds after the last order in which all windows must be written."""


@dataclass
class Watch:
    """What is looked at while it runs.

    Attributes:
        memory: Seconds since the start of the stream, and MiB of all processes of the engine and its workers.
        cpu: Seconds of processors that each process took until it was looked at last.
        killed: When a worker was killed, likewise; None where none was.
    """

    memory: list[tuple[float, float]] = field(default_factory=list)
    cpu: dict[int, float] = field(default_factory=dict)
    killed: float | None = None

    def look(self, stream: Stream, cluster: Cluster, kill_after: float | None) -> None:
        """Look once, and kill a worker if it is time."""
        since = time.time() - stream.start
        pids = [pid for server in cluster.servers.running.values() for pid in tree(server.pid)]
        self.memory.append((since, sum(map(pss_mib, pids))))
        self.cpu |= {pid: spent for pid in pids if (spent := cpu_seconds(pid))}
        if kill_after is not None and self.killed is None and since >= kill_after:
            kill_workers(cluster)
            self.killed = since


def run(stream: Stream, folder: Path, cluster: Cluster, parallelism: int, kill_after: float | None) -> Watch:
    """Run the pipeline to the end of the stream."""
    watch = Watch()
    result = begin(stream, folder, cluster, parallelism)
    finish(result, stream, folder, lambda: watch.look(stream, cluster, kill_after), LATE)
    return watch


def noted(folder: Path) -> Iterator[dict[str, Any]]:
    """All notes."""
    for path in (folder / "notes").iterdir():
        yield from map(json.loads, path.read_text().splitlines())


def report(stream: Stream, folder: Path, watch: Watch) -> bool:
    """Print what was found; whether every order is there once."""
    notes = list(noted(folder))
    taken = {one["burst"]: one["at"] for one in sorted(notes, key=lambda one: -one["at"]) if one["what"] == "taken"}
    lag = [at - stream.start - burst * EVERY for burst, at in taken.items()]
    took = max(taken.values()) - min(taken.values()) + EVERY
    print(
        f"taken: {stream.orders:,} orders, {stream.orders / took:,.0f} a second; at most {max(lag):.1f} s after their time"
    )
    tenths = np.zeros(max(len(one["tenths"]) for one in notes if one["what"] == "left"), np.int64)
    for one in notes:
        if one["what"] == "left":
            tenths[: len(one["tenths"])] += one["tenths"]
    reached = np.cumsum(tenths) / tenths.sum()
    middle, late = (float(np.searchsorted(reached, share) / 10) for share in (0.5, 0.99))
    print(f"from order to released batch: median {middle:.1f} s, p99 {late:.1f} s (windows of {stream.window} s)")
    running = [one for one in watch.memory if 0 <= one[0] <= stream.seconds]
    looks = {
        "start": running[0],
        "middle": running[len(running) // 2],
        "end": running[-1],
        "most": max(running, key=_mib),
    }
    for name, (since, mib) in looks.items():
        print(f"memory, {name} ({since:.0f} s): {mib:,.0f} MiB")
    print(f"processors: {sum(watch.cpu.values()):,.0f} s, of the engine and its workers, which made the orders as well")
    if watch.killed is not None:
        print(f"all Python workers killed after {watch.killed:.0f} s")
    whole = [window(numbers, folder, stream) for numbers in stream.windows()]
    return all(whole)


def _mib(look: tuple[float, float]) -> float:
    return look[1]


def window(numbers: range, folder: Path, stream: Stream) -> bool:
    """Print a window; whether its release is the orders that were generated in it, each once."""
    begin = stream.start + numbers.start // stream.rate
    name = "-".join(time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(one)) for one in (begin, begin + stream.window))
    place = folder / "out" / name / "crm"
    labels = list(place.glob("label.json"))
    if not labels:
        print(f"{name}: no label")
        return False
    label = json.loads(labels[0].read_text("utf-8"))
    found = np.sort(
        pa.concat_tables([pq.read_table(place / file["path"]) for file in label["files"]])["number"].to_numpy()
    )
    counts = label["records"]
    told = sum(counts[one] for one in ("released", "suppressed", "withheld", "rejected"))
    whole = np.array_equal(found, np.array(numbers)) and counts["read"] == told == len(numbers)
    after = labels[0].stat().st_mtime - begin - stream.window
    print(
        f"{name}: {label['label']} {after:.1f} s after its end, read {counts['read']:,}, released {counts['released']:,}, ",
        end="",
    )
    print(
        "every order once"
        if whole
        else f"GENERATED {len(numbers):,}, {len(np.unique(found)):,} DIFFERENT ONES IN FILES"
    )
    return whole


def main() -> None:
    """Run it, and print what was found."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rate", type=int, default=10_000, help="orders a second")
    asked.add_argument("--seconds", type=int, default=60, help="of the stream")
    asked.add_argument("--window", type=int, default=60, help="seconds of a window")
    asked.add_argument("--kill-after", type=float, help="seconds after which the Python workers are killed")
    asked.add_argument(
        "--lead", type=int, default=45, help="seconds that the engine has to start before the first order"
    )
    asked.add_argument("--parallelism", type=int, default=2, help="of the engine's steps")
    asked.add_argument("--heap", default="2g", help="of each TaskManager: windows that are open are held there")
    given = asked.parse_args()
    print(json.dumps(machine()))
    os.environ.setdefault(KEY, KEK)
    with tempfile.TemporaryDirectory(prefix="bench-streaming-") as made:
        folder = Path(made)
        with flink(folder, dict(os.environ), given.heap) as cluster:
            stream = Stream(int(time.time()) + given.lead, given.rate, given.seconds, given.window)
            watch = run(stream, folder, cluster, given.parallelism, given.kill_after)
        if not report(stream, folder, watch):
            sys.exit("orders were lost or doubled")


if __name__ == "__main__":
    main()
