"""Pieces: what one shard has for each part of a shuffled release, and parts that are put together from them."""

import contextlib
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from beam_deid.transforms.decide.decision import ReleaseDecision
from beam_deid.transforms.errors import InputError, OutputError
from beam_deid.transforms.release.facts import RunFacts
from beam_deid.transforms.release.releaser import Released
from beam_deid.transforms.release.shuffle import QUOTA, Piece, arranged, part_of
from beam_deid.transforms.run.job import BATCH_ROWS, Job
from beam_deid.transforms.storage.files import open_arrow, open_write, reason
from beam_deid.transforms.storage.paths import join, shown
from beam_deid.transforms.treat.part import Part, WrittenPart, new_attempt


def piece_path(staging: str, release: str, shard: int, attempt: str, part: int) -> str:
    """The piece of a shard that goes into a part, as one attempt at the shard wrote it."""
    return join(staging, "pieces", release, f"{part:05d}-{shard:05d}-{attempt}.arrow")


class Pieces:
    """Sorts the rows of one shard into pieces, as Arrow IPC streams.

    Args:
        job: The run.
        staging: The staging folder.
        decision: The release.
        shard: The shard's number.
        schema: Schema of the released batches.

    Raises:
        OutputError: A piece cannot be written.
    """

    def __init__(self, job: Job, staging: str, decision: ReleaseDecision, shard: int, schema: pa.Schema) -> None:
        self._parts = np.uint64(decision.parts)
        self._where = shown(join(staging, "pieces", decision.release))
        self._rest = job.layouts[decision.release].rest
        self.files: list[WrittenPart] = []
        self.attempt = new_attempt()
        self._streams = []
        self._writers = []
        try:
            for part in range(decision.parts):
                stream = open_write(piece_path(staging, decision.release, shard, self.attempt, part))
                self._streams.append(stream)
                self._writers.append(pa.ipc.new_stream(stream, schema.append(pa.field(QUOTA, pa.int64()))))
        except OSError as error:
            raise self._fault(error) from None

    def write(self, released: Released) -> None:
        """Append the rows of a batch, each to the piece of its part."""
        part = part_of(released.batch, self._rest) % self._parts
        batch = released.batch.append_column(QUOTA, pa.array(released.quota))
        try:
            for number, writer in enumerate(self._writers):
                chosen = part == np.uint64(number)
                if chosen.any():
                    writer.write_batch(batch if chosen.all() else batch.filter(pa.array(chosen)))
        except OSError as error:
            raise self._fault(error) from None

    def take(self, least: int = 0) -> list[Piece]:
        """Nothing: all rows are in the pieces."""
        return []

    def close(self) -> None:
        """Finish all pieces."""
        try:
            with contextlib.ExitStack() as streams:  # all are closed, whatever one of them raises
                for stream in self._streams:
                    streams.callback(stream.close)
                for writer in self._writers:
                    writer.close()
        except OSError as error:
            raise self._fault(error) from None

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(f"a part cannot be written ({reason(error)})", self._where, "Free space there and run again")


def assemble(job: Job, decision: ReleaseDecision, staging: str, number: int, attempts: Mapping[int, str]) -> RunFacts:
    """Put one part together from the pieces of all shards.

    Args:
        job: The run.
        decision: The release.
        staging: The staging folder.
        number: The part's number.
        attempts: The attempt that counts, by the number of the shard.

    Returns:
        The facts of the part.

    Raises:
        OutputError: A piece is not what was written, or the part cannot be written.
        InternalFault: Rows that differ have one key.
    """
    tables = [
        _piece(piece_path(staging, decision.release, shard, attempts[shard], number)) for shard in range(job.shards)
    ]
    made = arranged(job, decision, pa.concat_tables(tables).combine_chunks())
    kind = job.policy.releases[decision.release].format
    part = Part(staging, decision.release, number, kind, made.rows.schema)
    try:
        for batch in made.rows.to_batches(BATCH_ROWS):
            part.write(batch)
    finally:
        part.close()
    return RunFacts({decision.release: made.facts(part.facts)})


def _piece(path: str) -> pa.Table:
    try:
        with open_arrow(path) as stream:
            return pa.ipc.open_stream(stream).read_all()
    except InputError as error:
        raise OutputError(f"a piece of a part cannot be read: {error.what}", shown(path), "Run again") from None
    except (OSError, pa.ArrowException):
        raise OutputError(
            "a piece of a part is not what was written: the storage lost or changed it", shown(path), "Run again"
        ) from None
