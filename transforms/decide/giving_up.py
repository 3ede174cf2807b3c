"""A search for levels that reach the label, which is given up as soon as it is known that none do."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from beam_deid.transforms.decide.searching import Accept, Accepted, Levels, Searched
from beam_deid.transforms.search.requirements import Requirements

_NONE = "nothing satisfies at the most general levels, and so at none below them"


class Searching(Protocol):
    """What searches for levels."""

    @property
    def choices(self) -> Mapping[str, tuple[int, ...]]:
        """The levels that are open to each field, ascending."""
        ...

    def coarsest(self) -> Iterator[Levels]:
        """The most general levels."""
        ...

    def search(self, require: Requirements, accept: Accept | None = None) -> Searched:
        """Choose levels."""
        ...


def search_or_give_up(searching: Searching, require: Requirements, accept: Accept) -> Searched:
    """Search for levels that are accepted, unless the most general ones are refused.

    Coarser groups are unions of finer ones: what fails at the most general levels fails at every finer level, too. These are asked
    only once others were refused, or nothing was found: mostly the first that are asked are accepted, and each that is asked is a
    measurement of the whole release.

    Args:
        searching: Searches for levels.
        require: What classes must meet.
        accept: What is released at some levels; None where they cannot be.
    """
    general = _MostGeneral(searching, accept)
    try:
        found = searching.search(require, general.accept)
    except _NoneReach:
        return none_satisfies(searching, require, _NONE)
    return none_satisfies(searching, require, _NONE) if not found.satisfied and general.refused() else found


def none_satisfies(searching: Searching, require: Requirements, why: str) -> Searched:
    """What is told where it is known without a search that no levels satisfy."""
    most = {name: allowed[-1] for name, allowed in searching.choices.items()}
    return Searched(most, None, require, 1, 1, 0.0, why, True, 1)


class _NoneReach(Exception):
    """No levels are accepted."""


class _MostGeneral:
    """Asks whether levels are accepted, and, once some are not, whether the most general ones are."""

    def __init__(self, searching: Searching, accept: Accept) -> None:
        self._searching = searching
        self._accept = accept
        self._refused: bool | None = None

    def accept(self, levels: Levels) -> Accepted | None:
        """What is released at some levels; None where they cannot be.

        Raises:
            _NoneReach: The most general ones cannot be, either.
        """
        accepted = self._accept(levels)
        if accepted is None and self.refused(levels):
            raise _NoneReach
        return accepted

    def refused(self, already: Levels | None = None) -> bool:
        """Whether the most general levels are refused at every choice of levels of sensitive fields.

        Args:
            already: Levels that are known to be refused.
        """
        if self._refused is None:
            self._refused = all(
                levels == already or self._accept(levels) is None for levels in self._searching.coarsest()
            )
        return self._refused
