"""Workbooks are read in a process of their own: a sheet is read whole, and what that takes must be bounded.

The reader is somebody else's, in machine code, and a file can make it ask for more memory than there is, or stop. There
that is the end of a process that has nothing else to do, and its memory is free again when the sheet has been read. What
it would print, which might quote the file, goes nowhere.
"""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.input_options import InputOptions
from beam_deid.transforms.storage.files import open_arrow
from beam_deid.transforms.storage.limits import LARGEST_WORKBOOK, WORKBOOK_MEMORY, mebibytes

_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from beam_deid.transforms.formats.excel_child import main; main()"
_SMALLER = "Save the sheet as CSV, which is read piece by piece, or cut it up"
_SAVE_AGAIN = "Open it in a spreadsheet and save it again, as .xlsx or CSV"


class Records(NamedTuple):
    """The records of a sheet, as they come out of its process.

    Attributes:
        names: The names of its columns.
        batches: Batches of a text column for each name, which are called by their numbers, and a last one, int64, with the
            number of each record.
    """

    names: list[str]
    batches: Iterator[pa.RecordBatch]


@contextlib.contextmanager
def sheet_records(path: str, options: InputOptions) -> Iterator[Records]:
    """Read a sheet of a workbook.

    Raises:
        InputError: It cannot be read, or it is not clear what of it is wanted.
    """
    data = _bytes_of(path)
    words = [sys.executable, "-c", _MAIN, *sys.path]
    pipe = subprocess.PIPE
    # The words are ours, and so is the program: this interpreter.
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            _send(process, options, data)
            del data
            yield _received(process, path)
        except (OSError, EOFError, ValueError):
            raise _ended(process, path) from None
        finally:
            process.kill()


def _bytes_of(path: str) -> bytes:
    with open_arrow(path) as stream:
        try:
            data = bytes(stream.read(LARGEST_WORKBOOK + 1))
        except OSError:
            raise InputError("the file is truncated or damaged", path, "Fetch it again or leave it out") from None
    if len(data) > LARGEST_WORKBOOK:
        raise InputError(f"the workbook is larger than {mebibytes(LARGEST_WORKBOOK)}", path, _SMALLER)
    return data


def _send(process: "subprocess.Popen[bytes]", options: InputOptions, data: bytes) -> None:
    """Tell the process what to read: a line of JSON, and the workbook after it."""
    stream = process.stdin
    if stream is not None:
        asked = {"sheet": options.sheet, "skip": options.skip, "header": options.header, "footer": options.footer}
        with stream:
            stream.write(json.dumps(asked).encode() + b"\n")
            stream.write(data)


def _received(process: "subprocess.Popen[bytes]", path: str) -> Records:
    """What the process answers: a line of JSON, and the records as a stream of Arrow after it."""
    stream = process.stdout
    answer = json.loads(stream.readline()) if stream is not None else {}
    if "refused" in answer:
        raise InputError(answer["refused"], path, answer["next"])
    return Records(answer["names"], iter(pa.ipc.open_stream(stream)))


def _ended(process: "subprocess.Popen[bytes]", path: str) -> InputError:
    """Why the process ended before it had said everything."""
    if process.wait() == -signal.SIGABRT:
        return InputError(f"the workbook takes more than {mebibytes(WORKBOOK_MEMORY)} of memory", path, _SMALLER)
    return InputError("the workbook is damaged, or is none", path, _SAVE_AGAIN)
