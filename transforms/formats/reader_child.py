"""What runs in the process of a reader; see `beam_deid.transforms.formats.reader_process`."""

import gc
import importlib
import json
import os
import sys
from collections.abc import Iterable
from typing import Any, BinaryIO

import pyarrow as pa

from beam_deid.transforms.errors import InputError
from beam_deid.transforms.storage.limits import READER_MEMORY

Given = tuple[dict[str, Any], pa.Schema, Iterable[pa.RecordBatch]]
"""What a reader's ``answer`` gives: small facts, the schema of the batches, and the batches."""


def main() -> None:
    """Read a request from the standard input, and write the answer to the standard output."""
    limit()
    gc.disable()  # a process that reads one file makes millions of cells, and next to no cycles
    request = json.loads(sys.stdin.buffer.read())
    reader = importlib.import_module(f"beam_deid.transforms.formats.{request.pop('reader')}")
    try:
        told, schema, batches = reader.answer(**request)
        _write(sys.stdout.buffer, told, schema, batches)
    except InputError as error:
        _say(sys.stdout.buffer, {"refused": [error.what, error.where, error.next_step]})
    except MemoryError:
        os.abort()  # as machine code does when it gets no more


def limit() -> None:
    """Let no more memory be asked for than a reader may take, and leave no picture of it behind where it is stopped."""
    try:
        import resource
    except ImportError:  # a system without such limits
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (READER_MEMORY, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _say(stream: BinaryIO, said: dict[str, Any]) -> None:
    stream.write(json.dumps(said).encode() + b"\n")
    stream.flush()


def _write(stream: BinaryIO, told: dict[str, Any], schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    _say(stream, told)
    with pa.ipc.new_stream(stream, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    stream.flush()
