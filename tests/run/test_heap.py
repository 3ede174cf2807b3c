"""A process that keeps what it frees does not ask the system for the same pages again, and gives them back when it is told to."""

import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import sys
import numpy as np
from beam_deid.transforms.run.heap import keep_freed

if sys.argv[1] == "keep":
    keep_freed()
np.ones(1 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    one, other = np.ones(1 << 20), np.ones(1 << 20)
    del one, other
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


HELD = """
import numpy as np
import pyarrow as pa
from beam_deid.transforms.run.heap import give_back, keep_freed


def held():
    with open("/proc/self/statm") as file:
        _, resident, shared, *_ = map(int, file.read().split())
    return (resident - shared) * 4096


keep_freed()
pa.array(np.ones(1))
before = held()
columns = [np.ones(1 << 17) for _ in range(200)]
last = columns[-1]
del columns
kept = held() - before
give_back()
print(kept, held() - before, len(last))
"""


def faults(how: str) -> int:
    """Pages that a process asks for while it makes and frees 40 arrays of 8 MiB."""
    return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not that of GNU")
def test_what_is_freed_is_taken_again():
    assert faults("keep") < faults("give back") / 2


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not that of GNU")
def test_what_is_freed_before_something_that_is_needed_is_given_back():
    said = subprocess.run([sys.executable, "-c", HELD], capture_output=True, check=True, text=True).stdout
    kept, left, _ = map(int, said.split())
    assert kept > 150 << 20
    assert left < 20 << 20
