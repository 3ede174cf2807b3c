"""Which processes of an engine are at work: executors, Python workers that write into a folder, the machine of each."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from .clusters import Cluster

_LISTENS = "0A"
"""A socket's state in ``/proc/net/tcp``, see proc(5)."""


def writers(cluster: Cluster, folder: Path) -> list[int]:
    """The Python workers of a cluster's pool that have a file below a folder open."""
    pool = cluster.servers.running["pool"].pid
    return [worker for worker in _children(pool) if any(path.startswith(f"{folder}/") for path in _opened(worker))]


def executors(cluster: Cluster, machine: str) -> list[int]:
    """The processes that work for runs on one of Spark's machines."""
    started = _children(cluster.servers.running[machine].pid)
    return [process for process in started if "CoarseGrainedExecutorBackend" in _command(process)]


def machine_of(cluster: Cluster, worker: int) -> str:
    """The name of the machine that a Python worker gets its work from.

    Raises:
        LookupError: It is none of the cluster's.
    """
    port = _control_port(worker)
    for name in cluster.machines:
        for process in _with_descendants(cluster.servers.running[name].pid):
            if port in _ports(process):
                return name
    raise LookupError(f"process {worker} gets its work from no machine of the cluster")


def _control_port(worker: int) -> int:
    """The port that a worker was told to ask for work, which is in its command."""
    found = re.search(r'SdkHarness\("localhost:(\d+)"', _command(worker))
    if found is None:
        raise LookupError(f"process {worker} is no worker of Beam")
    return int(found[1])


def _with_descendants(process: int) -> Iterator[int]:
    yield process
    for child in _children(process):
        yield from _with_descendants(child)


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in _entries(f"/proc/{process}/task"):
        try:
            found += map(int, Path(f"/proc/{process}/task/{task}/children").read_text().split())
        except OSError:  # it has ended
            continue
    return found


def _command(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text()
    except OSError:  # it has ended
        return ""


def _opened(process: int) -> Iterator[str]:
    """The paths of a process's open files, and the names of what else it has open."""
    for number in _entries(f"/proc/{process}/fd"):
        try:
            yield os.readlink(f"/proc/{process}/fd/{number}")
        except OSError:  # it is closed
            continue


def _ports(process: int) -> set[int]:
    """The ports that a process listens on."""
    sockets = {name.removeprefix("socket:[").rstrip("]") for name in _opened(process) if name.startswith("socket:[")}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *others = line.split()
            if state == _LISTENS and others[5] in sockets:
                found.add(int(local.rpartition(":")[2], 16))
    return found


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # the process has ended
        return []
