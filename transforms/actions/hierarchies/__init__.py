"""Kinds of generalization hierarchies: one file each, all of them in `HIERARCHIES`."""

from typing import Any

from beam_deid.transforms.actions.hierarchies.bins import BinsHierarchy
from beam_deid.transforms.actions.hierarchies.calendar import CalendarHierarchy
from beam_deid.transforms.actions.hierarchies.masks import MasksHierarchy
from beam_deid.transforms.actions.hierarchies.prefix import PrefixHierarchy
from beam_deid.transforms.actions.hierarchies.ranges import RangesHierarchy
from beam_deid.transforms.actions.hierarchies.table import TableHierarchy
from beam_deid.transforms.actions.hierarchy import Hierarchy

HIERARCHIES: tuple[type[Hierarchy[Any]], ...] = (
    RangesHierarchy,
    BinsHierarchy,
    CalendarHierarchy,
    PrefixHierarchy,
    MasksHierarchy,
    TableHierarchy,
)
"""All kinds, in the order in which they are documented. Each is chosen by the option of ``generalize`` that it names."""
