"""What a process costs, with every process that it starts: seconds, seconds of processors, memory, and the time of its phases."""

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

STARTING = "starting"
"""The time before it says anything: the interpreter and its imports."""

_EVERY = 0.04
"""Seconds between two looks at the memory, at least."""
_REST = 19
"""Times that a look takes are waited until the next: a look at much memory is slow, and must not take a core from others."""
_UTIME = 11
"""The place of a process's time among the fields after its name in ``/proc/PID/stat``; after it stands that of the system."""
_STEP = re.compile(r"beam-deid: step [0-9]+ of [0-9]+, (?P<name>[a-z-]+)")
"""How a line of stderr begins that says at which step the command is."""


@dataclass(frozen=True)
class Cost:
    """What a process and its children took.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of processors, of the user and of the system.
        peak_mib: The greatest sum of proportional set sizes (a page that several processes share is counted once), sampled.
        phases: Seconds by what it said that it does, in the order in which it began; nothing if it says none.
        peaks: The greatest of these sums by the same.
        output: Its standard output.
    """

    wall: float
    cpu: float
    peak_mib: float
    phases: Mapping[str, float]
    peaks: Mapping[str, float]
    output: str


def cost(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run a command to its end and say what it took.

    Raises:
        SystemExit: The command fails; with the end of what it wrote to stderr.
    """
    begin = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        streams = {"stdout": output, "stderr": subprocess.PIPE}
        process = subprocess.Popen(command, text=True, env=environment, **streams)  # type: ignore[call-overload]
        with process.stderr, _Watch(process.pid, begin) as watch:
            said = [(time.perf_counter() - begin, line) for line in process.stderr]
            _, status, used = os.wait4(process.pid, 0)  # with its children's, which it has waited for
            wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{command[:6]} ended with {process.returncode}: {''.join(line for _, line in said)[-2000:]}")
        output.seek(0)
        spent = phases(said, wall)
        peaks = peak_of_each(said, watch.peaks) if spent else {}
        return Cost(
            wall, used.ru_utime + used.ru_stime, max(watch.peaks.values(), default=0.0), spent, peaks, output.read()
        )


def phases(said: Sequence[tuple[float, str]], end: float) -> dict[str, float]:
    """Sum the time of each phase.

    Args:
        said: Lines of stderr, each with the seconds since the start.
        end: Seconds until the process ended.
    """
    begun = [(0.0, STARTING), *_begun(said)]
    if len(begun) == 1:
        return {}
    spent: dict[str, float] = {}
    ends = [at for at, _ in begun[1:]] + [end]
    for (at, phase), until in zip(begun, ends, strict=True):
        spent[phase] = spent.get(phase, 0.0) + until - at
    return spent


def peak_of_each(said: Sequence[tuple[float, str]], peaks: Mapping[float, float]) -> dict[str, float]:
    """The most memory of each phase.

    Args:
        said: Lines of stderr, each with the seconds since the start.
        peaks: MiB by the seconds since the start.
    """
    begun = [(0.0, STARTING), *_begun(said)]
    most = {phase: 0.0 for _, phase in begun}
    for at, peak in peaks.items():
        phase = [name for since, name in begun if since <= at][-1]
        most[phase] = max(most[phase], peak)
    return most


def _begun(said: Sequence[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    for at, line in said:
        step = _STEP.match(line)
        if step is not None:
            yield at, step["name"]


class _Watch:
    """Looks at the memory of a process and its children until it is left.

    Attributes:
        peaks: The most MiB of each tenth of a second, by its beginning.
    """

    def __init__(self, pid: int, begin: float) -> None:
        self.peaks: dict[float, float] = {}
        self._pid = pid
        self._begin = begin
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        pause = _EVERY
        while not self._done.wait(pause):
            begin = time.thread_time()
            at = round(time.perf_counter() - self._begin, 1)
            self.peaks[at] = max(self.peaks.get(at, 0.0), tree_mib(self._pid))
            pause = max(_EVERY, _REST * (time.thread_time() - begin))


def tree_mib(pid: int) -> float:
    """MiB of a process and its children: the sum of their proportional set sizes."""
    return sum(map(pss_mib, tree(pid)))


def tree(pid: int) -> Iterator[int]:
    """A process and its children, and theirs, as far as they are still there."""
    todo = [pid]
    while todo:
        one = todo.pop()
        yield one
        todo += _children(one)


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []  # it has ended


def pss_mib(pid: int) -> float:
    """MiB of a process: its proportional set size; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0) / 1024


def cpu_seconds(pid: int) -> float:
    """Seconds of processors that a process took, of the user and of the system; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[_UTIME]) + int(fields[_UTIME + 1])) / os.sysconf("SC_CLK_TCK")


def peak_mib() -> float:
    """The most resident memory that this process had since it began, or since its peak was cleared."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
