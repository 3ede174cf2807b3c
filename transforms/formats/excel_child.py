"""What runs in the process in which a workbook is read; see `beam_deid.transforms.formats.excel_process`."""

import json
import os
import sys
from typing import BinaryIO

import pyarrow as pa

from beam_deid.transforms.formats.excel_records import Asked, Refused, Sheet
from beam_deid.transforms.formats.excel_sheet import read_sheet
from beam_deid.transforms.storage.limits import WORKBOOK_MEMORY

_BATCH_ROWS = 1 << 16


def main() -> None:
    """Read what is asked for from the standard input, and write the answer to the standard output."""
    _limit_memory()
    given = sys.stdin.buffer
    asked = Asked(**json.loads(given.readline()))
    answer = sys.stdout.buffer
    try:
        sheet = read_sheet(given.read(), asked)
    except Refused as refused:
        _say(answer, {"refused": refused.what, "next": refused.next_step})
    except MemoryError:
        os.abort()  # as the reader itself does
    else:
        _give(answer, sheet)


def _limit_memory() -> None:
    """Let no more be asked for than a workbook may take; systems without such limits have none."""
    try:
        import resource
    except ImportError:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (WORKBOOK_MEMORY, most))


def _say(answer: BinaryIO, said: dict[str, object]) -> None:
    answer.write(json.dumps(said).encode() + b"\n")
    answer.flush()


def _give(answer: BinaryIO, sheet: Sheet) -> None:
    """Write the names, and then the records; columns are called by their numbers, the last is that of the row numbers."""
    _say(answer, {"names": sheet.table.column_names})
    columns = [*sheet.table.columns, pa.array(sheet.rows)]
    table = pa.table(columns, names=[str(number) for number in range(len(columns))])
    with pa.ipc.new_stream(answer, table.schema) as writer:
        writer.write_table(table, _BATCH_ROWS)
    answer.flush()
