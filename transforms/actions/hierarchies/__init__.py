"""Ways of generalizing: one file each, all of them in `HIERARCHIES`."""

from beam_deid.transforms.actions.hierarchies.bins import BinsHierarchy
from beam_deid.transforms.actions.hierarchies.calendar import CalendarHierarchy
from beam_deid.transforms.actions.hierarchies.masks import MasksHierarchy
from beam_deid.transforms.actions.hierarchies.prefix import PrefixHierarchy
from beam_deid.transforms.actions.hierarchies.ranges import RangesHierarchy
from beam_deid.transforms.actions.hierarchies.table import TableHierarchy

AnyHierarchy = BinsHierarchy | CalendarHierarchy | TableHierarchy | MasksHierarchy | PrefixHierarchy | RangesHierarchy

HIERARCHIES: tuple[type[AnyHierarchy], ...] = (
    RangesHierarchy,
    BinsHierarchy,
    CalendarHierarchy,
    PrefixHierarchy,
    MasksHierarchy,
    TableHierarchy,
)
"""All hierarchies, in the order in which they are documented. Each is chosen by the option that it names."""
