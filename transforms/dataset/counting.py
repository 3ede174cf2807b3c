"""Files of any dataset, counted for an assessment: read once, as they are."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.counted import Counted, Counting
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.dataset.reading import batches, dataset_files, merged, shards, types_of
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.format import Shard
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.run.progress import PROGRESS

COUNTING = "counting"
_THREADS = 2

Task = tuple[Shard, Sequence[str]]
"""A shard, and the columns that are read of it."""


def count_files(
    question: Question,
    inputs: Sequence[str],
    options: InputOptions,
    key: FingerprintKey,
    columns: Sequence[str] | None = None,
) -> tuple[Counted, dict[str, pa.DataType]]:
    """Count all records of some files.

    Args:
        question: What is asked; its fields must be columns of every file.
        inputs: Globs.
        options: How the files are written.
        key: The key to count under.
        columns: The columns that are read; all if not given. What is not read is not searched for identifiers either.

    Returns:
        What was counted, and the type of each column.

    Raises:
        UsageError: No file matches, a field is no column, or the files' columns differ.
        InputError: A file or a row of it cannot be read.
    """
    PROGRESS.start(COUNTING)
    tasks: list[Task] = []
    types: dict[str, pa.DataType] = {}
    for file in dataset_files(inputs):
        given = types_of(format_of(file.path, options, file.partitions).schema(file.path, options))
        types = _checked(question, file.path, given, types)
        tasks += ((shard, list(columns or given)) for shard in shards(file, options))
    if not types:
        raise UsageError("no file matches this input", inputs[0], "Check the path; quote globs in a shell")
    parts = _counted_by_threads(question, tasks, options, key, types)
    counted = Counted.merge(parts) if parts else Counted()
    return (counted if counted.fields else Counted(tuple(types))), types


def _checked(
    question: Question, path: str, given: dict[str, pa.DataType], before: dict[str, pa.DataType]
) -> dict[str, pa.DataType]:
    """See that a file has the columns that are asked about, and those of the files before; returns the types in all of them."""
    missing = [name for name in question.read if name not in given]
    if missing:
        raise UsageError(f"there is no column {missing[0]}", path, f"It has: {', '.join(given)}")
    both = merged(before, given)
    if both is None:
        raise UsageError("its columns or their types are not those of the first file", path, "Assess it by itself")
    return both


def _counted_by_threads(
    question: Question, tasks: Sequence[Task], options: InputOptions, key: FingerprintKey, types: dict[str, pa.DataType]
) -> list[Counted]:
    each = -(-len(tasks) // _THREADS) or 1
    shares = [tasks[first : first + each] for first in range(0, len(tasks), each)]
    with ThreadPoolExecutor(_THREADS) as threads:
        begun = [threads.submit(_counted, question, share, options, key, types) for share in shares]
        return [part for one in begun for part in one.result()]


def _counted(
    question: Question, tasks: Sequence[Task], options: InputOptions, key: FingerprintKey, types: dict[str, pa.DataType]
) -> list[Counted]:
    counting = Counting(question, key)
    for shard, columns in tasks:
        for batch in batches(shard, options, columns, types):
            counting.add(dict(zip(columns, batch.columns, strict=True)))
            PROGRESS.add(batch.num_rows)
    return counting.parts()
