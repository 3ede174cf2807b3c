"""The join test: an attacker's table joined with a release on what the attacker knows."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import first_rows
from beam_deid.transforms.risk.histogram import Classes, Counts, distinct_count


@dataclass(frozen=True)
class Side:
    """One side of a join: rows with a key, how many records each stands for, and whom it is about.

    Attributes:
        keys: The joined attributes as one key, shape (n,), uint64.
        counts: Records per row, shape (n,), int64.
        subject: Whom each row is about, shape (n,), uint64; None if every record is a person of its own.
    """

    keys: Fingerprints
    counts: Counts
    subject: Fingerprints | None


@dataclass(frozen=True)
class Linked:
    """The result of a join.

    Attributes:
        subjects: Subjects in the attacker's table.
        linked: Those of them that were linked to exactly one subject of the release.
        linked_rightly: Those linked to themselves; None where the truth is not known.
    """

    subjects: int
    linked: int
    linked_rightly: int | None

    @property
    def share(self) -> float:
        """Share of the attacker's subjects that were linked to exactly one."""
        return self.linked / self.subjects if self.subjects else 0.0


def link(
    released: Side, attacker: Side, truth: bool = True, same_rows: Counts | None = None, classes: Classes | None = None
) -> Linked:
    """Join an attacker's table with a release.

    A subject of the attacker's is linked if any of its rows meets records of exactly one subject.

    Args:
        released: The release.
        attacker: The attacker's table, with the same key formula.
        truth: Whether both sides name subjects alike, so that right links can be told from wrong ones.
        same_rows: Where records have no subject: for each row of ``attacker`` 1 if that record is in the
            release, else 0; shape (n,). A link is right if it is.
        classes: The classes of ``released``, where they are known already.
    """
    people = _people(attacker)
    if len(released.keys) == 0 or len(attacker.keys) == 0:
        return Linked(people, 0, 0 if truth else None)
    if classes is None:
        classes = Classes(released.keys, released.counts, released.subject)
    if attacker.keys is released.keys:
        number = classes.numbers
        hit = classes.subjects[number] == 1
    else:
        found = pc.index_in(pa.array(attacker.keys), value_set=pa.array(classes.keys))
        number = found.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        hit = (number >= 0) & (classes.subjects[number] == 1)
    if attacker.subject is None:
        right = hit & (same_rows > 0) if same_rows is not None else None
        rightly = None if right is None else int(attacker.counts[right].sum())
        return Linked(people, int(attacker.counts[hit].sum()), rightly)
    linked = distinct_count(attacker.subject[hit])
    if not truth or released.subject is None:
        return Linked(people, linked, None)
    only = released.subject[first_rows(classes.numbers, len(classes))]
    right = hit & (only[number] == attacker.subject)
    return Linked(people, linked, distinct_count(attacker.subject[right]))


def _people(side: Side) -> int:
    return int(side.counts.sum()) if side.subject is None else distinct_count(side.subject)
