"""generalize: a coarser value in place of the exact one."""

from typing import Annotated, Any, ClassVar

import pyarrow as pa
from pydantic import Field, model_validator

from beam_deid.transforms.actions.action import Action, Bound, KeySource, Target, Treated
from beam_deid.transforms.actions.hierarchies import HIERARCHIES, AnyHierarchy
from beam_deid.transforms.actions.hierarchies.bins import BinsHierarchy
from beam_deid.transforms.actions.hierarchies.calendar import CalendarHierarchy, Unit
from beam_deid.transforms.actions.hierarchies.masks import Ends, MasksHierarchy
from beam_deid.transforms.actions.hierarchies.prefix import PrefixHierarchy
from beam_deid.transforms.actions.hierarchies.ranges import RangesHierarchy
from beam_deid.transforms.actions.hierarchy import Hierarchy
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.errors import DeidError, PolicyError, UsageError
from beam_deid.transforms.storage.paths import name_of
from beam_deid.transforms.terms import Kind, Recoverability

# The integer stays one, so that 5 is written "5".
Number = int | Annotated[float, Field(allow_inf_nan=False)]
Name = int | str

_FITTING = {
    Kind.NUMBER: (Kind.NUMBER, Kind.INTEGER, Kind.DECIMAL),
    Kind.TIMESTAMP: (Kind.TIMESTAMP, Kind.DATE),
}


