"""The records of a run as cells: kinds of records that are alike in every identity and in every value that is measured."""

from functools import cached_property

import numpy as np

from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.each_record import record_persons
from beam_deid.transforms.policy.scoping import identities, names_a_crowd
from beam_deid.transforms.risk.histogram import Counts, Histogram
from beam_deid.transforms.risk.persons import Persons, persons
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.layout import Column


class Cells:
    """The n cells of the releases that are counted together. All arrays are of shape (n,), one entry a cell.

    Args:
        job: The run.
        histogram: What was measured; its rows are the cells.
        known: The persons of its rows, where these are some of all records, so that whose they are is known already.
        people: Persons of each row, each person in one row only, where it is not told whose records the rows are.
    """

    def __init__(
        self, job: Job, histogram: Histogram, known: Persons | None = None, people: Counts | None = None
    ) -> None:
        self.people = people
        self._job = job
        self._histogram = histogram if known is not None else _ordered(job, histogram)
        self._known = known
        self.counts: Counts = self._histogram.counts

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def records(self) -> int:
        """The number of records in all cells."""
        return int(self.counts.sum())

    def column(self, what: str, field: str = "", release: str = "") -> Fingerprints:
        """A measured column, shape (n,), uint64: see `Column`."""
        return self._histogram.columns[Column(what, field, release)]

    def has(self, what: str, field: str = "", release: str = "") -> bool:
        """Whether such a column was measured."""
        return Column(what, field, release) in self._histogram.columns

    def present(self, release: str) -> np.ndarray:
        """Which cells' records are sound in a release; the others were rejected."""
        return self.column("present", release=release) > 0

    @cached_property
    def persons(self) -> Persons:
        """The persons of the cells' records, by every identity of the source."""
        if self._known is not None:
            return self._known
        names = identities(self._job.policy)
        policy = self._job.policy
        keys = {name: self.column("identity", name) for name in names}
        if policy.subject == EACH_RECORD:
            subject = self._each_record
        elif policy.subject_field is None:
            subject = None
        else:
            subject = keys.pop(policy.subject_field)
        return persons(subject, keys, self._job.prints.null, names_a_crowd(policy))

    @cached_property
    def subject(self) -> Fingerprints:
        """The key of each cell's subject, as an attacker's table names it; `FingerprintKey.null` where nobody is named."""
        policy = self._job.policy
        if policy.subject_field is not None:
            return self.column("identity", policy.subject_field)
        null = np.full(len(self), self._job.prints.null, np.uint64)
        return self._each_record if policy.subject == EACH_RECORD else null

    @property
    def signature(self) -> Fingerprints:
        """One key for all identities of a cell, as they stand in the source."""
        return self.column("signature")

    @cached_property
    def _each_record(self) -> Fingerprints:
        """Number each record as a person of its own; a record that is in several files counts as one."""
        if not self.has("record"):
            return np.arange(1, len(self) + 1, dtype=np.uint64)
        file = self.column("file") if self.has("file") else None
        return record_persons(self.column("record"), file)


def _ordered(job: Job, histogram: Histogram) -> Histogram:
    """The cells in an order that follows from them alone; each record by itself where each is a person."""
    return _one_by_one(histogram) if job.policy.subject == EACH_RECORD else histogram.ordered()


def _one_by_one(histogram: Histogram) -> Histogram:
    """The histogram with a row for each record."""
    rows = np.repeat(np.arange(len(histogram.counts)), histogram.counts)
    columns = {name: keys[rows] for name, keys in histogram.columns.items()}
    return Histogram(columns, np.ones(len(rows), np.int64))
