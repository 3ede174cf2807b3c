"""Rows found by the files that a release was made of: what becomes of a person's records there is what is taken out of it.

Rows that are equal in every released column are one as good as the other: of each kind as many are meant as records are. Those
that an earlier erasure took out already are not meant again.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import FingerprintKey, Fingerprints, fingerprint
from beam_deid.transforms.dataset.published_rows import Kinds, written_keys
from beam_deid.transforms.dataset.source_join import times
from beam_deid.transforms.dataset.source_proof import TreatedAgain, released_types
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


def by_source(again: TreatedAgain, theirs: Bools, whole: bool) -> ByKinds:
    """Finds as many rows of each kind as some records of the source are.

    Args:
        again: The source, treated as its release.
        theirs: Which of its cells' records are meant, shape (n,).
        whole: Whether every record of the source was released, but for those that were erased since. Else nobody knows whose rows
            are missing: so many are meant as there may be.
    """
    source = again.source
    keys = source.keys(source.joined, again.levels)
    everything = source.data.everything
    meant = theirs & (everything > 0)
    kinds, left = total([(keys[meant], everything[meant])])
    if whole:
        left = np.maximum(left - _missing(kinds, total([(keys, everything)]), again.kinds), 0)
    types = released_types(source.data.job, source.data.layout.release)
    return ByKinds(source.joined, types, source.data.job.prints, (kinds, left))


def _missing(kinds: Fingerprints, given: Kinds, released: Kinds) -> Counts:
    """How many rows of some kinds (k,), ascending, are not released of those that the source gives, shape (k,)."""
    return times(given, kinds) - times(released, kinds)


def _rank(ordered: Counts) -> Counts:
    """The place of each number among those equal to it, from 0; shape (n,), the numbers ascending."""
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if len(ordered) else ordered
    lengths = np.diff(np.append(begins, len(ordered)))
    return np.arange(len(ordered)) - np.repeat(begins, lengths)


def cells_of(again: TreatedAgain, identities: Mapping[str, pa.Array]) -> Bools:
    """Which cells of a source are about some persons, shape (n,): one of their identities is one of theirs.

    Args:
        again: The source.
        identities: The identities in their one spelling, by field; no null.
    """
    cells = again.source.data.cells
    prints = again.source.data.job.prints
    theirs = np.zeros(len(cells), np.bool_)
    for name, texts in identities.items():
        theirs |= np.isin(cells.column("identity", name), fingerprint(texts, prints))
    return theirs
