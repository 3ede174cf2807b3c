"""numpy sorts without AVX-512 on processors on which that is slow, and is told so before it is imported."""

import os
import subprocess
import sys
import types

import pytest

from beam_deid.transforms.run import processor
from beam_deid.transforms.run.processor import sort_quickly

DISABLE = "NPY_DISABLE_CPU_FEATURES"
TOLD = "vendor_id\t: {}\ncpu family\t: {}\nmodel name\t: one\n\nvendor_id\t: other\ncpu family\t: 0\n"
IS_IMPORTED = "import sys, beam_deid.pipelines.cli, beam_deid.transforms.run.processor; print('numpy' in sys.modules)"


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Says what numpy is told of a processor."""

    def of(vendor, family, before=None):
        monkeypatch.setattr(os, "environ", {} if before is None else {DISABLE: before})
        there = tmp_path / "cpuinfo"
        there.write_text(TOLD.format(vendor, family))
        sort_quickly(str(there))
        return os.environ.get(DISABLE)

    return of


def test_only_a_processor_that_sorts_slowly_with_it_goes_without(told):
    assert told("AuthenticAMD", 25) == "X86_V4"
    assert told("AuthenticAMD", 26) is None
    assert told("GenuineIntel", 25) is None


def test_numpy_that_was_built_for_this_machine_alone_is_told_nothing(told, monkeypatch):
    """It would refuse to start without what it was built for."""
    built = types.SimpleNamespace(read_text=lambda name: "Tag: cp311-cp311-linux_x86_64\n")
    monkeypatch.setattr(processor, "distribution", lambda name: built)
    assert told("AuthenticAMD", 25) is None


def test_whoever_has_said_something_else_is_obeyed(told):
    assert told("AuthenticAMD", 25, "X86_V3") == "X86_V3"


def test_a_machine_without_such_a_file_is_left_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", {})
    sort_quickly(str(tmp_path / "missing"))
    assert os.environ == {}


def test_numpy_is_not_imported_before():
    found = subprocess.run([sys.executable, "-c", IS_IMPORTED], capture_output=True, check=True, text=True)
    assert found.stdout.strip() == "False"
