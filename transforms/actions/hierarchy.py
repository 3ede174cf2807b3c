"""The contract of a generalization hierarchy: the levels to which a field can be generalized."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

import pyarrow as pa
from pydantic import BaseModel

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability

ALL = "*"
"""What the top level of every hierarchy says: any value at all."""


class HierarchyOptions(BaseModel):
    """What a policy writes under ``generalize`` for one kind of hierarchy; all options of all kinds stand side by side there."""

    @property
    def coarser(self) -> tuple[tuple[float, ...], ...]:
        """What ``levels`` lists of coarser levels, for a kind that `Hierarchy.lists_levels`."""
        return ()


Options = TypeVar("Options", bound=HierarchyOptions)


class Hierarchy(ABC, Generic[Options]):
    """Levels of generalization, finest first; the last is always `ALL`.

    A column is first brought to its *base*: the coarsest form from which every level can be computed
    (a leaf of the hierarchy, a day, the finest interval). Histograms carry base values; levels are then
    computed on the few distinct ones.
    """

    option: ClassVar[str]
    """The option of ``generalize`` that chooses this kind of hierarchy, one of the fields of `options`."""
    documented: ClassVar[str | None] = None
    """How the table of actions in README.md calls it, in Markdown; by its option where nothing is said."""
    options: ClassVar[type[HierarchyOptions]]
    """The options that this kind adds to ``generalize``. Each is None where a policy does not say it."""
    wants: ClassVar[Kind]
    """The kind that a field is read as where the policy gives none."""
    fitting: ClassVar[tuple[Kind, ...] | None] = None
    """The kinds of fields that it can generalize; None for all."""
    recoverability: ClassVar[Recoverability] = Recoverability.GENERALIZED
    """How far a released label can be turned back."""
    lists_levels: ClassVar[bool] = False
    """Whether ``levels`` may list what makes the coarser levels, in place of the names of those that may be chosen."""
    by_kernel: ClassVar[bool] = False
    """Whether `at` is a kernel over the column that costs less than finding the column's distinct values."""

    @classmethod
    @abstractmethod
    def of(cls, options: Options) -> "Hierarchy[Options]":
        """The hierarchy that the options describe.

        Raises:
            PolicyError: The hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """

    @classmethod
    @abstractmethod
    def problem(cls, options: Options) -> str | None:
        """What is wrong with the options, as a sentence for the policy's author; None if nothing is."""

    @classmethod
    def is_built_in(cls, options: Options) -> bool:
        """Whether the package brings the labels along, so that no value of the data stands in them."""
        return False

    @classmethod
    def words(cls, options: Options) -> str:
        """How the options read in the sentence of a plan or label: the parts of the list that a policy gives."""
        given: Sequence[Any] = getattr(options, cls.option)
        return ", ".join(str(part) for part in given)

    @property
    @abstractmethod
    def levels(self) -> tuple[str, ...]:
        """Names of the levels, finest first, `ALL` last. At least two."""

    @abstractmethod
    def base(self, column: pa.Array) -> Treated:
        """Bring a column to its base, with a kernel over the whole column. Null stays null."""

    @abstractmethod
    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The released text of base ``values`` at ``level``: a string array, null where the value is null.

        ``at`` is called with distinct values, so a loop over them is allowed.
        """

    @property
    def domain(self) -> pa.Array | None:
        """All base values there can be, where that is known: it makes the loss independent of the data."""
        return None

    def index(self, level: str | int) -> int | None:
        """The number of a level given by name or number; None if there is no such level."""
        if isinstance(level, int):
            return level if 0 <= level < len(self.levels) else None
        return self.levels.index(level) if level in self.levels else None
