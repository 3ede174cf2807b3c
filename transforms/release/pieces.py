"""Pieces: what one shard has for each lot of parts of a shuffled release, and parts that are put together from them."""

import contextlib
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.release.arranging import Arranging
from beam_deid.transforms.release.cutting import Cut
from beam_deid.transforms.release.facts import PartFacts, RunFacts
from beam_deid.transforms.release.piece_files import PieceReader, PieceWriter
from beam_deid.transforms.release.releaser import Released
from beam_deid.transforms.release.schema import release_schema
from beam_deid.transforms.release.shuffle import Piece, parts_of, placed, placed_schema
from beam_deid.transforms.release.sorting import HELD_BYTES, Sorting
from beam_deid.transforms.run.job import Job
from beam_deid.transforms.run.progress import PROGRESS
from beam_deid.transforms.run.workers import Shared
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.treat.part import Part, WrittenPart, new_attempt


def piece_path(staging: str, release: str, shard: int, attempt: str) -> str:
    """The pieces of a shard, as one attempt at the shard wrote them."""
    return join(staging, "pieces", release, f"{shard:05d}-{attempt}.arrow")


class Pieces:
    """Sorts the rows of one shard into a piece for each lot of parts, all in one file.

    Batches stand in the file in turns: one of each lot, in the order of the lots, as often as rows were written.

    Args:
        job: The run.
        staging: The staging folder.
        decision: The release.
        shard: The shard's number.
        schema: Schema of the released batches.

    Raises:
        OutputError: The file cannot be written; so do all methods.
    """

    def __init__(self, job: Job, staging: str, decision: ReleaseDecision, shard: int, schema: pa.Schema) -> None:
        self._cut = Cut.of(job, decision)
        self._rest = job.layouts[decision.release].rest
        self._held: list[pa.RecordBatch] = []
        self._nbytes = 0
        self.files: list[WrittenPart] = []
        self.attempt = new_attempt()
        path = piece_path(staging, decision.release, shard, self.attempt)
        self._file = PieceWriter(path, placed_schema(schema))

    def write(self, released: Released) -> None:
        """Append the rows of a batch, each to the piece of its lot."""
        rows = placed(released, self._rest)
        self._held.append(rows)
        self._nbytes += rows.nbytes
        if self._nbytes >= HELD_BYTES:
            self._write_held()

    def take(self, least: int = 0) -> list[Piece]:
        """Nothing: all rows are in the pieces."""
        return []

    def close(self) -> None:
        """Finish the file."""
        try:
            self._write_held()
        finally:
            self._file.close()

    def _write_held(self) -> None:
        """Write the rows that wait, a batch for each lot."""
        if not self._held:
            return
        rows = pa.concat_batches(self._held)
        self._held = []
        self._nbytes = 0
        lot = parts_of(rows, self._cut.parts) // self._cut.together
        order = np.argsort(lot, kind="stable")
        ends = np.searchsorted(lot[order], np.arange(self._cut.lots + 1))
        rows = rows.take(pa.array(order))
        for first, last in itertools.pairwise(ends.tolist()):
            self._file.write(rows.slice(first, last - first))


@dataclass(frozen=True)
class Assembly:
    """What is known to whoever puts parts together.

    Attributes:
        job: The run, on a worker.
        decisions: What was decided, by release.
        staging: The staging folder.
        attempts: The attempt at each shard that counts, by release and the number of the shard.
    """

    job: Job
    decisions: Mapping[str, ReleaseDecision]
    staging: str
    attempts: Mapping[str, Mapping[int, str]]

    def pieces(self, release: str, lot: int, lots: int) -> Iterator[pa.RecordBatch]:
        """What all shards have for a lot of parts. One file is open at a time.

        Raises:
            OutputError: A piece is not what was written.
        """
        for shard in range(self.job.shards):
            path = piece_path(self.staging, release, shard, self.attempts[release][shard])
            with contextlib.closing(PieceReader(path)) as piece:
                yield from (piece.batch(number) for number in range(lot, piece.batches, lots))

    def write(self, release: str, number: int, rows: Iterator[pa.RecordBatch]) -> PartFacts:
        """Write a part of condensed rows that are in order.

        Raises:
            OutputError: It cannot be written.
            InternalFault: Rows that differ have one key.
        """
        decision = self.decisions[release]
        arranging = Arranging(self.job, decision)
        asked = self.job.policy.releases[release]
        schema = release_schema(self.job, decision)
        part = Part(self.staging, release, (number,), asked.format, schema, asked.output)
        try:
            for some in rows:
                for batch in arranging.arrange(some):
                    part.write(batch)
                    PROGRESS.add(batch.num_rows)
        finally:
            part.close()
        return arranging.facts(part.facts)


def assemble(told: Shared[Assembly], release: str, lot: int) -> RunFacts:
    """Put the parts of a lot together from the pieces of all shards.

    Args:
        told: What is known.
        release: The release.
        lot: The lot's number.

    Returns:
        The facts of the parts.

    Raises:
        OutputError: A piece is not what was written, or a part cannot be written.
        InternalFault: Rows that differ have one key.
    """
    one = told.value
    cut = Cut.of(one.job, one.decisions[release])
    sorting = Sorting(join(one.staging, "pieces", release, f"lot-{lot:05d}-{new_attempt()}.arrow"), cut, lot)
    try:
        for rows in one.pieces(release, lot, cut.lots):
            sorting.add(rows)
        written = [one.write(release, number, rows) for number, rows in sorting.parts()]
    finally:
        sorting.discard()
    return RunFacts({release: PartFacts.merge(written)})
