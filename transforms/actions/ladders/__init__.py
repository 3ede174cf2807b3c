"""Ways of generalizing: one file each, all of them in `LADDERS`."""

from beam_deid.transforms.actions.ladders.bins import BinsLadder
from beam_deid.transforms.actions.ladders.calendar import CalendarLadder
from beam_deid.transforms.actions.ladders.hierarchy import HierarchyLadder
from beam_deid.transforms.actions.ladders.masks import MasksLadder
from beam_deid.transforms.actions.ladders.prefix import PrefixLadder
from beam_deid.transforms.actions.ladders.ranges import RangesLadder

AnyLadder = BinsLadder | CalendarLadder | HierarchyLadder | MasksLadder | PrefixLadder | RangesLadder

LADDERS: tuple[type[AnyLadder], ...] = (
    RangesLadder,
    BinsLadder,
    CalendarLadder,
    PrefixLadder,
    MasksLadder,
    HierarchyLadder,
)
"""All ladders, in the order in which they are documented. Each is chosen by the option that it names."""
