"""A table in memory assessed as it is, as files and collections are."""

import pyarrow as pa

from beam_deid.transforms.columns.fingerprint import FingerprintKey
from beam_deid.transforms.dataset.assessment import Assessment, assess
from beam_deid.transforms.dataset.counted import Counted, Counting
from beam_deid.transforms.dataset.question import Question
from beam_deid.transforms.errors import InputError, UsageError
from beam_deid.transforms.formats.ignoring import Ignored
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.formats.values import meant
from beam_deid.transforms.frames.columns import flat_columns
from beam_deid.transforms.run.job import BATCH_ROWS

WHERE = "assess"


def assess_table(table: pa.Table, read_as: InputOptions, question: Question) -> Assessment:
    """Assess a table.

    Args:
        table: Its columns, n rows.
        read_as: Which columns are passed over, and which texts stand for nothing, as a policy says.
        question: What is asked.

    Raises:
        UsageError: A column is not there.
        InputError: A column cannot be read, or there is no row.
    """
    table = flat_columns(table, Ignored(read_as.ignore), WHERE)
    missing = [name for name in question.read if name not in table.column_names]
    if missing:
        raise UsageError(f"there is no column {missing[0]}", WHERE, f"It has: {', '.join(table.column_names)}")
    if not table.num_rows:
        raise InputError("there is no row", WHERE, "Of no row nothing can be measured")
    key = FingerprintKey.new()
    return assess(question, _counted(table, read_as, question, key), key)


def _counted(table: pa.Table, read_as: InputOptions, question: Question, key: FingerprintKey) -> Counted:
    counting = Counting(question, key)
    for batch in table.to_batches(BATCH_ROWS):
        read = meant(batch, False, read_as)
        counting.add(dict(zip(read.schema.names, read.columns, strict=True)))
    return counting.result()
