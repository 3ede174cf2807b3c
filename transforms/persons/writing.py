"""Writing numbers to the files of a set, and what is said where that fails."""

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from beam_deid.transforms.errors import OutputError, step_of

_STEP = "Free space there, or let TMPDIR name another folder, and run again"


@contextlib.contextmanager
def unwritable(path: str) -> Iterator[None]:
    """Turn what the disk raises into an error of ours.

    Raises:
        OutputError: The disk failed.
    """
    try:
        yield
    except OSError as error:
        said = os.strerror(error.errno) if error.errno else type(error).__name__
        step = step_of(error, _STEP) if error.errno in (errno.EMFILE, errno.ENFILE) else _STEP
        raise OutputError(f"a set of persons cannot be kept on disk ({said})", path, step) from None


def written(stream: BinaryIO, numbers: npt.NDArray[Any]) -> None:
    """Write numbers (n,) as they are in memory.

    Raises:
        OSError: The disk failed.
    """
    stream.write(np.ascontiguousarray(numbers).data.cast("B"))
