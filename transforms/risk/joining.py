"""The join of a release with an attacker's table, partition by partition: exactly, in several spellings, or within ranges.

The attacker's rows are looked for by *probes*: keys of what is equal on both sides, and windows for what need only be
near. A row has several probes where the release may spell what it knows in several ways, as masked or coarser. The release
comes in partitions by key, so that no more than one of them is in memory, and rows are never paired with all others.
"""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from beam_deid.transforms.columns.arrays import Bools
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.risk.attackers import AttackersMet, Candidates, PersonsMet, RowsMet
from beam_deid.transforms.risk.exposed import Exposed
from beam_deid.transforms.risk.exposure import Exposure
from beam_deid.transforms.risk.histogram import Classes
from beam_deid.transforms.risk.linkage import Linked
from beam_deid.transforms.risk.presence import Presence, PresenceCounts
from beam_deid.transforms.risk.probes import Found, Probes, ProbesMet, Released


@dataclass(frozen=True)
class Joined:
    """All that a join found; ``presence`` is None where things need not be equal."""

    linked: Linked
    candidates: Candidates | None
    presence: Presence | None
    exposed: Exposed


class Join:
    """Joins a release, partition by partition.

    Args:
        probes: The attacker's table.
        truth: Whether both sides name subjects alike, so that right links can be told from wrong ones.
        k: A released subject who may be fewer than so many is at risk.
        nobody: The number of a released row's person, by any identity, who counts as no person.
        source: Subjects of the source, released or not, numbered as the table's are; None where that is not known.
    """

    def __init__(
        self,
        probes: Probes,
        truth: bool,
        k: int = 2,
        nobody: np.uint64 | None = None,
        source: Fingerprints | None = None,
    ) -> None:
        self._probes = probes
        self._truth = truth and probes.subject is not None
        self._k = k
        self._nobody = nobody
        table = len(probes.counts)
        several = bool(len(probes.rows)) and bool(np.bincount(probes.rows, minlength=table).max() > 1)
        self._exact = not probes.low.shape[1] and not several
        self._found = Found(table)
        self._named = False
        self._released = self._outside = 0
        self._present: list[PresenceCounts] = []
        self._exposure = Exposure(table, several, k, nobody)
        self._source = source

    def add(
        self, released: Released, probes: Probes | None = None, missed: int = 0, persons: int | None = None
    ) -> None:
        """Join one partition.

        Args:
            released: Its rows.
            probes: The probes that may meet them, all of whose keys are in no other partition; all probes if not given.
            missed: Records of the partition that were left out since their key is no probe's.
            persons: Released persons that are counted with this partition, those of records left out among them, each with one
                partition only; those of its rows if not given, each of them once over all partitions.
        """
        probes = self._probes if probes is None else probes
        records = int(released.counts.sum()) + missed
        self._released += records
        self._outside += missed
        self._named = self._named or released.subject is not None
        self._exposure.release(released.subject, records, persons)
        classes = Classes(released.keys, released.counts, released.subject)
        if self._exact:
            self._present.append(PresenceCounts.of(classes, probes))
        if not len(released.keys) or not len(probes.keys):
            return
        found = ProbesMet.of(released, classes, probes, self._k, self._nobody)
        self._exposure.add(found, probes.rows, released)
        self._found.add(probes.rows, found.found, found.only)

    def result(self) -> Joined:
        """Sum up all partitions."""
        probes = self._probes
        exposed, met = self._exposure.rows()
        rows = RowsMet(probes.counts, probes.subject, *self._found.result(self._named), met, exposed)
        attackers = self._attackers(rows)
        presence = None
        if self._exact:
            present = PresenceCounts.merge(self._present)
            present = replace(present, outside=present.outside + self._outside)
            presence = present.presence(self._released, self._k)
        linked = attackers.linkage(self._truth and self._named)
        among, exact = self._exposure.among
        found = attackers.exposure(self._exposure.released, among, exact)
        return Joined(linked, Candidates.of(attackers.candidates), presence, found)

    def _attackers(self, rows: RowsMet) -> AttackersMet:
        if rows.subject is None:
            return AttackersMet.of_records(rows)
        persons = PersonsMet.of(rows.subject, rows.how, rows.fewest)
        return AttackersMet.of_persons(persons, self._known(persons.who))

    def _known(self, who: Fingerprints) -> Bools:
        """Which persons of the attacker's are in the source, as far as that can be told."""
        if self._source is None:
            return np.ones(len(who), bool)
        inside: Bools = pc.is_in(pa.array(who), value_set=pa.array(self._source)).to_numpy(zero_copy_only=False)
        return inside if self._nobody is None else inside & (who != self._nobody)
