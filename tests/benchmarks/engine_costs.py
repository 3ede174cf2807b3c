"""What a run on an engine costs: seconds of processors and memory of each process, and what crossed a stage."""

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .processes import pss_mib, tree

_EVERY = 0.5
"""Seconds between two looks."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """What the processes of one kind took.

    Attributes:
        processes: How many there were.
        cpu: Seconds of processors of all of them.
        peak_mib: The most that one of them had: its proportional set size.
    """

    processes: int = 0
    cpu: float = 0.0
    peak_mib: float = 0.0


@dataclass
class Watched:
    """What a watch saw.

    Attributes:
        kinds: What the processes of each kind took.
        peak_mib: The greatest sum over all processes.
    """

    kinds: dict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    peak_mib: float = 0.0


class Watch:
    """Looks at processes and their children until it is left.

    Args:
        roots: The processes, by what they are called; asked anew at each look, for some come later.
    """

    def __init__(self, roots: Callable[[], Mapping[str, int]]) -> None:
        self._roots = roots
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._cpu: dict[tuple[str, int], tuple[float, float]] = {}
        self._memory: dict[tuple[str, int], float] = {}
        self._peak = 0.0

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def watched(self) -> Watched:
        """What was seen, once it is left."""
        seen = Watched(peak_mib=self._peak)
        for (kind, pid), (first, last) in self._cpu.items():
            spent = seen.kinds[kind]
            spent.processes += 1
            spent.cpu += last - first
            spent.peak_mib = max(spent.peak_mib, self._memory.get((kind, pid), 0.0))
        return seen

    def _look(self) -> None:
        known = {pid for root in self._roots().values() for pid in tree(root)}
        while True:
            whole = 0.0
            for name, root in self._roots().items():
                for pid in tree(root):
                    one = (name if pid == root else f"{name}: {_program(pid)}", pid)
                    spent = _cpu(pid)
                    # What a process had spent before the watch began is not of this run; of a new one all is.
                    first, last = self._cpu.get(one, (spent if pid in known else 0.0, spent))
                    self._cpu[one] = (first, max(last, spent))
                    memory = pss_mib(pid)
                    self._memory[one] = max(self._memory.get(one, 0.0), memory)
                    whole += memory
            self._peak = max(self._peak, whole)
            if self._done.wait(_EVERY):
                return


def _program(pid: int) -> str:
    """What runs in a process that another one started: ``python`` or ``java``."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip().rstrip("0123456789.")
    except OSError:
        return "ended"


def _cpu(pid: int) -> float:
    """Seconds of processors of a process alone, user and system."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / _TICKS


def largest_elements(folder: Path) -> dict[str, int]:
    """Bytes of the largest element of each class that any worker encoded: see `weighing`."""
    found: dict[str, int] = {}
    for note in folder.iterdir():
        name = note.name.partition("-")[2]
        found[name] = max(found.get(name, 0), int(note.read_text() or 0))
    return found
