"""How far a command is: what it does, and how much of that is done. Tasks add to it, and the command shows it.

Processes of a pool count into memory that they share with the process which shows it (`Progress.counter`), so that it moves while
a task is under way. Nothing here is ever a value of the data: names of steps, and numbers.
"""

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any, Protocol

from beam_deid.transforms.terms import Word


class Unit(Word):
    """What is counted."""

    ROWS = "rows"
    BUCKETS = "buckets"


class Counter(Protocol):
    """A number that several processes add to, as `multiprocessing.Value` makes it."""

    value: int

    def get_lock(self) -> contextlib.AbstractContextManager[Any]:
        """The lock that is held while it changes."""
        ...


@dataclass(frozen=True)
class Now:
    """How far a command is at one moment.

    Attributes:
        step: What is being done.
        number: Which of the steps it is, from 1; 0 where it is none of them.
        steps: How many steps there are.
        doing: What is done within the step, where it says so; else empty.
        unit: What is counted.
        done: How many of them are done.
        total: How many there are; None where that is not known.
        share: The share that is done, from 0 to 1; None where that is not known.
        seconds: Seconds since this count began.
    """

    step: str
    number: int = 0
    steps: int = 0
    doing: str = ""
    unit: Unit = Unit.ROWS
    done: int = 0
    total: int | None = None
    share: float | None = None
    seconds: float = 0.0


class Progress:
    """The steps of one command, and what is counted in the step it is at. Adding is cheap and safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counter: Counter | None = None
        self._into: Counter | None = None
        self.plan(())

    def plan(self, steps: Sequence[str], rows: int | None = None, shards: int = 0, first: str = "starting") -> None:
        """Begin a command.

        Args:
            steps: What it does, one after the other.
            rows: Rows of its input, where that is known.
            shards: Pieces that its input is read in.
            first: What is done before the first step.
        """
        self._steps = tuple(steps)
        self._rows = rows
        self._shards = shards
        self._step = first
        self._doing: list[str] = []
        self._begin(Unit.ROWS, None)

    def know_rows(self, rows: int) -> None:
        """Say how many rows the input has, once they were read."""
        self._rows = rows

    def start(self, step: str, rows: int | None = None, *, reads: bool = False) -> None:
        """Begin a step.

        Args:
            step: The step.
            rows: How many rows are counted in it, where that is known.
            reads: Whether these are the rows of the input.
        """
        with self._lock:
            if step != self._step:
                self._step = step
                self._doing = []
                self._begin(Unit.ROWS, self._rows if reads else rows)

    @contextlib.contextmanager
    def doing(self, what: str) -> Iterator[None]:
        """Say what is done within a step, in a ``with`` block or in the function that this decorates."""
        self._doing.append(what)
        self.count(None)
        try:
            yield
        finally:
            if self._doing:  # a step that began meanwhile has begun without
                self._doing.pop()
                self.count(None)

    def count(self, total: int | None, unit: Unit = Unit.BUCKETS) -> None:
        """Begin to count within a step, up to ``total`` where that is known."""
        with self._lock:
            self._begin(unit, total)

    def add(self, number: int) -> None:
        """Count something as done, in this process or in one of a pool."""
        if self._into is None:
            with self._lock:
                self._done += number
        else:
            with self._into.get_lock():
                self._into.value += number

    def add_shard(self) -> None:
        """Count a piece of the input as read."""
        with self._lock:
            self._shards_done += 1

    def counter(self, context: BaseContext) -> Counter:
        """The memory in which the processes of a pool count: each hands it to `count_into`."""
        if self._counter is None:
            made: Counter = context.Value("q", 0)
            self._counter = made
        return self._counter

    def count_into(self, counter: Counter) -> None:
        """Count, from now on, in memory that another process reads."""
        self._into = counter

    def now(self) -> Now:
        """How far the command is."""
        with self._lock:
            done = self._counted() - self._before
            steps = self._steps
            return Now(
                step=self._step,
                number=steps.index(self._step) + 1 if self._step in steps else 0,
                steps=len(steps),
                doing=self._doing[-1] if self._doing else "",
                unit=self._unit,
                done=done,
                total=self._total,
                share=self._share(done),
                seconds=time.monotonic() - self._since,
            )

    def _share(self, done: int) -> float | None:
        if self._total:
            return min(done / self._total, 1.0)
        # Text does not tell its rows before it is read, but it is read in pieces of about as many.
        if self._unit is Unit.ROWS and self._shards > 1 and self._shards_done and not self._doing:
            return min(self._shards_done / self._shards, 1.0)
        return None

    def _begin(self, unit: Unit, total: int | None) -> None:
        self._unit = unit
        self._total = total
        self._done = 0
        self._shards_done = 0
        self._since = time.monotonic()
        self._before = 0
        self._before = self._counted()

    def _counted(self) -> int:
        # Read without the counter's lock: a process that died may hold it for ever.
        return self._done + (self._counter.value if self._counter is not None else 0)


PROGRESS = Progress()
"""The progress of the command in this process. On other engines it stays where it is."""
