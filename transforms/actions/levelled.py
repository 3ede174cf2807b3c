"""The contract of an action whose results have levels, one of which the policy fixes or the search chooses."""

from abc import abstractmethod
from typing import Any, TypeVar

from beam_deid.transforms.actions.action import Action
from beam_deid.transforms.actions.hierarchy import Hierarchy
from beam_deid.transforms.errors import PolicyError

_Self = TypeVar("_Self", bound="Levelled")


class Levelled(Action):
    """An action that releases a field at one level of a generalization hierarchy."""

    @abstractmethod
    def generalization_hierarchy(self) -> Hierarchy[Any]:
        """The hierarchy that the options describe.

        Raises:
            PolicyError: The hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """

    @property
    @abstractmethod
    def labels_are_built_in(self) -> bool:
        """Whether the package brings the hierarchy along, so that no value of the data stands in its labels."""

    @abstractmethod
    def fixed_level(self) -> int | None:
        """The number of the level that the policy fixes, or None where the search chooses.

        Raises:
            PolicyError: There is no such level, or the hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """

    @abstractmethod
    def choices(self) -> tuple[int, ...]:
        """The numbers of the levels that may be released, ascending.

        Raises:
            PolicyError: There is no such level, or the hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """

    @abstractmethod
    def fixed_at(self: _Self, level: str) -> _Self:
        """The same action with its level fixed, by the level's name."""

    def level_name(self, level: int) -> str:
        """The name of a level, by its number.

        Raises:
            PolicyError: The hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """
        return self.generalization_hierarchy().levels[level]


def level_number(level: str | int, hierarchy: Hierarchy[Any]) -> int:
    """The number of a level that a policy names, by its name or number.

    Raises:
        PolicyError: The hierarchy has no such level.
    """
    number = hierarchy.index(level)
    if number is None:
        there = ", ".join(f"{number} {name}" for number, name in enumerate(hierarchy.levels))
        raise PolicyError(f"there is no level {level}", "", f"The levels are: {there}")
    return number
