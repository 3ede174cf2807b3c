"""Records in memory released in this process: measured, decided, treated, ordered and proved, as files and collections are.

They are a table, or the batches of a window of a stream. A table is cut into shares as files are into shards, and threads take
them, each with treatments of its own: what holds a key is shared by none. So nothing of what comes out follows from how many
threads there are.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from beam_deid.transforms.clock import present
from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.decide.decision import Decision, ReleaseDecision
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.frames.columns import flat_columns
from beam_deid.transforms.frames.run import WHERE
from beam_deid.transforms.frames.window import as_table, in_value_order, one_of_each_schema
from beam_deid.transforms.label.manifest import LabelManifest
from beam_deid.transforms.measure.aside import Aside
from beam_deid.transforms.measure.chunks import Bounds
from beam_deid.transforms.measure.measured import Measured
from beam_deid.transforms.measure.measuring import MeasurePass
from beam_deid.transforms.publish.concluding import label_manifest
from beam_deid.transforms.publish.embedded_decision import StrictDecider
from beam_deid.transforms.register.key import forget as forget_register
from beam_deid.transforms.release.arranging import arranged_part
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.outputs import ToCollection
from beam_deid.transforms.release.proof import prove
from beam_deid.transforms.release.releasing import ReleasePass
from beam_deid.transforms.release.schema import release_schema
from beam_deid.transforms.release.shuffle import Piece
from beam_deid.transforms.run.consents import with_consents
from beam_deid.transforms.run.job import BATCH_ROWS, SHARD_ROWS, Given, Job
from beam_deid.transforms.run.schema import Schemas, types_of
from beam_deid.transforms.run.spill_folder import SpillFolder
from beam_deid.transforms.run.workers import guarded
from beam_deid.transforms.run.zones import zone_notes
from beam_deid.transforms.treat.given import PLACE, typed_batch, with_combined
from beam_deid.transforms.treat.passes import Pass
from beam_deid.transforms.treat.rejected import REJECTED, Rejects

Result = TypeVar("Result")
Batches = list[pa.RecordBatch]

_BOUNDS = Bounds()
_TOLD = (1, 2, 3)
"""The columns of `REJECTED` that are told of a table, which is no file and makes one release."""


@dataclass(frozen=True)
class How:
    """How records in memory are released.

    Attributes:
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        threads: How many threads take shares.
        condition: Under what further condition the label holds.
        where: What the records were given to, as messages call it.
    """

    max_rejects: float
    threads: int = 1
    condition: str = ""
    where: str = WHERE


@dataclass(frozen=True)
class ReleasedTable:
    """What came of records in memory.

    Attributes:
        rows: The released rows, with the label in the metadata of their schema.
        label: The label.
        rejects: What was rejected; a row has its number in the table, from 0.
        notes: What a person should know of it, a sentence each.
        nbytes: Bytes of the released rows, in memory.
    """

    rows: pa.Table
    label: LabelManifest
    rejects: Rejects
    notes: tuple[str, ...] = ()
    nbytes: int = 0


def release_table(table: pa.Table, job: Job, max_rejects: float, threads: int) -> ReleasedTable:
    """Release a table.

    Args:
        table: Its columns, n rows.
        job: The run, which makes one release, and knows its register.
        max_rejects: Greatest share of records that may be rejected, from 0 to 1.
        threads: How many threads take shares.

    Raises:
        DeidError: See `beam_deid.transforms.errors`; nothing is released.
    """
    table = flat_columns(table, Ignored(job.policy.input.ignore), WHERE)
    numbered = table.append_column(PLACE, pa.array(np.arange(table.num_rows, dtype=np.int64)))
    zones = zone_notes(job.policy, dict(zip(table.column_names, table.schema.types, strict=True)))
    released = _release(_shares(numbered), job, How(max_rejects, threads))
    return replace(released, notes=(*zones, *released.notes))


def release_batches(batches: Sequence[pa.RecordBatch], job: Job, how: How, complete: bool) -> ReleasedTable:
    """Release the batches of a window. What comes of it does not follow from how its rows are shared among them.

    Args:
        batches: At least one, of schemas that need not be the same.
        job: The run, which makes one release, and knows its register.
        how: How.
        complete: Whether each batch must have every column; else a column that is not in a batch is null there.

    Returns:
        The release; its rows are in the order of their values.

    Raises:
        DeidError: See `beam_deid.transforms.errors`; nothing is released.
    """
    heads = [_combined(batch, job) for batch in one_of_each_schema(batches)]
    types_of(job.policy, Schemas.merge([Schemas.of(head, without=PLACE) for head in heads]), complete, how.where)
    kinds = [name for name in job.policy.fields if job.policy.reading(name) is not None]
    released = _release(_shares(as_table(batches, kinds, how.where)), job, how)
    return replace(released, rows=in_value_order(released.rows))


def _shares(table: pa.Table) -> list[Batches]:
    """A table in shares, as files are cut into shards; one share at least."""
    starts = range(0, table.num_rows, SHARD_ROWS)
    shares = [table.slice(first, SHARD_ROWS).to_batches(BATCH_ROWS) for first in starts]
    return shares or [[pa.RecordBatch.from_pylist([], schema=table.schema)]]


def _release(shares: list[Batches], job: Job, how: How) -> ReleasedTable:
    try:
        with SpillFolder() as folder:
            return _released_shares(shares, job, how, folder)
    finally:
        forget_register()


def _released_shares(shares: list[Batches], job: Job, how: How, folder: SpillFolder) -> ReleasedTable:
    shares = [[_combined(batch, job) for batch in share] for share in shares]
    job = _begun(shares, job, how, folder)
    decision = _decided(job, shares, how, folder)
    (release,) = job.releases
    decided = decision.releases[release]
    pieces, facts = _released(job, decided, shares, how.threads)
    released, order = guarded("releasing", _in_order, job, decided, pieces)
    done = RunFacts.merge([*facts, RunFacts({release: order})])
    part = done.releases[release]
    prove(decided, part, in_files=False)
    return ReleasedTable(released, label_manifest(job, decided, part), done.rejects, decision.notes, part.nbytes)


def rejected_table(rejects: Rejects) -> pa.Table:
    """What was rejected as a table: the row's number, the field, and the reason; never the value."""
    columns = [pa.array([reject[place] for reject in rejects], REJECTED.field(place).type) for place in _TOLD]
    return pa.Table.from_arrays(columns, names=[REJECTED.names[place] for place in _TOLD])


