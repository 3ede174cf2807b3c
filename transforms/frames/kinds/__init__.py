"""The kinds of tables in memory, a file each."""

import sys
from typing import Any

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.frames.kinds.batch import ArrowBatch
from beam_deid.transforms.frames.kinds.kind import FrameKind
from beam_deid.transforms.frames.kinds.pandas import PandasFrame
from beam_deid.transforms.frames.kinds.polars import PolarsFrame
from beam_deid.transforms.frames.kinds.reader import ArrowReader
from beam_deid.transforms.frames.kinds.table import ArrowTable

KINDS: tuple[FrameKind, ...] = (ArrowTable(), ArrowBatch(), ArrowReader(), PandasFrame(), PolarsFrame())


def kind_of(data: Any, where: str) -> FrameKind:
    """The kind of a table.

    Args:
        data: The table.
        where: What it was given to, as messages call it.

    Raises:
        UsageError: It is of no kind that is known.
    """
    for kind in KINDS:
        if kind.package in sys.modules and kind.holds(data):
            return kind
    raise UsageError(
        f"it was given a {type(data).__module__}.{type(data).__qualname__}",
        where,
        "It takes a pyarrow Table, RecordBatch or RecordBatchReader, or a DataFrame of pandas or polars; collect() a LazyFrame, "
        "and use run for files",
    )
