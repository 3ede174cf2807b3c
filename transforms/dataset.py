"""Files of any dataset, counted for an assessment: read once, as they are."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from beam_deid.transforms import files
from beam_deid.transforms.columns.fingerprint import fingerprint
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import InputOptions, Shard
from beam_deid.transforms.progress import PROGRESS
from beam_deid.transforms.records.assessment import Counted, Counting, Question, Table, table_side
from beam_deid.transforms.records.job import SHARD_ROWS
from beam_deid.transforms.risk.histogram import Histogram
from beam_deid.transforms.risk.linkage import Side

_LABEL = "label.json"
_THREADS = 2
_BATCH_ROWS = 1 << 17


def count_files(question: Question, inputs: Sequence[str], options: InputOptions) -> tuple[Counted, dict[str, pa.DataType]]:
    """Count all records of some files.

    Args:
        question: What is asked; its fields must be columns of every file.
        inputs: Globs; a release's ``label.json`` beside its parts is left out.
        options: How the files are written.

    Returns:
        What was counted, and the type of each column.

    Raises:
        UsageError: No file matches, a field is no column, or the files' columns differ.
        InputError: A file or a row of it cannot be read.
    """
    PROGRESS.start("counting")
    shards: list[tuple[Shard, Sequence[str]]] = []
    types: dict[str, pa.DataType] = {}
    for file in files.match(inputs):
        if file.path.rpartition("/")[2] == _LABEL:
            continue
        schema = format_of(file.path, options).schema(file.path, options)
        given = dict(zip(schema.names, map(_plain, schema.types), strict=True))
        wanted = [*question.counted, *([question.subject] if question.subject else [])]
        missing = [name for name in wanted if name not in given]
        if missing:
            raise UsageError(f"there is no column {missing[0]}", file.path, f"It has: {', '.join(given)}")
        if types and given != types:
            raise UsageError("its columns or their types are not those of the first file", file.path, "Assess it by itself")
        types = given
        shards += ((shard, schema.names) for shard in _shards(file, options))
    if not types:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    each = -(-len(shards) // _THREADS)
    with ThreadPoolExecutor(_THREADS) as threads:
        tasks = [threads.submit(_counted, question, shards[i : i + each], options) for i in range(0, len(shards), each or 1)]
        parts = [task.result() for task in tasks]
    counted = Counted.merge(parts) if parts else Counted()
    return (counted if counted.fields else Counted(tuple(types))), types


def _counted(question: Question, shards: Sequence[tuple[Shard, Sequence[str]]], options: InputOptions) -> Counted:
    counting = Counting(question)
    for shard, columns in shards:
        for batch in _batches(shard, options, columns):
            counting.add(dict(zip(columns, batch.columns, strict=True)))
            PROGRESS.add(batch.num_rows)
    return counting.result()


def attacker_table(
    name: str, glob: str, on: Sequence[str], question: Question, types: dict[str, pa.DataType], options: InputOptions
) -> Table:
    """Read an attacker's table.

    Raises:
        UsageError: No file matches, or the dataset does not count a field that it is joined on.
        InputError: The table lacks a field, has it with another type, or cannot be read.
    """
    for field in on:
        if field not in question.counted:
            raise UsageError(f"{field} is neither among --quasi nor --sensitive", f"--join {name}", "Name it there to join on it")
    found = files.match([glob])
    schemas = [format_of(file.path, options).schema(file.path, options) for file in found]
    # Right links can be told only where every file of the table names subjects.
    who = question.subject if all(question.subject in schema.names for schema in schemas) else None
    columns = list(dict.fromkeys([*on, *([who] if who else [])]))
    parts: list[Histogram] = []
    for file, schema in zip(found, schemas, strict=True):
        given = dict(zip(schema.names, map(_plain, schema.types), strict=True))
        for field in on:
            if field not in given:
                raise InputError(f"the attacker's table lacks the column {field}", file.path, "Rename its columns")
            if given[field] != types[field]:
                raise InputError(
                    f"{field} is {given[field]} here and {types[field]} in the dataset, so nothing would match", file.path,
                    "Give both the same type",
                )  # fmt: skip
        for shard in _shards(file, options):
            batches = _batches(shard, options, columns)
            parts += (table_side(dict(zip(columns, batch.columns, strict=True)), on, who) for batch in batches)
    if not parts:
        none = fingerprint(pa.array([], pa.string()))
        return Table(name, tuple(on), Side(none, np.empty(0, np.int64), None), False)
    merged = Histogram.merge(parts)
    return Table(name, tuple(on), Side(merged.columns["key"], merged.counts, merged.columns.get("subject")), who is not None)


def _shards(file: files.InputFile, options: InputOptions) -> list[Shard]:
    return format_of(file.path, options).shards(file.path, file.size, options, SHARD_ROWS)


def _batches(shard: Shard, options: InputOptions, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for chunk in format_of(shard.path, options).read(shard, options, columns, _BATCH_ROWS):
        if chunk.faults:
            fault = chunk.faults[0]
            raise InputError(
                f"row {int(fault.rows[0])} cannot be read ({fault.reason})", shard.path, "Mend the file, or leave that row out"
            )
        yield chunk.batch


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind
