"""The measured records of a run, put together from chunks where they are counted: few in memory, many on this machine's disk."""

from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from beam_deid.transforms.measure.aside import Aside, AsideOut, Table
from beam_deid.transforms.measure.chunks import Bounds, histogram_of, table_of
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.spill_folder import SpillFolder

_HELD = 1 << 18
"""Rows that are held at least before equal ones are counted together."""


def are_many(measured: Measured, bounds: Bounds) -> bool:
    """Whether records are so many that they are counted in buckets."""
    return measured.read > bounds.few


@PROGRESS.doing("gathering what was measured")
def gather(
    job: Job, measured: Measured, chunks: Iterable[pa.RecordBatch], bounds: Bounds, folder: SpillFolder | None
) -> Measured:
    """Put what was measured together again.

    Args:
        job: The run, with its key of fingerprints.
        measured: All that was measured, but for records that are in chunks.
        chunks: These, in any order; one is held at a time.
        bounds: How large a bucket may be.
        folder: Where records wait; it must have room for all of them. None where they stay in memory.

    Returns:
        The same, with the records in memory or set aside.

    Raises:
        OutputError: Records cannot be set aside.
    """
    aside = None if folder is None else Aside(folder.path, bounds.buckets(measured.read)).out()
    gathered: dict[Table, _Gathered] = {}
    try:
        for chunk in chunks:
            table = table_of(chunk)
            if aside is not None:
                _set_aside(aside, job, table, histogram_of(chunk))
            else:
                gathered.setdefault(table, _Gathered()).add(histogram_of(chunk))
    finally:
        streams = {} if aside is None else aside.close()
    histograms = {table: one.whole() for table, one in gathered.items()}
    return Measured.merge([measured, Measured(histograms=histograms, aside=streams)])


def _set_aside(aside: AsideOut, job: Job, table: Table, histogram: Histogram) -> None:
    """Set records aside one by one: what is counted in buckets may see that there are several of a kind."""
    columns = histogram.columns
    if (histogram.counts > 1).any():
        rows = np.repeat(np.arange(len(histogram.counts)), histogram.counts)
        columns = {name: keys[rows] for name, keys in columns.items()}
    aside.add(table, job, columns)


class _Gathered:
    """The records of one table in memory. Equal rows are counted together whenever there are twice as many as then."""

    def __init__(self) -> None:
        self._parts: list[Histogram] = []
        self._fresh = 0
        self._counted = 0

    def add(self, part: Histogram) -> None:
        self._parts.append(part)
        self._fresh += len(part.counts)
        if self._fresh > max(self._counted, _HELD) and Histogram.repeat(self._parts):
            self._parts = [self.whole()]
            self._counted = len(self._parts[0].counts)
            self._fresh = 0

    def whole(self) -> Histogram:
        return Histogram.merge(self._parts)
