"""What a process takes back when somebody stops it: hidden folders, leases, files set aside, processes that work for it.

Whoever makes something that must not outlive the process says here how it is taken back, and says so again once it is gone. A
signal may come at any moment and while anything runs, so it is not raised through what runs, where much could catch it or lose
it: whoever answers it takes everything back at once, in the order opposite to that in which it was made, and ends the process.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator


class Stopping:
    """What there is to take back in one process.

    Attributes:
        published: The output that this process has published; empty until it has.
        is_begun: Whether a publication was begun that others will finish or undo.
    """

    def __init__(self) -> None:
        self.begin()
        self._numbers = itertools.count()
        self._actions: dict[int, Callable[[], None]] = {}
        self._depth = 0
        self._is_short = False
        self._if_cut = ""
        self._asked: Callable[[], None] | None = None

    def begin(self) -> None:
        """Begin a command: nothing was published by it yet."""
        self.published = ""
        self.is_begun = False

    def add(self, action: Callable[[], None]) -> int:
        """Say how something is taken back; it may be called when it is gone already, and at any moment.

        Returns:
            What `forget` takes.
        """
        number = next(self._numbers)
        self._actions[number] = action
        return number

    def forget(self, number: int) -> None:
        """Say that it is gone."""
        self._actions.pop(number, None)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to take back."""
        return bool(self._actions)

    @property
    def is_busy(self) -> bool:
        """Whether a step is under way that is not stopped in the middle: see `whole`."""
        return bool(self._depth)

    @property
    def if_cut(self) -> str:
        """What is to be told if the step that is under way is stopped in the middle; empty where it says nothing of its own."""
        return self._if_cut if self._depth else ""

    def take_back(self) -> None:
        """Take everything back, the last first. What cannot be is left to the next command, as after a power cut."""
        while self._actions:
            number = max(self._actions)
            action = self._actions.pop(number)
            with contextlib.suppress(Exception):
                action()

    @contextlib.contextmanager
    def whole(self, *, short: bool = False, if_cut: str = "") -> Iterator[None]:
        """A step that is not stopped in the middle: whoever asks meanwhile is heard at its end.

        Args:
            short: Whether it is so short that who asks again is heard no sooner.
            if_cut: What is told where somebody asks again, and it is stopped in the middle; by default that a publication was.
        """
        if not self._depth:
            self._is_short = short
            self._if_cut = if_cut
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self._asked is not None:
                self._asked()

    def wait_for_whole(self, end: Callable[[], None]) -> bool:
        """Whether such a step is under way, at whose end ``end`` is called; who asks again is heard at once, unless it is short."""
        if not self._depth:
            return False
        if self._asked is not None:
            return self._is_short
        self._asked = end
        return True


STOPPING = Stopping()
"""What this process has to take back."""
