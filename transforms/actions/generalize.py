"""generalize: a coarser value in place of the exact one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa
from pydantic import Field, model_validator

from beam_deid.transforms.actions.action import Bound, Documented, KeySource, Target, Treated
from beam_deid.transforms.actions.hierarchies import HIERARCHIES
from beam_deid.transforms.actions.hierarchies.numbers import Number
from beam_deid.transforms.actions.hierarchy import Hierarchy, HierarchyOptions
from beam_deid.transforms.actions.levelled import Levelled, level_number
from beam_deid.transforms.actions.options import with_options
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.errors import DeidError, UsageError
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.terms import Recoverability

Name = int | str
"""The name of a level, or its number from 0."""


def _listed(kinds: Sequence[str]) -> str:
    return f"{', '.join(kinds[:-1])}, or {kinds[-1]}"


if TYPE_CHECKING:

    class _Options(HierarchyOptions, Levelled):
        """Every hierarchy's options."""
else:
    _Options = with_options(Levelled, (kind.options for kind in HIERARCHIES))


class Generalize(_Options):
    """Release a field at one level of a ladder: by ranges, bins, the calendar, a prefix, masks or a hierarchy.

    Exactly one of these says how. The level is fixed by ``level``, or chosen by the search among all levels or those
    that ``levels`` allows. Released values are text; null stays null. What the hierarchy cannot place is a fault.
    """

    name: ClassVar[str] = "generalize"
    documented: ClassVar[tuple[Documented, ...]] = (
        Documented(
            "generalize",
            _listed([kind.documented or f"`{kind.option}`" for kind in HIERARCHIES]),
            "`generalized`; masks `partial`",
            "yes; masks like `mask`",
        ),
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
        problem = self._not_one_kind() or self._levels_problem() or self._kind.problem(self)
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
        return self._kind.wants

    @property
    def labels_are_built_in(self) -> bool:
        """See `Levelled.labels_are_built_in`."""
        return self._kind.is_built_in(self)

    def generalization_hierarchy(self) -> Hierarchy[Any]:
        """See `Levelled.generalization_hierarchy`."""
        return self._kind.of(self)

    def fixed_level(self) -> int | None:
        """See `Levelled.fixed_level`."""
        return None if self.level is None else level_number(self.level, self.generalization_hierarchy())

    def fixed_at(self, level: str) -> "Generalize":
        """See `Levelled.fixed_at`; lists of cut points stay, for they make the levels."""
        return self.model_copy(update={"level": level, "levels": self.levels if self.coarser else None})

    def choices(self) -> tuple[int, ...]:
        """See `Levelled.choices`."""
        hierarchy = self.generalization_hierarchy()
        fixed = self.fixed_level()
        if fixed is not None:
            return (fixed,)
        named = [level for level in self.levels or () if not isinstance(level, tuple)]
        allowed = sorted({level_number(level, hierarchy) for level in named})
        return tuple(allowed) or tuple(range(len(hierarchy.levels)))

    def check(self, target: Target) -> str | None:
        """Whether the field's kind fits, the hierarchy can be read, and the levels named exist."""
        fitting = self._kind.fitting
        if fitting and target.kind is not None and target.kind not in fitting:
            return f"{self._kind.option} needs a field of kind {' or '.join(fitting)}, and this one is {target.kind}"
        try:
            self.choices()
        except DeidError as error:
            return error.message
        return None

    def recoverability(self, target: Target) -> Recoverability:
        """Generalized, at every level; partial where levels are masks."""
        return self._kind.recoverability

    def sentence(self, target: Target) -> str:
        """How the field is generalized, and who chooses the level."""
        level = "the level is chosen by the search" if self.level is None else f"fixed at level {self.level}"
        return f"{target.field} is generalized by {self._kind.option} ({self._kind.words(self)}); {level}"

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
    def _kind(self) -> type[Hierarchy[Any]]:
        return self._given()[0]

    def _given(self) -> list[type[Hierarchy[Any]]]:
        return [kind for kind in HIERARCHIES if getattr(self, kind.option) is not None]

    def _not_one_kind(self) -> str | None:
        given = self._given()
        if len(given) != 1:
            ways = ", ".join(kind.option for kind in HIERARCHIES)
            return f"say exactly one of {ways}; given: {', '.join(kind.option for kind in given) or 'none'}"
        return self._stray(given[0])

    def _stray(self, chosen: type[Hierarchy[Any]]) -> str | None:
        """An option of another kind of hierarchy than the one that is chosen."""
        for kind in HIERARCHIES:
            for option in kind.options.model_fields:
                if option not in chosen.options.model_fields and getattr(self, option) is not None:
                    return f"{option} goes with {kind.option} only"
        return None

    def _levels_problem(self) -> str | None:
        lists = [isinstance(level, tuple) for level in self.levels or ()]
        if any(lists) and not (self._kind.lists_levels and all(lists)):
            return "levels are names or numbers; lists of cut points go with bins only, and not mixed"
        if self.level is not None and self.levels is not None and not self.coarser:
            return "level fixes the level, so levels has nothing to limit; say one of them"
        return None


class _AtLevel:
    """A hierarchy at one level, over columns."""

    def __init__(self, hierarchy: Hierarchy[Any], level: int) -> None:
        self._hierarchy = hierarchy
        self._level = level

    def __call__(self, column: pa.Array, subject: pa.Array | None) -> Treated:
        values, faults, reason = self._hierarchy.base(column)
        if self._hierarchy.by_kernel:
            return Treated(self._hierarchy.at(values, self._level), faults, reason)
        released = per_distinct(values, lambda distinct: self._hierarchy.at(distinct, self._level))
        return Treated(released, faults, reason)
