"""Readers that run in a process of their own, asked for many files in one process: starting it takes longer than they do."""

import contextlib
import json
import pickle
import signal
import subprocess
import sys

_CHILD = """
import importlib, json, os, pickle, signal, sys
import pyarrow as pa
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats.reader_child import limit

def answered(reader, **request):
    told, schema, batches = importlib.import_module(f"beam_deid.transforms.formats.{reader}").answer(**request)
    return told, pa.Table.from_batches(list(batches), schema)

limit()
sink = os.fdopen(os.dup(1), "wb")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
for line in sys.stdin:
    signal.setitimer(signal.ITIMER_VIRTUAL, 30)  # the end of who does not come to an end, by the seconds that it worked
    try:
        answer = answered(**json.loads(line))
    except InputError as error:
        answer = error
    except MemoryError:
        os.abort()
    except BaseException as error:
        answer = None
    data = pickle.dumps(answer)
    sink.write(len(data).to_bytes(8, "little") + data)
    sink.flush()
"""


class ReaderLoop:
    """A process that reads one file after another, and another one where a file has ended it."""

    def __init__(self):
        self._process = None

    def ask(self, reader, **request):
        """``(facts, table)`` of a reader's answer, or its `InputError`; None where the process of the reader would have ended."""
        if self._process is None:
            pipe = subprocess.PIPE
            words = [sys.executable, "-c", _CHILD]
            self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        process = self._process
        with contextlib.suppress(OSError):
            process.stdin.write(json.dumps({"reader": reader, **request}).encode() + b"\n")
            process.stdin.flush()
        size = process.stdout.read(8)
        if len(size) == 8:
            return pickle.loads(process.stdout.read(int.from_bytes(size, "little")))
        ended = self.close()
        assert ended != -signal.SIGVTALRM, "the reader does not come to an end"
        return None

    def close(self):
        """End the process, and tell how it ended."""
        process, self._process = self._process, None
        if process is None:
            return 0
        process.stdin.close()
        process.stdout.close()
        return process.wait()
