"""Released rows joined with what their source gives, on every released column that is given again."""

from dataclasses import dataclass

import numpy as np

from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.dataset.published_rows import Kinds
from beam_deid.transforms.dataset.source_records import SourceRecords
from beam_deid.transforms.risk.histogram import Counts, total
from beam_deid.transforms.risk.linkage import Linked, Side, link


@dataclass(frozen=True)
class JoinedRows:
    """What a join of released rows with their source found. Rows are of one kind where all joined columns are equal.

    Attributes:
        released: Released rows.
        given: Those of them that the source gives.
        strange: Released rows of kinds that the source does not give.
        repeated: Released rows beyond the records of their kind.
        left_out: Records of the source that could be released and are not.
        divided: Kinds of which some records are released, and others not: nobody can say which.
        linked: The persons of the source, and how many of them are linked to exactly one on all joined columns: a released row of
            theirs can be nobody else's.
        linked_on_rest: The same on those columns that are not sensitive alone, which others may know rather.
        left: Records of each cell that are released, shape (n,); none of a kind that is divided.
    """

    released: int
    given: int
    strange: int
    repeated: int
    left_out: int
    divided: int
    linked: Linked
    linked_on_rest: Linked
    left: Counts


def join_rows(source: SourceRecords, levels: RowLevels, released: Kinds) -> JoinedRows:
    """Join released rows with their source.

    Args:
        source: The source's records, n cells.
        levels: The levels at which they are released.
        released: The kinds of the released rows, by the source's joined columns.
    """
    everything = source.data.everything
    keys = source.keys(source.joined, levels)
    there = everything > 0
    kinds, given = total([(keys[there], everything[there])])
    rows = times(released, kinds)
    matched = np.minimum(rows, given)
    strange = int(released[1].sum() - rows.sum())
    whole = kinds[rows >= given]
    behind = there & np.isin(keys, kinds[rows > 0])
    rest = [name for name in source.joined if name in source.data.layout.rest]
    return JoinedRows(
        released=int(released[1].sum()),
        given=int(matched.sum()),
        strange=strange,
        repeated=int((rows - matched).sum()),
        left_out=int((given - matched).sum()),
        divided=int(np.count_nonzero((rows > 0) & (rows < given))),
        linked=_linked(source, keys, behind),
        linked_on_rest=_linked(source, source.keys(rest, levels), behind),
        left=np.where(np.isin(keys, whole), everything, 0),
    )


def times(released: Kinds, kinds: Fingerprints) -> Counts:
    """How many rows of each of some kinds (k,), ascending, are among released ones, shape (k,)."""
    keys, counts = released
    found = np.zeros(len(kinds), np.int64)
    if len(keys):
        place = np.minimum(np.searchsorted(keys, kinds), len(keys) - 1)
        there = keys[place] == kinds
        found[there] = counts[place[there]]
    return found


def _linked(source: SourceRecords, keys: Fingerprints, behind: Bools) -> Linked:
    """Join the persons of the source with those who may be behind released rows.

    Args:
        source: The source's records, n cells.
        keys: The key of each cell's joined values, shape (n,).
        behind: Which cells' records may be behind released rows, shape (n,).
    """
    everything = source.data.everything
    persons = source.data.cells.persons
    who = persons.numbers[0].view(np.uint64) if persons.names else None
    named = (everything > 0) & (persons.numbers[0] >= 0) if persons.names else everything > 0

    def side(cells: Bools) -> Side:
        return Side(keys[cells], everything[cells], None if who is None else who[cells])

    return link(side(behind), side(named))