class Generalize(Action):
    """Release a field at one level of a ladder: by ranges, bins, the calendar, a prefix, masks or a hierarchy.

    Exactly one of these says how. The level is fixed by ``level``, or chosen by the search among all levels or those
    that ``levels`` allows. Released values are text; null stays null. What the hierarchy cannot place is a fault.
    """

    name: ClassVar[str] = "generalize"

    ranges: tuple[Number, ...] | None = Field(None, description="Widths of ranges, each dividing the next: [5, 10, 20]")
    start: Number | None = Field(None, description="Where a range begins; 0 if not given. Only with ranges")
    bins: tuple[Number, ...] | None = Field(None, description="Cut points, ascending: [50, 100, 200, 500]")
    calendar: tuple[Unit, ...] | None = Field(None, description="Units, finest first: [day, week, month, year]")
    prefix: tuple[int, ...] | None = Field(None, description="Numbers of first characters kept: [6, 4, 2]")
    masks: tuple[Ends, ...] | None = Field(
        None, description="What stays of a text at each level: [{keep_first: 3, keep_last: 4}, {keep_first: 3}]"
    )
    hierarchy: str | None = Field(
        None, description="cn_divisions, cn_districts, or the path of a hierarchy file", min_length=1
    )
    level: Name | None = Field(None, description="The one level to release at, by name or number from 0; fixes it")
    levels: tuple[Name | tuple[Number, ...], ...] | None = Field(
        None,
        description="The levels that the search may choose from, by name or number from 0; with bins also the "
        "coarser levels as lists of cut points, each a part of the one before",
        min_length=1,
    )

    @model_validator(mode="after")
    def _options_go_together(self) -> "Generalize":
        given = [hierarchy.option for hierarchy in HIERARCHIES if getattr(self, hierarchy.option) is not None]
        if len(given) != 1:
            ways = ", ".join(hierarchy.option for hierarchy in HIERARCHIES)
            raise ValueError(f"say exactly one of {ways}; given: {', '.join(given) or 'none'}")
        if self.start is not None and self.ranges is None:
            raise ValueError("start goes with ranges only")
        lists = [isinstance(level, tuple) for level in self.levels or ()]
        if any(lists) and (self.bins is None or not all(lists)):
            raise ValueError("levels are names or numbers; lists of cut points go with bins only, and not mixed")
        if self.level is not None and self.levels is not None and not self.coarser:
            raise ValueError("level fixes the level, so levels has nothing to limit; say one of them")
        problem = self._hierarchy_problem()
        if problem:
            raise ValueError(problem)
        return self

    @property
    def coarser(self) -> tuple[tuple[Number, ...], ...]:
        """The cut points of the coarser levels of bins."""
        return tuple(level for level in self.levels or () if isinstance(level, tuple))

    @property
    def wants(self) -> Kind | None:
        """A number for ranges and bins, a time for the calendar, text for the others."""
        return self._hierarchy_class.wants

    def generalization_hierarchy(self) -> Hierarchy:
        """The hierarchy that the options describe.

        Raises:
            PolicyError: The hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """
        return self._hierarchy_class.of(self)

    def fixed_level(self) -> int | None:
        """The number of the level that the policy fixes, or None where the search chooses.

        Raises:
            PolicyError: There is no such level, or the hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """
        return None if self.level is None else _number(self.level, self.generalization_hierarchy())

    def choices(self) -> tuple[int, ...]:
        """The numbers of the levels that may be released, ascending.

        Raises:
            PolicyError: There is no such level, or the hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """
        hierarchy = self.generalization_hierarchy()
        fixed = self.fixed_level()
        if fixed is not None:
            return (fixed,)
        named = [level for level in self.levels or () if not isinstance(level, tuple)]
        return tuple(sorted({_number(level, hierarchy) for level in named})) or tuple(range(len(hierarchy.levels)))

    def check(self, target: Target) -> str | None:
        """Whether the field's kind fits, the hierarchy can be read, and the levels named exist."""
        fitting = _FITTING.get(self._hierarchy_class.wants)
        if fitting and target.kind is not None and target.kind not in fitting:
            option = self._hierarchy_class.option
            return f"{option} needs a field of kind {' or '.join(fitting)}, and this one is {target.kind}"
        try:
            self.choices()
        except DeidError as error:
            return error.message
        return None

    def recoverability(self, target: Target) -> Recoverability:
        """Generalized, at every level; partial where levels are masks."""
        return Recoverability.PARTIAL if self._hierarchy_class is MasksHierarchy else Recoverability.GENERALIZED

    def sentence(self, target: Target) -> str:
        """How the field is generalized, and who chooses the level."""
        given = getattr(self, self._hierarchy_class.option)
        # A label goes to recipients: whoever gets it need not know the folders of whoever made it.
        how = name_of(given) if isinstance(given, str) else ", ".join(str(part) for part in given)
        if self._hierarchy_class is MasksHierarchy:
            how = ", ".join(self.generalization_hierarchy().levels[:-1])
        level = "the level is chosen by the search" if self.level is None else f"fixed at level {self.level}"
        return f"{target.field} is generalized by {self._hierarchy_class.option} ({how}); {level}"

    def bind(self, target: Target, keys: KeySource, level: int | None = None) -> Bound:
        """Read the hierarchy, and settle the level: the one given, or else the fixed one.

        Raises:
            UsageError: Neither is given.
            PolicyError: The hierarchy is wrong.
            InputError: The hierarchy's file cannot be opened.
        """
        hierarchy = self.generalization_hierarchy()
        settled = self.fixed_level() if level is None else level
        if settled is None or hierarchy.index(settled) is None:
            place = f"release {target.release}, field {target.field}"
            raise UsageError("no level is decided", place, "Fix it with level, or search for it first")
        return _AtLevel(hierarchy, settled)

    @property
    def _hierarchy_class(self) -> type[AnyHierarchy]:
        return next(hierarchy for hierarchy in HIERARCHIES if getattr(self, hierarchy.option) is not None)

    def _hierarchy_problem(self) -> str | None:
        if self.ranges is not None:
            return RangesHierarchy.problem(self.ranges)
        if self.bins is not None:
            return BinsHierarchy.problem([self.bins, *self.coarser])
        if self.calendar is not None:
            return CalendarHierarchy.problem(self.calendar)
        if self.masks is not None:
            return MasksHierarchy.problem(self.masks)
        return None if self.prefix is None else PrefixHierarchy.problem(self.prefix)


class _AtLevel:
    """A hierarchy at one level, over columns."""

    def __init__(self, hierarchy: Hierarchy, level: int) -> None:
        self._hierarchy = hierarchy
        self._level = level

    def __call__(self, column: pa.Array, subject: pa.Array | None) -> Treated:
        values, faults, reason = self._hierarchy.base(column)
        if getattr(self._hierarchy, "by_kernel", False):
            # Its kernel is cheaper than finding the distinct values.
            return Treated(self._hierarchy.at(values, self._level), faults, reason)
        released = per_distinct(values, lambda distinct: self._hierarchy.at(distinct, self._level))
        return Treated(released, faults, reason)


def _number(level: Any, hierarchy: Hierarchy) -> int:
    number = hierarchy.index(level)
    if number is None:
        there = ", ".join(f"{number} {name}" for number, name in enumerate(hierarchy.levels))
        raise PolicyError(f"there is no level {level}", "", f"The levels are: {there}")
    return number
