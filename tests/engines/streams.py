"""Streams of made-up orders through `Deidentify` and `WriteRelease` on Flink, as tests and benchmarks run them.

Of the engines that can be had here Flink alone streams with workers of its own and checkpoints: `FnApiRunner` and Beam's local job
service take a stream to its end before they go on, `PrismRunner` is a program that no package carries, and
`BundleBasedDirectRunner` keeps nothing of a worker that dies.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.window import FixedWindows, TimestampedValue
from apache_beam.utils.timestamp import Timestamp

from beam_deid.transforms import Deidentify, WriteRelease

from ..benchmarks.processes import tree
from .clusters import Cluster

KEY = "STREAM_KEY"
EVERY = 0.5
"""Seconds between two bursts of orders."""
OPTIONS = ("--runner=PortableRunner", "--streaming", "--checkpointing_interval=10000")
ENDED = ("DONE", "FAILED", "CANCELLED")
LOOK = 5.0
"""Seconds between two looks at the processes and at what is written."""
ELSE = ("--parallelism", "--environment_cache_millis")
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


def begin(
    stream: Stream, folder: Path, cluster: Cluster, parallelism: int = 2, policy: Mapping[str, Any] = POLICY
) -> PipelineResult:
    """Begin to release a stream.

    Args:
        stream: What is generated.
        folder: Where notes are taken, in ``notes``, and releases written, in ``out``.
        cluster: Flink.
        parallelism: Of its steps.
        policy: What is released.
    """
    mine = [one for one in cluster.options if not one.startswith(ELSE)]
    options = [*OPTIONS, *mine, f"--parallelism={parallelism}"]
    notes = folder / "notes"
    notes.mkdir()
    begun = beam.Pipeline(options=PipelineOptions(options))
    start = Timestamp.of(stream.start)
    bursts = begun | "Clock" >> PeriodicImpulse(start, start + stream.seconds, EVERY)
    orders = bursts | "Orders" >> beam.ParDo(Burst(stream, str(notes))).with_output_types(dict)
    windows = FixedWindows(stream.window, offset=stream.start % stream.window)
    released = orders | "Windows" >> beam.WindowInto(windows) | Deidentify(policy, output=pa.RecordBatch)
    _ = released.released | "Note what left" >> beam.Map(left, str(notes))
    _ = released | WriteRelease(str(folder / "out"))
    return begun.run()


def finish(result: PipelineResult, stream: Stream, folder: Path, look: Callable[[], None], seconds: float) -> None:
    """Wait until all windows are written, and end the job: Flink makes checkpoints for as long as no source ends, so none does.

    Args:
        result: What was begun.
        stream: What is generated.
        folder: Where releases are written.
        look: What is done again and again until then.
        seconds: How long is waited after the last order at most.

    Raises:
        TimeoutError: Some window was not written.
        RuntimeError: The job ended by itself.
    """
    windows = len(list(stream.windows()))
    while len(labels(folder)) < windows:
        if result.state in ENDED:
            result.wait_until_finish()  # says why
            raise RuntimeError(f"the job is {result.state}")
        if time.time() > stream.start + stream.seconds + seconds:
            raise TimeoutError(f"{len(labels(folder))} of {windows} windows are written")
        look()
        time.sleep(LOOK)
    result.cancel()


def labels(folder: Path) -> list[Path]:
    """The labels that are written, in the order of their windows."""
    return sorted(folder.glob("out/*/crm/label.json"))


def kill_workers(cluster: Cluster) -> None:
    """Kill the Python workers, without a word to them."""
    pool = cluster.servers.running["pool"].pid
    for pid in list(tree(pool)):
        if pid != pool:
            os.kill(pid, signal.SIGKILL)
