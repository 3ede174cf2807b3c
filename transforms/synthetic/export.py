"""Generated orders as files: Parquet, CSV, and CSV as shop back ends export it."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.storage.files import open_for_readers
from beam_deid.transforms.storage.paths import join
from beam_deid.transforms.synthetic.orders import BATCH_ROWS, ORDER_SCHEMA, order_batches
from beam_deid.transforms.synthetic.platforms import platform_batches, platform_records
from beam_deid.transforms.synthetic.text import joined

_ARMOURED = ("tid", "receiver_mobile")


def write_orders(path: str, rows: int, seed: int = 0, format: str | None = None) -> None:  # noqa: A002
    """Write generated orders to one file. The same arguments give the same bytes.

    Args:
        path: The file.
        rows: How many orders.
        seed: Another seed makes other orders.
        format: ``parquet`` (row groups of 131,072 rows), ``csv`` (UTF-8), or ``platform_csv``: GB18030, with
            order numbers and mobiles armoured as ``="…"``, which keeps spreadsheets from rounding them. By
            the path's suffix, ``.parquet`` or ``.csv``, if not given.

    Raises:
        UsageError: There is no such format.
        OSError: The file cannot be written.
    """
    name = format or path.rpartition(".")[2].lower()
    if name not in _WRITERS:
        choices = ", ".join(_WRITERS)
        raise UsageError("orders cannot be written in this format", name, f"Choose one of {choices}")
    with open_for_readers(path) as stream:
        _WRITERS[name](stream, rows, seed)


def write_monthly_orders(folder: str, rows: int, seed: int = 0) -> list[str]:
    """Write generated orders to a Parquet file for each month, ``orders-2025-01.parquet`` and so on.

    Args:
        folder: The folder, which is there.
        rows: How many orders in all.
        seed: Another seed makes other orders.

    Returns:
        The files, in the order of the months.

    Raises:
        OSError: A file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        writers: dict[str, pq.ParquetWriter] = {}
        for batch in order_batches(rows, seed):
            months = pc.strftime(batch.column("created"), format="%Y-%m")
            for month in pc.unique(months).to_pylist():
                path = join(folder, f"orders-{month}.parquet")
                if path not in writers:
                    stream = stack.enter_context(open_for_readers(path))
                    writers[path] = stack.enter_context(pq.ParquetWriter(stream, ORDER_SCHEMA))
                writers[path].write_batch(batch.filter(pc.equal(months, month)))
    return sorted(writers)


def write_platform_orders(
    path: str,
    platform: str,
    rows: int,
    seed: int = 0,
    format: str | None = None,  # noqa: A002
    *,
    articles: bool = False,
) -> None:
    """Write generated orders in the shape of a platform to one file. The same arguments give the same bytes.

    Args:
        path: The file.
        platform: The platform's name, as in ``configs/platforms``.
        rows: How many orders.
        seed: Another seed makes other orders.
        format: ``parquet`` or ``csv``: flat rows; ``platform_csv``: the same in GB18030, every long number
            armoured; ``jsonl``: nested records as its API gives them, one in a line. By the path's suffix if not given.
        articles: Flat files have a row for each article, not for each order with its first one.

    Raises:
        UsageError: There is no such format or platform.
        OSError: The file cannot be written.
    """
    name = format or path.rpartition(".")[2].lower()
    if name not in (*_WRITERS, "jsonl"):
        raise UsageError(
            "orders cannot be written in this format", name, f"Choose one of {', '.join([*_WRITERS, 'jsonl'])}"
        )
    batches = platform_batches(platform, rows, seed, articles=articles)
    first = next(platform_batches(platform, 1, seed))
    with open_for_readers(path) as stream:
        if name == "jsonl":
            for record in platform_records(platform, rows, seed):
                stream.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
        elif name == "parquet":
            with pq.ParquetWriter(stream, first.schema) as writer:
                for batch in batches:
                    writer.write_batch(batch)
        elif name == "csv":
            _write_batches(stream, batches, first.schema.names, "utf-8")
        else:
            _write_batches(stream, map(_long_armoured, batches), first.schema.names, "gb18030")


def _long_armoured(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Numbers of twelve digits and more, which a spreadsheet would round."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_string(field.type):
            column = batch.column(place)
            long = pc.match_substring_regex(column, "^[0-9]{12,}$")
            batch = batch.set_column(
                place, field.name, pc.if_else(long, joined(pa.scalar('="'), column, pa.scalar('"')), column)
            )
    return batch


def _parquet(stream: BinaryIO, rows: int, seed: int) -> None:
    with pq.ParquetWriter(stream, ORDER_SCHEMA) as writer:
        for batch in order_batches(rows, seed):
            writer.write_batch(batch, row_group_size=BATCH_ROWS)


def _csv(stream: BinaryIO, rows: int, seed: int) -> None:
    _write_csv(stream, rows, seed, lambda batch: batch, "utf-8")


def _platform_csv(stream: BinaryIO, rows: int, seed: int) -> None:
    _write_csv(stream, rows, seed, _armour, "gb18030")


def _write_csv(
    stream: BinaryIO, rows: int, seed: int, dress: Callable[[pa.RecordBatch], pa.RecordBatch], encoding: str
) -> None:
    batches = (_spelt(dress(batch)) for batch in order_batches(rows, seed))
    _write_batches(stream, batches, ORDER_SCHEMA.names, encoding)


def _write_batches(stream: BinaryIO, batches: Iterator[pa.RecordBatch], names: list[str], encoding: str) -> None:
    stream.write((",".join(names) + "\n").encode(encoding))
    for batch in batches:
        piece = io.BytesIO()
        pa_csv.write_csv(batch, piece, pa_csv.WriteOptions(include_header=False))
        data = piece.getvalue()
        stream.write(data if encoding == "utf-8" else data.decode("utf-8").encode(encoding))


def _armour(batch: pa.RecordBatch) -> pa.RecordBatch:
    for name in _ARMOURED:
        place = batch.schema.get_field_index(name)
        column = joined(pa.scalar('="'), batch.column(place), pa.scalar('"'))
        batch = batch.set_column(place, name, column)
    return batch


def _spelt(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Times to the second, as platforms spell them: 2025-11-11 00:00:07."""
    for place, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type):
            batch = batch.set_column(place, field.name, pc.cast(batch.column(place), pa.timestamp("s")))
    return batch


_WRITERS: dict[str, Callable[[BinaryIO, int, int], None]] = {
    "parquet": _parquet,
    "csv": _csv,
    "platform_csv": _platform_csv,
}
