"""`beam-deid run` on engines: on this machine alone, on Beam's job service, on Flink and on Spark, with the same orders.

    python -m tests.benchmarks.bench_engines [--rows 1000000] [--only local service flink spark] [--policies crm market]
        [--heap 1g] [--keep FOLDER] [--json FILE]

Flink is a JobManager and two TaskManagers of two slots each, Spark a master and two workers of one core, all on loopback (see
`tests.engines`); the job service has one pool of Python workers. All engines publish the same parts and labels, or the benchmark
ends with 1. Of each it tells the wall time of the command; seconds of processors and the peak memory of each kind of process, the
engine's servers and what the command itself is; the greatest sum of memory over all of them; the largest element of each class of
ours that went from one stage to another; and the bytes that the engine itself shuffled, as it says.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..engines.clusters import Cluster, flink, service, spark
from ..kit.outputs import labels, parts
from .contenders import ROOT
from .engine_costs import Watch, Watched, largest_elements
from .machine import commit, machine
from .order_files import KEY, MARKET, crm, orders_file

ENGINES = ("local", "service", "flink", "spark")
POLICIES = {"crm": crm(), "market": MARKET}
_LONGEST, _NAMED = 5, 60
WEIGHING = Path(__file__).parent / "weighing"


def measured(name: str, cluster: Cluster | None, policy: str, orders: Path, folder: Path) -> dict[str, Any]:
    """One run on an engine.

    Raises:
        SystemExit: It fails; with the end of what it said.
    """
    place = folder / f"{name}-{policy}"
    place.mkdir()
    (place / "policy.yaml").write_text(POLICIES[policy].replace("\nreleases:", "\nregister: none\nreleases:"))
    command = [sys.executable, "-m", "beam_deid.pipelines", "run", str(place / "policy.yaml"), "-i", str(orders)]
    command += ["-o", str(place / "out")]
    if cluster is not None:
        command += ["--runner", cluster.runner, "--", *cluster.options]
    begin = time.perf_counter()
    with open(place / "said.txt", "w") as said:
        process = subprocess.Popen(command, env=environment(folder), stderr=said, stdout=said)
        servers = {} if cluster is None else cluster.servers.running
        with Watch(lambda: {"command": process.pid, **{one: server.pid for one, server in servers.items()}}) as watch:
            process.wait()
    wall = time.perf_counter() - begin
    if process.returncode:
        sys.exit(f"{name}, {policy}: exit {process.returncode}\n{(place / 'said.txt').read_text()[-2000:]}")
    out = place / "out"
    found = {
        "wall": wall,
        **_costs(watch.watched()),
        "elements": largest_elements(folder / "weighed"),
        "shuffled": {} if cluster is None else shuffled(cluster),
        "parts": parts(out),
        "labels": labels(out),
    }
    shutil.rmtree(out)
    for note in (folder / "weighed").iterdir():
        note.unlink()
    return found


def _costs(seen: Watched) -> dict[str, Any]:
    return {
        "cpu": sum(one.cpu for one in seen.kinds.values()),
        "peak_mib": seen.peak_mib,
        "kinds": {name: vars(one) for name, one in seen.kinds.items()},
    }


def environment(folder: Path) -> dict[str, str]:
    """What the command and all workers have in their environment."""
    paths = (str(WEIGHING), str(ROOT / ".dev"))
    return {**os.environ, KEY: "k" * 64, "WEIGHED": str(folder / "weighed"), "PYTHONPATH": os.pathsep.join(paths)}


def shuffled(cluster: Cluster) -> dict[str, Any]:
    """What the engine says of its last job: bytes that stages handed on, and the seconds of the longest ones."""
    if cluster.runner == "FlinkRunner":
        (job, *_) = sorted(cluster.asks("/jobs/overview")["jobs"], key=lambda one: -one["start-time"])
        vertices = cluster.asks(f"/jobs/{job['jid']}")["vertices"]
        longest = sorted(vertices, key=lambda one: -one["duration"])[:_LONGEST]
        return {
            "bytes": sum(one["metrics"]["write-bytes"] for one in vertices),
            "stages": len(vertices),
            "longest": {one["name"][:_NAMED]: one["duration"] / 1000 for one in longest},
        }
    if cluster.runner == "SparkRunner":
        log = max(cluster.servers.folder.glob("events/*"), key=lambda one: one.stat().st_mtime)
        events = [json.loads(line) for line in log.read_text().splitlines()]
        ended = [
            one["Task Metrics"] for one in events if one["Event"] == "SparkListenerTaskEnd" and "Task Metrics" in one
        ]
        written = sum(one["Shuffle Write Metrics"]["Shuffle Bytes Written"] for one in ended)
        return {"bytes": written, "results": sum(one["Result Size"] for one in ended), "tasks": len(ended)}
    return {}


@contextlib.contextmanager
def engine(name: str, folder: Path, heap: str) -> Iterator[Cluster | None]:
    """An engine with its servers; None for no engine but this machine."""
    place = folder / f"{name}-servers"
    place.mkdir()
    if name == "local":
        yield None
    elif name == "service":
        with service(place, environment(folder)) as started:
            yield started
    elif name == "flink":
        with flink(place, environment(folder), heap) as started:
            yield started
    else:
        with spark(place, environment(folder), heap) as started:
            yield started


def lines(rows: int, found: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """A table of runs, and what each was made of."""
    yield f"{'':18}{'wall s':>9}{'cpu s':>9}{'sum MiB':>9}{'rows/s':>10}  parts and labels"
    for name, one in found.items():
        same = "equal" if is_same(first_of(name, found), one) else "NOT EQUAL"
        figures = f"{one['wall']:9.1f}{one['cpu']:9.1f}{one['peak_mib']:9,.0f}{rows / one['wall']:10,.0f}"
        yield f"{name:18}{figures}  {len(one['parts'])} parts, {same}"
    for name, one in found.items():
        for kind, spent in one["kinds"].items():
            many = f"{spent['processes']} x " if spent["processes"] > 1 else ""
            yield f"{name:18}{many}{kind}: {spent['cpu']:.1f} s of processors, at most {spent['peak_mib']:,.0f} MiB"
        largest = ", ".join(f"{kind} {size / 2**20:.2f} MiB" for kind, size in sorted(one["elements"].items()))
        yield f"{name:18}largest elements: {largest or 'none left its process'}"
        if one["shuffled"]:
            yield f"{name:18}shuffled: {one['shuffled']}, {one['shuffled']['bytes'] / rows:.1f} bytes a record"


def first_of(name: str, found: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The run on the first engine of the same policy; all others must be like it."""
    policy = name.partition(" ")[2]
    return next(one for other, one in found.items() if other.partition(" ")[2] == policy)


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two runs have the same parts, byte by byte, and the same labels."""
    return bool(one["parts"] == other["parts"] and one["labels"] == other["labels"])


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=ENGINES)
    parser.add_argument("--policies", nargs="+", choices=POLICIES, default=list(POLICIES))
    parser.add_argument("--heap", default="1g", help="Java's memory of a TaskManager's tasks, or of an executor")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where files of orders are made, and found again")
    parser.add_argument("--json", type=Path, metavar="FILE")
    return parser.parse_args()


def main() -> None:
    """Measure, print, write, and compare."""
    given = _given()
    document: dict[str, Any] = {"machine": machine(), "commit": commit(ROOT), "heap": given.heap, "sizes": {}}
    differ = False
    with tempfile.TemporaryDirectory(dir=given.keep) as made:
        for rows in given.rows:
            folder = Path(made, str(rows))
            (folder / "weighed").mkdir(parents=True)
            orders = orders_file(given.keep or folder, rows)
            found: dict[str, Any] = {}
            for name in given.only:
                with engine(name, folder, given.heap) as cluster:
                    for policy in given.policies:
                        found[f"{name} {policy}"] = measured(name, cluster, policy, orders, folder)
            document["sizes"][rows] = found
            print(f"{rows:,} orders, {document['machine']['cores']} cores", *lines(rows, found), sep="\n", flush=True)
            differ |= any(not is_same(first_of(name, found), one) for name, one in found.items())
            if given.json:
                given.json.write_text(json.dumps(document, indent=2))
    if differ:
        sys.exit("parts or labels differ")


if __name__ == "__main__":
    main()
