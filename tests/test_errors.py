"""What the system says is told with what to do about it; what nobody foresaw is told without its text."""

import errno
import os
import pickle

import pyarrow as pa
import pytest

from beam_deid.transforms import errors

SAID = {
    errno.ENOSPC: "Free space there",
    errno.EDQUOT: "Free space there",
    errno.EFBIG: "ulimit -f",
    errno.EROFS: "check the rights",
    errno.EACCES: "check the rights",
    errno.ENAMETOOLONG: "shorter name",
    errno.EMFILE: "ulimit -n",
    errno.ENOTDIR: "a file is where a folder should be",
    errno.ENOMEM: "fewer --workers",
    errno.EIO: "Check the disk",
}


@pytest.mark.parametrize("number", SAID, ids=errno.errorcode.get)
def test_an_error_of_the_system_is_told_with_its_cure(number):
    fault = errors.fault_of(OSError(number, "SECRET", "place"), "releasing")
    assert type(fault) is errors.OutputError
    assert fault.where == "place"
    assert os.strerror(number) in fault.message
    assert SAID[number] in fault.message
    assert "SECRET" not in str(fault)


def test_an_error_of_the_system_without_a_path_names_the_step():
    assert errors.fault_of(OSError(errno.ENOSPC, "SECRET"), "releasing").where == "releasing"


@pytest.mark.parametrize("kind", [OSError, ImportError])
def test_an_error_of_the_system_that_a_library_tells_in_words_is_known(kind):
    fault = errors.fault_of(kind(f"SECRET.so: {os.strerror(errno.EMFILE)}"), "measuring")
    assert "ulimit -n" in fault.message
    assert "SECRET" not in str(fault)


@pytest.mark.parametrize("cause", [MemoryError("SECRET"), pa.ArrowMemoryError("SECRET")], ids=["ours", "Arrow's"])
def test_memory_that_runs_out_is_told_with_its_cure(cause):
    fault = errors.fault_of(cause, "measuring")
    assert fault.message == "measuring: out of memory. Use fewer --workers, or free memory, and run again"


@pytest.mark.parametrize("cause", [ValueError("SECRET"), OSError("SECRET"), OSError(errno.EPIPE, "SECRET")], ids=repr)
def test_what_nobody_foresaw_stays_an_internal_fault(cause):
    fault = errors.fault_of(cause, "measuring")
    assert type(fault) is errors.InternalFault
    assert f"unforeseen {type(cause).__name__}" in fault.message
    assert "SECRET" not in str(fault)


def test_an_error_of_ours_stays_what_it_is():
    ours = errors.UsageError("what", "where", "Do this")
    assert errors.fault_of(ours, "elsewhere") is ours


@pytest.mark.parametrize("name", ["a\nb.csv", "a\x1b[2Jb.csv", "a\u2028b.csv", "a\tb\r.csv"])
def test_a_place_stands_on_one_line_whatever_it_is_called(name):
    """Before, a line feed in a file's name made its own line of stderr."""
    error = errors.InputError("the file is empty", name, "Leave it out")
    assert error.message.splitlines() == [error.message]
    assert error.message.isprintable()
    assert pickle.loads(pickle.dumps(error)).message == error.message
