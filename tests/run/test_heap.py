"""A process that keeps what it frees does not ask the system for the same pages again."""

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


def faults(how: str) -> int:
    """Pages that a process asks for while it makes and frees 40 arrays of 8 MiB."""
    return int(subprocess.run([sys.executable, "-c", FAULTS, how], capture_output=True, check=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is not that of GNU")
def test_what_is_freed_is_taken_again():
    assert faults("keep") < faults("give back") / 2
