"""Rows found by the files that a release was made of: what becomes of a person's records there is what is taken out of it.

Rows that are equal in every released column are one as good as the other: of each kind as many are meant as records are. Where
the release lacks some rows of a kind, nobody knows whose: a person's own may be among those that are left, so they are meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, fingerprint
from beam_deid.transforms.dataset.published_rows import Kinds, written_keys
from beam_deid.transforms.dataset.source_join import times
from beam_deid.transforms.dataset.source_proof import TreatedAgain, released_types
from beam_deid.transforms.later.subjects import Subjects
from beam_deid.transforms.risk.histogram import Counts, total


class ByKinds:
    """Finds as many rows of each kind as are asked for.

    Args:
        columns: The released columns by which rows are of one kind.
        types: The type of each.
        prints: The key of fingerprints.
        kinds: The kinds, by the columns in their order, and how many rows of each.
    """

    by = "by their records in the source"

    def __init__(
        self, columns: Sequence[str], types: Mapping[str, pa.DataType], prints: FingerprintKey, kinds: Kinds
    ) -> None:
        self.columns = columns
        self._types = types
        self._prints = prints
        self._kinds, left = kinds
        self._left = left.copy()

    @property
    def left(self) -> Counts:
        """How many rows of each kind were not found yet, shape (kinds,)."""
        return self._left

    def found(self, batch: pa.RecordBatch, is_text: bool) -> Bools:
        """Which rows of a batch are meant, shape (n,): the first of each kind, as long as any are left of it."""
        mask = np.zeros(batch.num_rows, np.bool_)
        if not len(self._kinds):
            return mask
        keys = combine(
            [written_keys(batch.column(name), self._types[name], self._prints, is_text) for name in self.columns],
            batch.num_rows,
        )
        place = np.minimum(np.searchsorted(self._kinds, keys), len(self._kinds) - 1)
        rows = np.flatnonzero(self._kinds[place] == keys)
        kinds = place[rows]
        order = np.argsort(kinds, kind="stable")
        taken = order[_rank(kinds[order]) < self._left[kinds[order]]]
        mask[rows[taken]] = True
        self._left -= np.bincount(kinds[taken], minlength=len(self._left))
        return mask


@dataclass(frozen=True)
class BySource:
    """How rows are found by their source.

    Attributes:
        finder: What finds them.
        unsure: How many of them may be others' equal rows, for the release lacks some of their kind.
    """

    finder: ByKinds
    unsure: int


def by_source(again: TreatedAgain, theirs: Bools) -> BySource:
    """Finds as many rows of each kind as some records of the source are, as far as there are so many.

    Args:
        again: The source, treated as its release, without those who were erased from it before.
        theirs: Which of its cells' records are meant, shape (n,).
    """
    source = again.source
    keys = source.keys(source.joined, again.levels)
    everything = source.data.everything
    meant = theirs & (everything > 0)
    kinds, records = total([(keys[meant], everything[meant])])
    given = times(total([(keys, everything)]), kinds)
    released = times(again.kinds, kinds)
    rows = np.minimum(records, released)
    unsure = rows[(released < given) & (records < given)]
    types = released_types(source.data.job, source.data.layout.release)
    return BySource(ByKinds(source.joined, types, source.data.job.prints, (kinds, rows)), int(unsure.sum()))


def _rank(ordered: Counts) -> Counts:
    """The place of each number among those equal to it, from 0; shape (n,), the numbers ascending."""
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else ordered
    lengths = np.diff(np.append(begins, len(ordered)))
    return np.arange(len(ordered)) - np.repeat(begins, lengths)


def cells_of(again: TreatedAgain, subjects: Subjects) -> Bools:
    """Which cells of a source are about some persons, shape (n,): one of their identities is one of theirs.

    Args:
        again: The source.
        subjects: The persons.
    """
    cells = again.source.data.cells
    prints = again.source.data.job.prints
    theirs = np.zeros(len(cells), np.bool_)
    for name, texts in subjects.identities.items():
        theirs |= np.isin(cells.column("identity", name), fingerprint(texts, prints))
    return theirs


def met_in_source(again: TreatedAgain, subjects: Subjects) -> Bools:
    """Which of some persons a release could have records of, shape (subjects.records,)."""
    cells = again.source.data.cells
    there = again.source.data.everything > 0
    prints = again.source.data.job.prints
    met = np.zeros(len(subjects.records), np.bool_)
    for name, texts in subjects.spelt.items():
        named = texts.is_valid().to_numpy(zero_copy_only=False)
        met |= named & np.isin(fingerprint(texts, prints), cells.column("identity", name)[there])
    return met
