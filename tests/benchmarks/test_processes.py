import sys

import pytest

from .processes import STARTING, cost, peak_of_each, phases

TREE = """
import multiprocessing, time

def work(seconds):
    held = bytearray(b"1") * (100 * 2**20)
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass
    time.sleep(0.2)

if __name__ == "__main__":
    pool = [multiprocessing.get_context("fork").Process(target=work, args=(0.3,)) for _ in range(2)]
    for one in pool: one.start()
    for one in pool: one.join()
    print("done")
"""


def test_processor_seconds_and_memory_are_those_of_all_processes():
    found = cost([sys.executable, "-c", TREE])
    assert 0.6 <= found.cpu < 2
    assert 200 <= found.peak_mib < 260
    assert found.wall >= 0.5
    assert found.output == "done\n"


def test_a_page_that_processes_share_is_counted_once():
    shared = TREE.replace('    held = bytearray(b"1") * (100 * 2**20)\n', "").replace(
        "    pool =", '    held = bytearray(b"1") * (100 * 2**20)\n    pool ='
    )
    assert 100 <= cost([sys.executable, "-c", shared]).peak_mib < 160


def test_phases_are_what_the_lines_of_stderr_say():
    said = [
        (0.5, "beam-deid: step 1 of 6, measuring\n"),
        (1.0, "a warning: measuring\n"),
        (2.0, "beam-deid: step 1 of 6, measuring: 10 rows, 5 rows/s\n"),
        (3.0, "beam-deid: step 3 of 6, releasing\n"),
        (3.5, "beam-deid: step 1 of 6, measuring\n"),
    ]
    assert phases(said, 4.0) == {STARTING: 0.5, "measuring": 3.0, "releasing": 0.5}
    assert phases(said[1:2], 4.0) == {}


def test_memory_is_told_of_each_phase():
    said = [
        (0.5, "beam-deid: step 1 of 6, measuring\n"),
        (3.0, "beam-deid: step 3 of 6, releasing\n"),
        (3.5, "beam-deid: step 1 of 6, measuring\n"),
    ]
    peaks = {0.1: 1.0, 0.5: 7.0, 2.9: 5.0, 3.1: 6.0, 3.7: 8.0}
    assert peak_of_each(said, peaks) == {STARTING: 1.0, "measuring": 8.0, "releasing": 6.0}


def test_a_command_that_fails_ends_the_benchmark_with_what_it_said():
    with pytest.raises(SystemExit, match="ended with 3: no such thing"):
        cost([sys.executable, "-c", "import sys; print('no such thing', file=sys.stderr); sys.exit(3)"])
