"""Reads a file in a process of its own and tells what that cost: memory peaks of other tests must not count."""

import json
import subprocess
import sys

_READER = """
import json, resource, sys
from beam_deid.transforms.errors import InputError
from beam_deid.transforms.formats import format_of
from beam_deid.transforms.formats.input_options import InputOptions
path, columns = sys.argv[1], sys.argv[2:]
options = InputOptions()
kind = format_of(path, options)
rows, message = 0, ""
try:
    columns = columns or kind.schema(path, options).names
    for shard in kind.shards(path, 1, options, 262_144):
        for chunk in kind.read(shard, options, columns, 65_536):
            rows += chunk.batch.num_rows
except InputError as error:
    message = error.message
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
try:
    # On Linux that is also the peak of whoever started this process; the memory of its own program is told here.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 2**10
except OSError:
    pass
print(json.dumps([rows, message, peak]))
"""


def read_alone(path, columns=()):
    """``(rows read, message of the error or "", peak of the process in MiB)``; columns by the schema if none is named."""
    done = subprocess.run(
        [sys.executable, "-c", _READER, str(path), *columns], capture_output=True, text=True, check=True, timeout=300
    )
    rows, message, peak = json.loads(done.stdout)
    return rows, message, peak
