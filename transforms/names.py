"""Names of the user's own that this process has met: columns, fields, releases, files. No language but theirs has words for them.

A message is made in English, of words and of names, and a name may be any text: `Created at` is a column, and the beginning of a
message. So whoever reads names from a policy, a file or a call says so here, before a message can have them in it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager


class Names:
    """Names that were met since a command began."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a command: nothing was met yet."""
        self._known: set[str] = set()
        self._later: list[Callable[[], Iterable[str]]] = []
        self._all: frozenset[str] = frozenset()

    def add(self, names: Iterable[str]) -> None:
        """Add names, which are kept."""
        self._known.update(names)

    def add_later(self, find: Callable[[], Iterable[str]]) -> None:
        """Add names that are looked for only if somebody asks.

        Args:
            find: Gives the names.
        """
        self._later.append(find)

    def add_paths(self, paths: Iterable[str]) -> None:
        """Add paths that could be taken for words, which have a blank in them: there may be very many others."""
        self._known.update(path for path in paths if " " in path)

    @contextmanager
    def only(self, names: Iterable[str]) -> Iterator[None]:
        """Know nothing but some names meanwhile, so that what is said depends on nothing else that the process has met.

        Args:
            names: The names.
        """
        known = self._known
        later = self._later
        found = self._all
        self.begin()
        self.add(names)
        try:
            yield
        finally:
            self._known = known
            self._later = later
            self._all = found

    def known(self) -> frozenset[str]:
        """All names."""
        while self._later:
            self._known.update(self._later.pop()())
        if len(self._all) < len(self._known):  # names are never taken away
            self._all = frozenset(self._known)
        return self._all


NAMES = Names()
"""What this process has met."""
