"""A stream of orders through `Deidentify` and `WriteRelease`: what is taken, when it leaves, what it holds, and what a kill costs.

Run: ``python -m tests.benchmarks.bench_streaming [--rate 10000] [--seconds 60] [--window 60] [--kill-after SECONDS]``

Orders are generated at so many a second, as dicts, each with the time at which it was placed. A worker that is killed takes with it
what it holds; the engine goes back to its last checkpoint, and what is written must be what was generated, each order once.

It runs on Flink 1.19 as `tests/engines` starts it, for of the engines that can be had here it alone streams with workers of its
own and checkpoints: `FnApiRunner` and Beam's local job service take a stream to its end before they go on, `PrismRunner` is a
program that no package carries, and `BundleBasedDirectRunner` keeps nothing of a worker that dies.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import FixedWindows, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms import Deidentify, WriteRelease

from ..engines.clusters import Cluster, flink
from ..kit.keys import KEK
from .machine import machine
from .processes import cpu_seconds, pss_mib, tree

KEY = "BENCH_STREAMING_KEY"
EVERY = 0.1
"""Seconds between two bursts of orders."""
LOOK = 5.0
"""Seconds between two looks at the processes."""
OPTIONS = (
    "--runner=PortableRunner",
    "--streaming",
    "--checkpointing_interval=10000",
    "--shutdown_sources_after_idle_ms=0",  # else Flink waits for ever for what has but one element, where it makes checkpoints
)
_ELSE = ("--parallelism", "--environment_cache_millis")
"""What is another for a stream: Flink would start a stage anew on the connection to a worker that is dead, if it kept it."""
POLICY = {
    "version": 1,
    "dataset": "orders",
    "subject": "buyer",
    "keys": {"key": f"env:{KEY}"},
    "fields": {
        "number": {"role": "insensitive", "kind": "integer"},
        "placed": {"role": "quasi_identifier", "kind": "integer"},
        "buyer": {"role": "direct_identifier"},
        "mobile": {"role": "direct_identifier", "kind": "mobile"},
        "city": {"role": "quasi_identifier"},
        "item": {"role": "sensitive"},
    },
    "register": "none",
    "releases": {
        "crm": {
            "purpose": "service",
            "sharing": "enclave",
            "fields": {
                "number": "keep",
                "placed": "keep",
                "buyer": {"tokenize": {"domain": "customer"}},
                "mobile": {"fpe": {"domain": "mobile"}},
                "city": "keep",
                "item": "keep",
            },
        }
    },
}


@dataclass(frozen=True)
class Stream:
    """What is generated.

    Attributes:
        start: When the first order is placed, in seconds since 1970.
        rate: Orders a second.
        seconds: How long.
        window: Seconds of a window; the first begins with the first order.
    """

    start: int
    rate: int
    seconds: int
    window: int

    @property
    def orders(self) -> int:
        """How many orders there are."""
        return self.rate * self.seconds

    def windows(self) -> Iterator[range]:
        """The numbers of each window's orders."""
        size = self.rate * self.window
        return (range(first, min(first + size, self.orders)) for first in range(0, self.orders, size))


class Burst(beam.DoFn):
    """A time → the orders that are placed from then on until the next: the same ones, whenever it is tried again.

    Args:
        stream: What is generated.
        notes: Folder in which it is noted when they were given out.
    """

    def __init__(self, stream: Stream, notes: str) -> None:
        self._stream = stream
        self._notes = notes

    def process(self, burst: Timestamp, time: Timestamp = beam.DoFn.TimestampParam) -> Iterator[TimestampedValue]:
        """The orders of a burst."""
        stream = self._stream
        count = round(stream.rate * EVERY)
        number = round((time.micros / 1e6 - stream.start) / EVERY)
        note(self._notes, "taken", burst=number)
        for one in range(number * count, (number + 1) * count):
            placed = stream.start + one / stream.rate
            yield TimestampedValue(order(one, placed), placed)


def order(number: int, placed: float) -> dict[str, Any]:
    """A made-up order."""
    buyer = number // 2 % 50_000
    return {
        "number": number,
        "placed": int(placed * 1000),
        "buyer": f"b{buyer}",
        "mobile": f"138{buyer:08d}",
        "city": ("杭州市", "上海市", "成都市")[buyer % 3],
        "item": ("茶", "书", "纸")[number % 3],
    }


def note(folder: str, what: str, **facts: Any) -> None:
    """Note that something happened now, in a file of this process."""
    with open(Path(folder, f"{os.getpid()}.jsonl"), "a") as file:
        file.write(json.dumps({"what": what, "at": time.time(), **facts}) + "\n")


def left(batch: pa.RecordBatch, folder: str) -> None:
    """Note when a released batch left, and how long its orders took, in tenths of a second: how many took as many."""
    took = np.maximum(time.time() - batch.column("placed").to_numpy() / 1000, 0)
    note(folder, "left", tenths=np.bincount((took * 10).astype(np.int64)).tolist())


def build(stream: Stream, folder: Path, options: list[str]) -> beam.Pipeline:
    """The pipeline."""
    notes = str(folder / "notes")
    begun = beam.Pipeline(options=PipelineOptions(options))
    begin = Timestamp.of(stream.start)
    bursts = begun | "Clock" >> PeriodicImpulse(begin, begin + stream.seconds, EVERY)
    orders = bursts | "Orders" >> beam.ParDo(Burst(stream, notes)).with_output_types(dict)
    windows = FixedWindows(stream.window, offset=stream.start % stream.window)
    released = orders | "Windows" >> beam.WindowInto(windows) | Deidentify(POLICY, output=pa.RecordBatch)
    _ = released.released | "Note what left" >> beam.Map(left, notes)
    _ = released | WriteRelease(str(folder / "out"))
    return begun


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


def kill_workers(cluster: Cluster) -> None:
    """Kill the Python workers, without a word to them."""
    pool = cluster.servers.running["pool"].pid
    for pid in list(tree(pool)):
        if pid != pool:
            os.kill(pid, signal.SIGKILL)


def run(stream: Stream, folder: Path, cluster: Cluster, parallelism: int, kill_after: float | None) -> Watch:
    """Run the pipeline to the end of the stream."""
    mine = [one for one in cluster.options if not one.startswith(_ELSE)]
    result = build(stream, folder, [*OPTIONS, *mine, f"--parallelism={parallelism}"]).run()
    watch = Watch()
    while not result.state or result.state not in ("DONE", "FAILED", "CANCELLED"):
        watch.look(stream, cluster, kill_after)
        time.sleep(LOOK)
    result.wait_until_finish()
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
        (folder / "notes").mkdir()
        with flink(folder, dict(os.environ), given.heap) as cluster:
            stream = Stream(int(time.time()) + given.lead, given.rate, given.seconds, given.window)
            watch = run(stream, folder, cluster, given.parallelism, given.kill_after)
        if not report(stream, folder, watch):
            sys.exit("orders were lost or doubled")


if __name__ == "__main__":
    main()
