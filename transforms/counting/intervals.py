"""Whose intervals between dates are nobody else's, over all buckets; see `risk.recovery.pseudonyms`.

A subject's dates are brought together, each once. Those of all rows of which nobody says whose they are, which count as one
subject and may be very many, are spread over all buckets: their first one is known by then, and what is added up of each is
the time since the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.columns.combining import mix
from beam_deid.transforms.columns.fingerprint import Fingerprints
from beam_deid.transforms.columns.numbers import NULL
from beam_deid.transforms.columns.partition import bucket_of
from beam_deid.transforms.risk.belongings import Belongings
from beam_deid.transforms.risk.recovery.pseudonyms import Recovered, interval_sums, since
from beam_deid.transforms.run.layout import Column
from beam_deid.transforms.run.stages import Out, Stages, Stream, Streams

_WHO = Column("who")
_WHEN = Column("when")
_SUM = Column("sum of times")
_SUMS = "sums of times"

First = int | None
"""The first date of all rows of which nobody says whose they are; None where there is none."""


def put_dates(name: str, seen: Candidate, moments: npt.NDArray[np.int64], out: Out) -> First:
    """Set aside the dates of the subjects of a bucket.

    Args:
        name: The field that holds dates.
        seen: The bucket.
        moments: The date of each row as a number, shape (m,).
        out: Where they are set aside.

    Returns:
        The first date of nobody's.
    """
    dated = moments != NULL
    dates = Belongings.of(moments[dated].view(np.uint64), seen.subject_keys[dated], seen.counts[dated])
    nobody = dates.holders == seen.data.job.prints.null
    own = dates.where(~nobody)
    out.put(_dates(name), own.holders, {_WHO: own.holders, _WHEN: own.values})
    others = dates.values[nobody]
    out.put(_others(name), mix(others.copy()), {_WHEN: others})
    return int(others.view(np.int64).min()) if len(others) else None


def intervals_of(name: str, firsts: Sequence[First], streams: Streams, stages: Stages) -> Recovered:
    """Count the subjects of two dates and more, and those of them whose intervals are nobody else's.

    Args:
        name: The field that holds dates.
        firsts: What `put_dates` gave back for each bucket.
        streams: What it set aside.
        stages: Runs tasks over it.
    """
    _, sums = stages.run(_Subjects(stages.take(streams, _dates(name))))
    others = stages.take(streams, _others(name))
    nobody = _nobody([first for first in firsts if first is not None], others, stages)
    found, _ = stages.run(_Sums(stages.take(sums, _SUMS), nobody))
    return Recovered(sum(one.values for one in found), sum(one.recovered for one in found))


def _dates(name: str) -> str:
    return f"dates of {name}"


def _others(name: str) -> str:
    return f"dates of {name} that are nobody's"


def _nobody(firsts: Sequence[int], stream: Stream, stages: Stages) -> Fingerprints:
    """The sum of the times that are nobody's, shape (1,); or (0,) where there are not two."""
    if not firsts:
        return np.empty(0, np.uint64)
    parts, _ = stages.run(_Nobody(stream, min(firsts)))
    there = [part for part in parts if len(part)]
    return np.array([np.concatenate(there).sum(dtype=np.uint64)] if there else [], np.uint64)


@dataclass(frozen=True)
class _Subjects:
    """Adds up the times of each subject of a bucket, and brings equal sums together."""

    stream: Stream

    def run(self, bucket: int, out: Out) -> None:
        """See `Task.run`."""
        columns = self.stream.read(bucket, (_WHO, _WHEN))
        sums = interval_sums(columns[_WHO], columns[_WHEN].view(np.int64))
        out.put(_SUMS, mix(sums.copy()), {_SUM: sums})


@dataclass(frozen=True)
class _Nobody:
    """Adds up the times of a bucket that are nobody's."""

    stream: Stream
    first: int

    def run(self, bucket: int, out: Out) -> Fingerprints:
        """Their sum, shape (1,), or (0,) where there is none but the first; see `Task.run`."""
        moments = np.unique(self.stream.read(bucket, (_WHEN,))[_WHEN].view(np.int64))
        moments = moments[moments != self.first]
        times = since(moments, np.full(len(moments), self.first))
        return times.sum(keepdims=True, dtype=np.uint64) if len(times) else times


@dataclass(frozen=True)
class _Sums:
    """Counts the subjects of each sum of a bucket."""

    stream: Stream
    nobody: Fingerprints

    def run(self, bucket: int, out: Out) -> Recovered:
        """See `Task.run`."""
        sums = self.stream.read(bucket, (_SUM,))[_SUM]
        here = bucket_of(mix(self.nobody.copy()), self.stream.buckets) == bucket
        _, times = np.unique(np.concatenate([sums, self.nobody[here]]), return_counts=True)
        return Recovered(int(times.sum()), int((times == 1).sum()))
