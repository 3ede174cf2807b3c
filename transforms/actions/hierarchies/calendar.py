"""A hierarchy over dates and times by the calendar: ``calendar: [day, week, month, quarter, year]``."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.columns.distinct import plain
from beam_deid.transforms.recognisers.kinds import KINDS
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.timestamp import TIMESTAMP
from beam_deid.transforms.terms import Reason

Unit = Literal["hour", "day", "week", "month", "quarter", "year"]

UNITS: tuple[Unit, ...] = ("hour", "day", "week", "month", "quarter", "year")
"""All units, finest first."""

_FORMATS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}


class CalendarOptions(HierarchyOptions):
    """The options of a hierarchy of calendar units."""

    calendar: tuple[Unit, ...] | None = Field(None, description="Units, finest first: [day, week, month, year]")


class CalendarHierarchy(Hierarchy[CalendarOptions]):
    """Hours, days, ISO 8601 weeks, months, quarters, years: 2025-01-15T13, 2025-01-15, 2025-W03, 2025-01, 2025-Q1, 2025.

    The base is the beginning of the coarsest unit from which all listed ones follow, timestamp[s] for an hour and
    date32 else. A week does not nest in a month: a release at the level of weeks splits differently from one at
    months, and days are the base of both. Times with a zone count in that zone. A value that is no time is a fault.

    Args:
        units: The levels, finest first.
    """

    option: ClassVar[str] = "calendar"
    options: ClassVar[type[HierarchyOptions]] = CalendarOptions
    wants: ClassVar[Kind] = TIMESTAMP
    fitting: ClassVar[tuple[Kind, ...] | None] = (
        TIMESTAMP,
        *(kind for kind in KINDS if kind.is_time and kind is not TIMESTAMP),
    )

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = tuple(units)
        # Months and coarser nest; a day is the coarsest unit that lies in one week and in one month.
        self._base: Unit = "day" if units[0] == "week" else units[0]

    @classmethod
    def of(cls, options: CalendarOptions) -> "CalendarHierarchy":
        """See `Hierarchy.of`."""
        return cls(options.calendar or ())

    @classmethod
    def problem(cls, options: CalendarOptions) -> str | None:
        """See `Hierarchy.problem`."""
        units = options.calendar
        if not units:
            return "calendar needs at least one unit"
        if list(units) != [unit for unit in UNITS if unit in units]:
            return f"units must stand finest first, each once: {', '.join(UNITS)}"
        return None

    @property
    def levels(self) -> tuple[str, ...]:
        """The units, and ``*``."""
        return (*self._units, ALL)

    def base(self, column: pa.Array) -> Treated:
        """The beginning of each value's base unit."""
        column = plain(column)
        kind = pa.timestamp("s") if self._base == "hour" else pa.date32()
        if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):
            return Treated(pa.nulls(len(column), kind), pc.is_valid(column), Reason.WRONG_TYPE)
        if pa.types.is_timestamp(column.type) and column.type.tz is not None:
            column = pc.local_timestamp(column)
        if self._base == "hour":
            seconds = column.cast(pa.timestamp("s"), safe=False)
            return Treated(pc.floor_temporal(seconds, unit="hour"))
        days = column.cast(pa.date32(), safe=False)
        return Treated(days if self._base == "day" else pc.floor_temporal(days, unit=self._base).cast(kind))

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """The label of each base unit at ``level``."""
        if level == len(self._units):
            return pc.if_else(pc.is_valid(values), ALL, pa.scalar(None, pa.string()))
        unit = self._units[level]
        if unit == "quarter":
            year = pc.strftime(values, "%Y")
            quarter = pc.quarter(values).cast(pa.string())
            return pc.binary_join_element_wise(year, quarter, "-Q")
        return pc.strftime(values, _FORMATS[unit])
