"""Which processes of an engine are at work: executors, and Python workers that write into a folder."""

import os
from collections.abc import Iterator
from pathlib import Path

from .clusters import Cluster


def writers(cluster: Cluster, folder: Path) -> list[int]:
    """The Python workers of a cluster's pool that have a file below a folder open."""
    pool = cluster.servers.running["pool"].pid
    return [worker for worker in _children(pool) if any(path.startswith(f"{folder}/") for path in _opened(worker))]


def executors(cluster: Cluster, machine: str) -> list[int]:
    """The processes that work for runs on one of Spark's machines."""
    started = _children(cluster.servers.running[machine].pid)
    return [process for process in started if "CoarseGrainedExecutorBackend" in _command(process)]


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


def _entries(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # the process has ended
        return []