def _begun(shares: Sequence[Batches], job: Job, how: How, folder: SpillFolder) -> Job:
    """The run with all that is known before a record is measured."""
    schemas = Schemas.merge([Schemas.of(batch, without=PLACE) for share in shares for batch in share])
    types = types_of(job.policy, schemas, True, how.where)
    key = FingerprintKey.new() if job.register is None else None
    job = job.given(Given(key, types, begun=job.begun or present()))
    return guarded("reading the ledger of consent", with_consents, job, folder.path)


def _combined(batch: pa.RecordBatch, job: Job) -> pa.RecordBatch:
    return guarded(WHERE, with_combined, batch, job.policy) if job.policy.input.combine else batch


def _decided(job: Job, shares: Sequence[Batches], how: How, folder: SpillFolder) -> Decision:
    """The decision. Measured records wait on disk, encrypted, where they are many."""
    rows = sum(batch.num_rows for share in shares for batch in share)
    aside = Aside(folder.path, _BOUNDS.buckets(rows)) if rows > _BOUNDS.few else None
    parts = _by_threads(
        lambda share: _passed(MeasurePass(job, aside), share).result(), shares, how.threads, "measuring"
    )
    decider = StrictDecider(how.condition)
    return guarded("deciding", decider.decide, job, Measured.merge(parts), how.max_rejects, 1)


def _released(
    job: Job, decided: ReleaseDecision, shares: Sequence[Batches], threads: int
) -> tuple[list[Piece], list[RunFacts]]:
    """The released rows, share after share, and what was done."""
    told = {decided.release: decided}

    def release(share: Batches) -> tuple[list[Piece], RunFacts]:
        pieces: list[Piece] = []
        work = _passed(ReleasePass(job, told, ToCollection()), share, lambda one: pieces.extend(one.take()))
        return pieces + work.take(0), work.result()

    done = _by_threads(release, shares, threads, "releasing")
    return [piece for pieces, _ in done for piece in pieces], [facts for _, facts in done]


def _in_order(job: Job, decided: ReleaseDecision, pieces: Sequence[Piece]) -> tuple[pa.Table, PartFacts]:
    """The released rows in the order in which they leave: as they came, or part by part in the order of their values."""
    rows = [piece.batch for piece in pieces if piece.part is None]
    facts = []
    by_part: dict[int, Batches] = {}
    for piece in pieces:
        if piece.part is not None:
            by_part.setdefault(piece.part, []).append(piece.batch)
    for number in sorted(by_part):
        batches, done = arranged_part(job, decided, by_part.pop(number))
        rows += batches
        facts.append(done)
    # Without dictionaries, which hold values of rows that are not released.
    schema = release_schema(job, decided)
    tables = [pa.Table.from_batches([batch]).cast(schema) for batch in rows]
    return pa.concat_tables([schema.empty_table(), *tables]), PartFacts.merge(facts)


def _passed(one: Pass[Result], share: Batches, leave: Callable[[Any], object] | None = None) -> Any:
    """The work of a pass over some batches, once it is closed.

    Args:
        one: The pass, of this share alone.
        share: The batches.
        leave: What is done with the work after each batch.
    """
    work = one.begin(None)
    try:
        for batch in share:
            work.add(typed_batch(one.job, batch, one.columns, 0))
            if leave is not None:
                leave(work)
    finally:
        work.close()
    return work


def _by_threads(task: Callable[[Batches], Result], shares: Sequence[Batches], threads: int, where: str) -> list[Result]:
    """What a task makes of each share, in their order.

    Raises:
        DeidError: What one of them raises, the first in their order.
    """
    with ThreadPoolExecutor(min(threads, len(shares))) as pool:
        return list(pool.map(lambda share: guarded(where, task, share), shares))
