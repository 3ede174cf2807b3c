"""The rows of a part, once they are in order: no more of a kind than its quota, each as often as it is there, and counted."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa

from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.decide.decision import Proof, ReleaseDecision
from beam_deid.transforms.errors import InternalFault
from beam_deid.transforms.release.facts import PartFacts
from beam_deid.transforms.release.shuffle import COUNT, QUOTA, condensed, is_new, numbers, values_of
from beam_deid.transforms.risk.histogram import Counts, row_digest
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.treat.part import WrittenPart

_COMPARED = 1 << 21
"""Kinds of rows whose keys are compared with each other, 16 MiB of them; a part that has more is looked at bit by bit."""


class Arranging:
    """Lets the rows of a part pass, and counts them for the proof from the rows themselves.

    Args:
        job: The run, on a worker.
        decision: The release.
    """

    def __init__(self, job: Job, decision: ReleaseDecision) -> None:
        self._job = job
        self._decision = decision
        self._fields = job.layouts[decision.release].fields
        self._proof = Proof()
        self._left_out = 0
        self._keys: list[Fingerprints] = []

    def arrange(self, rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        """The released rows, in the same order, in batches of bounded size.

        Args:
            rows: Condensed rows, behind all that came before. All of one kind come together.

        Raises:
            InternalFault: Rows that differ have one key.
        """
        counts = self._within_quotas(rows)
        values = values_of(rows)
        self._count(rows, values, counts)
        yield from _spread(values, counts)

    def facts(self, *files: WrittenPart) -> PartFacts:
        """What was done, for the proof; the part as well where it was written to a file. To be asked when all rows have passed.

        Raises:
            InternalFault: Rows that differ have one key.
        """
        self._compare()
        return PartFacts(list(files), proof=self._proof, suppressed=self._left_out)

    def _within_quotas(self, rows: pa.RecordBatch) -> Counts:
        """How many rows of each kind are released. They are alike, so whichever stay, the bytes are the same."""
        counts: Counts = numbers(rows, COUNT)
        quota = numbers(rows, QUOTA)
        limited = np.flatnonzero(quota >= 0)
        if not len(limited):
            return counts
        released = counts.copy()
        released[limited] = np.minimum(counts[limited], self._decision.quotas[1][quota[limited]])
        self._left_out += int((counts - released).sum())
        return released

    def _count(self, rows: pa.RecordBatch, values: pa.RecordBatch, counts: Counts) -> None:
        """Take rows into the proof.

        Raises:
            InternalFault: Two that differ have one key.
        """
        prints = [fingerprint(values.column(name), self._job.prints) for name in self._fields]
        keys = combine(prints, rows.num_rows)
        self._keys.append(keys[is_new(rows)])
        if sum(map(len, self._keys)) >= _COMPARED:
            self._compare()
        self._proof = Proof.merge((self._proof, Proof(int(counts.sum()), row_digest([keys], counts))))

    def _compare(self) -> None:
        """See that kinds of rows that differ in any value that is written have different keys.

        Raises:
            InternalFault: Two have the same.
        """
        keys = np.sort(np.concatenate([np.empty(0, np.uint64), *self._keys]))
        self._keys = []
        if (keys[1:] == keys[:-1]).any():
            raise InternalFault(
                "values that differ have one fingerprint, so nothing that was counted can be relied on",
                f"release {self._decision.release}",
                "Run again: the fingerprints of another run are others",
            )


def arranged_part(
    job: Job, decision: ReleaseDecision, pieces: Sequence[pa.RecordBatch]
) -> tuple[list[pa.RecordBatch], PartFacts]:
    """The rows of a part that is held in memory, in their order, and what was done.

    Args:
        job: The run, on a worker.
        decision: The release.
        pieces: The placed rows of the part; one piece at least.

    Raises:
        InternalFault: Rows that differ have one key.
    """
    arranging = Arranging(job, decision)
    batches = list(arranging.arrange(condensed(pa.concat_batches(pieces))))
    return batches, arranging.facts()


def _spread(values: pa.RecordBatch, counts: Counts) -> Iterator[pa.RecordBatch]:
    """Each row as often as it is released."""
    if (counts == 1).all():
        for first in range(0, values.num_rows, BATCH_ROWS):
            yield values.slice(first, BATCH_ROWS)
        return
    ends = np.cumsum(counts)
    for first in range(0, int(ends[-1]), BATCH_ROWS):
        places = np.arange(first, min(first + BATCH_ROWS, int(ends[-1])))
        yield values.take(pa.array(np.searchsorted(ends, places, side="right")))
