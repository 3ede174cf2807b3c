"""Readers in machine code that a file can make stop, or ask for more memory than there is, run in a process of their own.

There that is the end of a process that has nothing else to do, and its memory is free again when the file has been read.
What it would print, which might quote the file, goes nowhere. It answers with a line of JSON, and Arrow after it.
"""

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.storage.limits import READER_MEMORY, mebibytes

_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from beam_deid.transforms.formats.reader_child import main; main()"


class Answer(NamedTuple):
    """What a reader answers.

    Attributes:
        told: Small facts.
        schema: Schema of the batches.
        batches: The batches, as they come.
    """

    told: dict[str, Any]
    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]


@contextlib.contextmanager
def asked(reader: str, request: dict[str, Any], broken: InputError) -> Iterator[Answer]:
    """Ask a reader for a file, or for something of it.

    Args:
        reader: The module of this room whose ``answer`` is called in the process.
        request: What it is asked, as can be said in JSON; ``path`` is the file.
        broken: What to raise if the reader cannot read the file, or does not come to its end.

    Raises:
        InputError: The reader refuses the file, takes too much memory, or is stopped by it.
    """
    words = [sys.executable, "-c", _MAIN, *sys.path]
    pipe = subprocess.PIPE
    # The words are ours, and so is the program: this interpreter.
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            yield _answer(process, {"reader": reader, **request})
        except (OSError, EOFError, ValueError):  # Arrow's are of these
            process.kill()  # or it may wait for ever, for somebody who reads on; one that has ended is not changed
            raise _too_large(request["path"]) if process.wait() == -signal.SIGABRT else broken from None
        finally:
            process.kill()


def _answer(process: "subprocess.Popen[bytes]", request: dict[str, Any]) -> Answer:
    if process.stdin is None or process.stdout is None:
        raise EOFError
    with process.stdin as stream:
        stream.write(json.dumps(request).encode())
    told = json.loads(process.stdout.readline())
    if "refused" in told:
        raise InputError(*told["refused"])
    answer = pa.ipc.open_stream(process.stdout)
    return Answer(told, answer.schema, _to_the_end(answer, process))


def _to_the_end(stream: pa.RecordBatchReader, process: "subprocess.Popen[bytes]") -> Iterator[pa.RecordBatch]:
    """The batches; where a process was stopped between two of them, Arrow takes that for the end."""
    yield from stream
    if process.wait():
        raise EOFError


def _too_large(path: str) -> InputError:
    what = f"reading the file takes more than {mebibytes(READER_MEMORY)} of memory"
    return InputError(what, path, "Save it as CSV, which is read piece by piece, or cut it up")
