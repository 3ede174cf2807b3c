"""The records of a run found in earlier releases: the register's tables are read by ranges of the key space."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from beam_deid.transforms.columns.among import is_among
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.key_codes import ordered_codes
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.scope import EACH_RECORD
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.past.collecting import ROWS, Arounds, Elsewhere, Seeing, Slice
from beam_deid.transforms.past.comparing import Compared, compared, incomparable, told_apart
from beam_deid.transforms.past.views import Past, identities_of, person_keys
from beam_deid.transforms.policy.scoping import tested_together
from beam_deid.transforms.register.document import Entry
from beam_deid.transforms.register.folder import table_path
from beam_deid.transforms.register.looked import Looked, tables_of
from beam_deid.transforms.register.prints_file import PrintsFile, ranges
from beam_deid.transforms.risk.known_again import Others, shared_records
from beam_deid.transforms.risk.persons import Persons
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS


@PROGRESS.doing("comparing with earlier releases")
def past_of(job: Job, cells: Cells, releases: Sequence[str]) -> Past:
    """Find a run's records in earlier releases.

    Args:
        job: The run.
        cells: Its records.
        releases: The releases of the run that are tested together.

    Returns:
        What is known; of no release where nothing is registered, or nothing of the same records.
    """
    if job.register is None or not job.register.entries or not len(cells) or not cells.has("recorded"):
        return Past()
    if not {*releases} & {*tested_together(job.policy, job.releases)}:
        return Past()  # what stays personal is not tested with anything
    with contextlib.closing(_Reader(job, cells)) as reader:
        overlapping, untested = reader.overlapping()
        told = replace(told_apart(job.register.entries, overlapping, untested), looked=reader.looked)
        if not told.entries:
            return told
        read = reader.read(compared(job, told.entries, releases))
        return replace(read, disjoint=told.disjoint, untested=told.untested, looked=told.looked)


class _Reader:
    """Reads a register's tables beside the cells of a run.

    Args:
        job: The run.
        cells: Its records.

    Attributes:
        looked: The tables that can be used, once it was asked what overlaps.
    """

    def __init__(self, job: Job, cells: Cells) -> None:
        assert job.register is not None  # noqa: S101 - asked for only where there is one
        self._job = job
        self._cells = cells
        self._register = job.register
        records = cells.column("recorded")
        self._order = np.argsort(records, kind="stable")
        self._records = records[self._order]
        self._files: dict[str, PrintsFile] = {}
        self.looked: tuple[Looked, ...] = ()
        self._subjects = person_keys(job, cells, np.arange(len(cells))).get(str(job.policy.subject), records[:0])

    def close(self) -> None:
        """Close all files."""
        for file in self._files.values():
            file.close()

    def overlapping(self) -> tuple[set[str], dict[str, str]]:
        """The releases that have some of the records, and why others cannot be read."""
        found = set()
        untested = {}
        there = tables_of(self._register.path, self._register.entries)
        for entry in self._register.entries:
            reason = incomparable(self._job, entry)
            try:
                if not reason and self._meets(entry):
                    found.add(entry.name)
            except UsageError as error:
                reason = f"{error.what}: {error.next_step}"
            if reason:
                untested[entry.name] = reason
        usable = [entry for entry in self._register.entries if entry.name not in untested]
        self.looked = tuple(there[path] for path in tables_of(self._register.path, usable))
        return found, untested

    def read(self, told: Compared) -> Past:
        """Read what some releases say of the cells, and the persons whom only they contain."""
        entries = told.entries
        names = tuple(name for name, *_ in identities_of(self._job, self._cells.persons))
        around = {name: Arounds(name, holders, self._cells) for name, holders in told.holders.items()}
        seeing = [
            Seeing(name, entries, self._cells, Others(names, told.crowd, self._job.prints.null)) for name in told.views
        ]
        unknown = self._unknown()
        files = [self._open(entry) for entry in entries]
        for low, high in ranges([file.rows for file in files] + [len(self._cells)], ROWS):
            here, records = self._cut(low, high)
            cuts = [
                Slice(entry, file.read(low, high, **told.wanted(entry)), told.columns[entry.name])
                for entry, file in zip(entries, files, strict=True)
            ]
            if self._job.policy.record is not None:
                for cut in cuts:
                    unknown[here] |= cut.unsure(records, self._subjects[here], self._job.prints.null)
            elsewhere = Elsewhere.of(cuts, records)
            for one in seeing:
                one.add(cuts, here, records, elsewhere)
            for other in around.values():
                other.add(cuts, here, records)
        found = {name: one.result(self._job.prints.null) for name, one in around.items()}
        views = {one.without: one.result(self._persons) for one in seeing}
        return Past(entries, views=views, crowd=told.crowd, around=found, unknown=unknown)

    def _unknown(self) -> np.ndarray:
        """The cells whose record has no number, or the same as another person's, shape (n,)."""
        if self._job.policy.record is None:
            return np.zeros(len(self._cells), np.bool_)
        records = self._cells.column("recorded")
        unknown: np.ndarray = records == self._job.prints.null
        for numbers in self._cells.persons.numbers[:1]:
            some = numbers >= 0
            unknown |= np.isin(records, shared_records(records[some], numbers[some]))
        return unknown

    def _open(self, entry: Entry) -> PrintsFile:
        """The fingerprints of a release; a file that several share is looked through once."""
        table = entry.table
        assert table is not None  # noqa: S101 - asked before
        path = table_path(self._register.path, table.file)
        if entry.name not in self._files:
            known = next((file for file in self._files.values() if file.path == path), None)
            self._files[entry.name] = PrintsFile(path, table) if known is None else known.beside(table)
        return self._files[entry.name]

    def _cut(self, low: int, high: int) -> tuple[np.ndarray, Fingerprints]:
        """The cells of a cut of the key space, by their records, and these."""
        begin = int(np.searchsorted(self._records, np.uint64(low)))
        end = (
            len(self._records)
            if high > np.iinfo(np.uint64).max
            else int(np.searchsorted(self._records, np.uint64(high)))
        )
        return self._order[begin:end], self._records[begin:end]

    def _meets(self, entry: Entry) -> bool:
        file = self._open(entry)
        for low, high in ranges([file.rows], ROWS):
            _, records = self._cut(low, high)
            theirs = file.read(low, high, persons=(), values=(), normal=()).record
            if is_among(records, theirs).any():
                return True
        self._files.pop(entry.name).close()
        return False

    def _persons(self, people: Mapping[str, Fingerprints], rows: int, crowds: int) -> Persons:
        """The persons of the cells, of other rows, and nobody for crowds."""
        before = self._cells.persons
        null = self._job.prints.null
        numbers = []
        sizes = []
        for name, own, keys, size in identities_of(self._job, before):
            theirs = people.get(name, np.empty(0, np.uint64))
            known = {EACH_RECORD: np.empty(0, np.uint64)}.get(name, keys)  # no other record is one of these
            order = np.argsort(known)
            place = np.minimum(np.searchsorted(known[order], theirs), max(len(known) - 1, 0))
            same = known[order][place] == theirs if len(known) else np.zeros(len(theirs), np.bool_)
            new, many = ordered_codes(theirs[~same])
            found = np.empty(len(theirs), np.int64)
            found[same] = order[place[same]]
            found[~same] = new + size
            found[theirs == null] = -1
            numbers.append(np.concatenate([own, found, np.full(crowds, -1)]))
            sizes.append(size + len(many))
        names = (*before.names, *before.same_as)
        return Persons(names, tuple(numbers), tuple(sizes), {}, before.shared, before.filled)
