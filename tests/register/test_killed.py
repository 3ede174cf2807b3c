"""A register whose writer is killed is whole: the old revision or the new one, and no litter once somebody held it."""

import re

import pytest

from ..kit.processes import python


@pytest.mark.slow("kills a process before each of its steps")
def test_a_register_is_whole_whenever_its_writer_was_killed(tmp_path):
    process = python("import sys; from tests.register.striking import main; main(sys.argv[1])", str(tmp_path))
    said, failed = process.communicate(timeout=300)
    assert process.returncode == 0, failed
    struck = dict(re.findall(r"^(\w+) (\d+) ", said, re.MULTILINE))
    assert int(struck["change"]) > 40, said
    assert int(struck["found"]) > 20, said
    assert "[5, 6, 7, 8]" in said
    assert "[0, 1]" in said
