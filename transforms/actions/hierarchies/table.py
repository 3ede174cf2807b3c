"""A hierarchy that is written down as a table: ``hierarchy: cn_divisions`` or a path."""

from functools import lru_cache
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from beam_deid.transforms.actions.action import Treated
from beam_deid.transforms.actions.built_in import BUILT_IN
from beam_deid.transforms.actions.hierarchies.hierarchy_file import HierarchyTable, read_hierarchy
from beam_deid.transforms.actions.hierarchy import ALL, Hierarchy, HierarchyOptions
from beam_deid.transforms.columns.canonical_text import canonical_text
from beam_deid.transforms.columns.distinct import per_distinct
from beam_deid.transforms.recognisers.kinds.kind import Kind
from beam_deid.transforms.recognisers.kinds.text import TEXT
from beam_deid.transforms.storage.paths import name_of
from beam_deid.transforms.terms import Reason


class TableOptions(HierarchyOptions):
    """The options of a hierarchy that is written down."""

    hierarchy: str | None = Field(
        None, description="cn_divisions, cn_districts, or the path of a hierarchy file", min_length=1
    )


class TableHierarchy(Hierarchy[TableOptions]):
    """Leaves and the groups above them. The base is the leaf, as the hierarchy spells it.

    Values are compared without the spaces around them; ``cn_districts`` reads them as addresses. A value that is
    neither a leaf nor another spelling of one is a fault, the empty text included: nobody has said what it
    generalizes to.
    """

    option: ClassVar[str] = "hierarchy"
    documented: ClassVar[str | None] = "a `hierarchy` file (`leaf;level1;…`)"
    options: ClassVar[type[HierarchyOptions]] = TableOptions
    wants: ClassVar[Kind] = TEXT

    def __init__(self, table: HierarchyTable) -> None:
        self._table = table
        self._leaves = pa.array(table.leaves, pa.string())
        own = {leaf: number for number, leaf in enumerate(table.leaves)}
        spelt = {**own, **{alias: own[leaf] for alias, leaf in table.aliases.items()}}
        self._spellings = pa.array(spelt.keys(), pa.string())
        self._numbers = pa.array(spelt.values(), pa.int32())

    @classmethod
    def of(cls, options: TableOptions) -> "TableHierarchy":
        """The hierarchy that the option names.

        Raises:
            PolicyError: See `read_hierarchy`.
            InputError: See `read_hierarchy`.
        """
        return _hierarchy(read_hierarchy(options.hierarchy or ""))

    @classmethod
    def problem(cls, options: TableOptions) -> str | None:
        """None: what is wrong in a file is told where the file is read."""
        return None

    @classmethod
    def is_built_in(cls, options: TableOptions) -> bool:
        """Whether it is one of the package's own."""
        return options.hierarchy in BUILT_IN

    @classmethod
    def words(cls, options: TableOptions) -> str:
        """The name of the hierarchy, without its folder: a label goes to recipients, who need not know where it lay."""
        return name_of(options.hierarchy or "")

    @property
    def levels(self) -> tuple[str, ...]:
        """The names that the file gives, or ``value``, ``level 1`` and so on."""
        return self._table.levels

    @property
    def domain(self) -> pa.Array:
        """All leaves."""
        return self._leaves

    def base(self, column: pa.Array) -> Treated:
        """The leaf of each value; a fault where there is none."""
        leaves = per_distinct(column, lambda values: self._leaves.take(self._number(canonical_text(values))))
        faults = pc.and_(pc.is_null(leaves), pc.is_valid(column))
        if not pc.any(faults).as_py():
            return Treated(leaves)
        return Treated(leaves, faults, Reason.OUTSIDE_HIERARCHY)

    def at(self, values: pa.Array, level: int) -> pa.Array:
        """What stands above each leaf at ``level``."""
        if level == 0:
            return values
        groups = [path[level - 1] for path in self._table.parents]
        if level == len(self.levels) - 1:
            groups = [ALL] * len(groups)
        return pa.array(groups, pa.string()).take(pc.index_in(values, self._leaves))

    def _number(self, texts: pa.Array) -> pa.Array:
        if self._table.reader is not None:
            return self._table.reader(texts)
        return self._numbers.take(pc.index_in(pc.utf8_trim_whitespace(texts), self._spellings))


@lru_cache(maxsize=32)
def _hierarchy(table: HierarchyTable) -> TableHierarchy:
    return TableHierarchy(table)
