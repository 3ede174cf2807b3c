"""An attacker's table, treated as the release is, so that both can be joined."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from beam_deid.transforms import files
from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions
from beam_deid.transforms.records.job import BATCH_ROWS, Job
from beam_deid.transforms.records.layout import Projection
from beam_deid.transforms.records.treatment import Treatment
from beam_deid.transforms.records.typed import typed
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.linkage import Side

_WHOLE_FILE = 1 << 62


def attacker_side(
    job: Job, release: str, table: str, projection: Projection, levels: Mapping[str, int]
) -> tuple[Side, bool]:
    """Read an attacker's table as one side of a join.

    Args:
        job: The run.
        release: The release that is attacked; the table's values go through its actions.
        table: Path or glob of the table. Its columns are named like the policy's fields.
        projection: What the attacker knows of what is released.
        levels: The decided levels.

    Returns:
        The side, and whether the table names its subjects, so that right links can be told.

    Raises:
        InputError: The table cannot be read, lacks a column, or holds values that cannot be read as their kind.
    """
    subject = job.policy.subject
    treatment = Treatment(job, release, levels, projection.fields)
    parts, named = [], True
    for file in files.match([table]):
        options = InputOptions()
        kind = format_of(file.path, options)
        present = kind.schema(file.path, options).names
        missing = [name for name in projection.fields if name not in present]
        if missing:
            raise InputError(f"the attacker's table lacks the column {missing[0]}", file.path, "Rename its columns")
        named = named and subject is not None and subject in present
        columns = list(projection.fields)
        if named and subject is not None and subject not in columns:
            columns.append(subject)
        for shard in kind.shards(file.path, file.size, options, _WHOLE_FILE):
            for chunk in kind.read(shard, options, columns, BATCH_ROWS):
                given = dict(zip(chunk.batch.schema.names, chunk.batch.columns, strict=True))
                records, faults = typed(given, chunk.rows, job.policy)
                treated, sound, unfit = treatment.apply(records)
                if chunk.faults or faults or unfit:
                    fault = [*chunk.faults, *faults, *unfit][0]
                    raise InputError(
                        f"row {int(fault.rows[0])} of the attacker's table cannot be read ({fault.reason})",
                        f"{file.path}: {fault.field}", "Mend the table, or leave that row out",
                    )  # fmt: skip
                keys = {name: fingerprint(values) for name, values in treated.items()}
                fixed = projection.fixed_key(keys, len(records))
                side = {"key": projection.key(fixed, keys)}
                if named and subject is not None:
                    side["subject"] = fingerprint(records.where(sound).columns[subject])
                parts.append(Histogram.of(side, np.ones(len(records), np.int64)))
    if not parts:
        empty = fingerprint(pa.array([], pa.string()))
        return Side(empty, np.empty(0, np.int64), empty if named else None), named
    merged = Histogram.merge(parts)
    return Side(merged.columns["key"], merged.counts, merged.columns.get("subject")), named
