"""The source of a release, measured as its run measured it: its records as cells, at the levels that its label tells."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from beam_deid.transforms.actions.levelled import Levelled
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.candidate.released_data import ReleasedData
from beam_deid.transforms.columns.combining import combine
from beam_deid.transforms.columns.fingerprint import Fingerprints, fingerprint
from beam_deid.transforms.crypto.ephemeral import EPHEMERAL
from beam_deid.transforms.dataset.published_rows import Published
from beam_deid.transforms.dataset.recomputable import Recomputable
from beam_deid.transforms.errors import InputError, VerificationError
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.measure.cells import Cells
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import MeasurePass
from beam_deid.transforms.policy.for_recipient import absent_keys
from beam_deid.transforms.policy.model import Policy
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Shared, Tasks
from beam_deid.transforms.treat.gate import WithheldCounts
from beam_deid.transforms.treat.passes import pass_over

MEASURING_SOURCE = "measuring the source"

_COUNTED = ("identity", "record", "file", "present", "value", "normal", "written")
"""What is kept of each record: whose it is, and what is released of it. What attacks ask beside it is let go."""

Levels = Mapping[str, int]
"""The level of each open field."""


@dataclass(frozen=True)
class SourceRecords:
    """The records of a source as the n cells of the release that was made of them.

    Attributes:
        data: The release over its cells.
        recomputable: Which columns are given again.
        read: Records read.
        rejected: Records that the release rejects, as far as that is known without the keys that are missing.
        keeps_empty_texts: Whether the release tells an empty text from null.
        withheld: Records that it is not about, by reason.
    """

    data: ReleasedData
    recomputable: Recomputable
    read: int
    rejected: int
    keeps_empty_texts: bool = True
    withheld: WithheldCounts = field(default_factory=Counter)

    @cached_property
    def joined(self) -> tuple[str, ...]:
        """The released columns that are given again, in their order."""
        return tuple(name for name in self.data.layout.fields if name not in self.recomputable.missing)

    def keys(self, columns: Sequence[str], levels: RowLevels) -> Fingerprints:
        """The key of each cell's released values of some columns that are given again, at some levels, shape (n,)."""
        return combine([self._key(name, levels) for name in columns], len(self.data.cells))

    def _key(self, name: str, levels: RowLevels) -> Fingerprints:
        keys = self._own_key(name, levels)
        if self.keeps_empty_texts:
            return keys
        prints = self.data.job.prints
        return np.where(keys == fingerprint(pa.array([""]), prints)[0], prints.null, keys)

    def _own_key(self, name: str, levels: RowLevels) -> Fingerprints:
        if name in self.recomputable.written and name in self.data.layout.keyed:
            return self.data.cells.column("written", name, self.data.layout.release)
        return self.data.key(name, levels)


def measure_source(found: Recomputable, shards: Sequence[Shard], published: Published, workers: int) -> SourceRecords:
    """Read a source and measure what the release makes of it.

    Args:
        found: Which columns are given again; its job has a key of fingerprints.
        shards: The source's shards.
        published: The release.
        workers: Processes that read.

    Raises:
        InputError: It cannot be read, or there is no record in it.
    """
    release = published.release
    counted = replace(found.job, policy=_counted_policy(found.job.policy, release, found.missing))
    job = replace(counted, policy=_measured_policy(counted.policy, release))
    told = Shared(MeasurePass(job, written=found.written, untreated=tuple(found.missing)))
    PROGRESS.start(MEASURING_SOURCE, reads=True)
    tasks = Tasks(workers, "measuring")
    parts = []
    for shard in shards:
        parts += [_kept(part) for part in tasks.submit(pass_over, shard, told)]
    parts += [_kept(part) for part in tasks.rest()]
    measured = Measured.merge(parts)
    histogram = measured.histograms.get((release,))
    if histogram is None:
        raise InputError("there is no record that the release could be made of", "--source", "Check the files")
    own = measured.releases[release]
    data = ReleasedData(counted, counted.layouts[release], own, Cells(job, histogram))
    return SourceRecords(data, found, measured.read, own.rejected, published.keeps_empty_texts, own.withheld)


def _counted_policy(policy: Policy, release: str, missing: Container[str]) -> Policy:
    """The policy by which columns are counted that the recipient has no key of: as they are released.

    Where any of them cannot be made again, all are counted by their source's values, as if nobody said that it has no key.
    """
    if not any(field in missing for field in absent_keys(policy, release)):
        return policy
    recipients = {name: one.model_copy(update={"has_keys": None}) for name, one in (policy.recipients or {}).items()}
    return policy.model_copy(update={"recipients": recipients})


def _measured_policy(policy: Policy, release: str) -> Policy:
    """The policy as far as released values and persons are measured: without what attacks alone ask for.

    A key that was destroyed stands there as one that is not at hand, so that its columns are counted by their source's values.
    """
    spec = policy.releases[release]
    key = None if spec.key == EPHEMERAL else spec.key
    changed = spec.model_copy(update={"attackers": {}, "frequencies": {}, "key": key})
    return policy.model_copy(update={"releases": {**policy.releases, release: changed}})


def _kept(part: Measured) -> Measured:
    """A part with those columns that are asked later."""
    PROGRESS.add_shard()
    kept = {
        names: Histogram.of(
            {column: keys for column, keys in one.columns.items() if column.what in _COUNTED}, one.counts
        )
        for names, one in part.histograms.items()
    }
    return replace(part, histograms=kept)


def told_rounds(job: Job, published: Published) -> list[Levels]:
    """The levels of the open fields that a label tells; several where records have levels of their own.

    Raises:
        VerificationError: It does not tell the level of each open field, or one that the policy does not have.
    """
    search = published.label["search"]
    rounds = search.get("rounds") or [search.get("levels") or {}]
    return [_numbers(job, published, names) for names in rounds]


def _numbers(job: Job, published: Published, names: Mapping[str, str]) -> Levels:
    found = {}
    for name in job.layouts[published.release].open:
        action = job.policy.releases[published.release].fields[name]
        assert isinstance(action, Levelled)  # noqa: S101 - only these are open
        levels = action.generalization_hierarchy().levels
        if names.get(name) not in levels:
            raise VerificationError(
                f"the label does not tell a level that {name} has in the policy",
                published.where,
                "Do not use this release; beam-deid verify tells what was changed",
            )
        found[name] = list(levels).index(names[name])
    return found


def levels_of_cells(source: SourceRecords, rounds: Sequence[Levels], released: Fingerprints) -> RowLevels:
    """The levels at which each cell's records would be released.

    A group that a round of local recoding gave up goes on to the next; no row of it is released at the levels of that round.

    Args:
        source: The source.
        rounds: The levels of each round.
        released: The key of each group of released rows by the columns of `grouped`, ascending.
    """
    if len(rounds) == 1:
        return rounds[0]
    waiting = source.data.everything > 0
    each = {name: np.full(len(waiting), level, np.int64) for name, level in rounds[0].items()}
    for levels in rounds:
        each = {name: np.where(waiting, levels[name], own) for name, own in each.items()}
        waiting &= ~np.isin(source.keys(grouped(source), each), released)
    return each


def grouped(source: SourceRecords) -> list[str]:
    """The columns by which rounds of local recoding group records, in the order in which their keys are combined."""
    return sorted(source.data.layout.rest)
