"""How many processors a process may use."""

import os
import subprocess
import sys

import pytest

from beam_deid.transforms.run.cores import cores

SAYS = "from beam_deid.transforms.run.cores import cores; print(cores())"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no process to processors")
def test_a_process_that_is_bound_to_one_processor_uses_one():
    one = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{one}}}); {SAYS}"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "1"


@pytest.mark.parametrize("given", ["100000 100000", "50000 100000", "1000 100000"])
def test_a_container_that_is_given_one_processor_or_less_uses_one(tmp_path, given):
    quota = tmp_path / "cpu.max"
    quota.write_text(f"{given}\n")
    assert cores(quota) == 1


@pytest.mark.parametrize("given", ["max 100000", "", "what", "1 0", None])
def test_a_container_that_is_given_all_uses_what_the_process_may(tmp_path, given):
    quota = tmp_path / "cpu.max"
    if given is not None:
        quota.write_text(given)
    assert cores(quota) == (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())


def test_a_container_never_gives_more_than_the_process_may_use(tmp_path):
    quota = tmp_path / "cpu.max"
    quota.write_text("100000000 100000")
    assert cores(quota) == cores(tmp_path / "none")
