"""Mixing: the rows of an anonymized release, freed from the order of their source.

A row's place is an attribute that its source and every sibling release share, so it must say nothing. Each shard
sorts its released rows into pieces by class key; a part is put together from one piece of every shard, and its rows
are ordered by their released values. Part and place then follow from released values alone.
"""

import numpy as np
import pyarrow as pa

from beam_deid.transforms import files
from beam_deid.transforms.columns.fingerprint import Keys, combine, fingerprint
from beam_deid.transforms.errors import OutputError
from beam_deid.transforms.records.deciding import ReleaseDecision
from beam_deid.transforms.records.job import BATCH_ROWS, Job
from beam_deid.transforms.records.layout import CLASSES, Layout
from beam_deid.transforms.records.parts import Part

FOLDER = ".pieces"
"""Where pieces are in staging; removed before publication."""


def piece_path(staging: str, release: str, shard: int, part: int) -> str:
    """The piece of a shard that goes into a part."""
    return f"{staging}/{FOLDER}/{release}/{part:05d}-{shard:05d}.arrow"


class Pieces:
    """Sorts the rows of one shard into pieces, as Arrow IPC streams.

    Raises:
        OutputError: A piece cannot be written.
    """

    def __init__(self, staging: str, release: str, shard: int, parts: int, schema: pa.Schema) -> None:
        self._parts, self._where = np.uint64(parts), f"{staging}/{release}"
        self.files: list[dict[str, object]] = []
        self._streams, self._writers = [], []
        try:
            for part in range(parts):
                stream = files.open_write(piece_path(staging, release, shard, part))
                self._streams.append(stream)
                self._writers.append(pa.ipc.new_stream(stream, schema))
        except OSError as error:
            raise self._fault(error) from None

    def __call__(self, batch: pa.RecordBatch, classes: Keys) -> None:
        """Append rows (n,) with their class keys (n,)."""
        part = classes % self._parts
        try:
            for number, writer in enumerate(self._writers):
                chosen = part == np.uint64(number)
                if chosen.any():
                    writer.write_batch(batch if chosen.all() else batch.filter(pa.array(chosen)))
        except OSError as error:
            raise self._fault(error) from None

    def close(self) -> None:
        """Finish all pieces."""
        try:
            for writer in self._writers:
                writer.close()
        except OSError as error:
            raise self._fault(error) from None
        finally:
            for stream in self._streams:
                stream.close()

    def _fault(self, error: OSError) -> OutputError:
        return OutputError(
            f"a part cannot be written ({error.strerror})", self._where, "Free space there and run again"
        )


def assemble(job: Job, decision: ReleaseDecision, staging: str, number: int) -> tuple[dict[str, object], Keys]:
    """Put one part together from the pieces of all shards.

    Returns:
        ``{path, rows, sha256}`` of the part, and the class key of each row in it, computed from the part's own rows.

    Raises:
        OutputError: The part cannot be written.
    """
    tables = []
    for shard in range(job.shards):
        with files.open_arrow(piece_path(staging, decision.release, shard, number)) as stream:
            tables.append(pa.ipc.open_stream(stream).read_all())
    table = pa.concat_tables(tables).combine_chunks()
    rows, classes = value_order(job, decision, table)
    kind = job.policy.releases[decision.release].format
    part = Part(staging, decision.release, number, kind, table.schema)
    try:
        for batch in table.take(pa.array(rows)).to_batches(BATCH_ROWS):
            part.write(batch)
    finally:
        part.close()
    return part.facts, classes


def value_order(job: Job, decision: ReleaseDecision, rows: pa.Table) -> tuple[np.ndarray, Keys]:
    """An order of released rows that follows from their values alone, class by class; and each row's class key.

    Rows that tie are equal in every released value, so whichever comes first, the bytes are the same.
    """
    layout = Layout.of(job.policy, decision.release, job.releases)
    keys = {name: fingerprint(rows.column(name)) for name in rows.schema.names}
    projection = layout.projections[CLASSES]
    classes = projection.key(projection.fixed_key(keys, rows.num_rows), keys)
    order = np.lexsort((combine(keys.values(), rows.num_rows), classes))
    return order, classes[order]
