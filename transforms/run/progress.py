"""How far a run is: numbers that transforms add to and a command reads, in one process."""

import threading
from dataclasses import dataclass, field


@dataclass
class Progress:
    """Counters of one run. Adding is cheap and safe from any thread.

    Attributes:
        phase: What is being done.
        rows: Records done in this phase.
        total: Records to do, or None where that is not known.
    """

    phase: str = "listing files"
    rows: int = 0
    total: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, phase: str) -> None:
        """Begin a phase."""
        with self._lock:
            if phase != self.phase:
                self.phase = phase
                self.rows = 0

    def add(self, rows: int) -> None:
        """Count records as done."""
        with self._lock:
            self.rows += rows


PROGRESS = Progress()
"""The progress of the run in this process. On other engines it stays where it is."""
