"""A private folder for what a run sets aside on disk: gone with the run, or swept by a later one if the run was killed."""

import contextlib
import errno
import os
import shutil
import tempfile
from types import TracebackType

from beam_deid.transforms.errors import OutputError, step_of
from beam_deid.transforms.storage.hidden import is_own
from beam_deid.transforms.storage.owners import is_gone, new_name
from beam_deid.transforms.storage.stopping import STOPPING
from beam_deid.transforms.storage.temporary import temporary_folder

_PREFIX = "beam-deid-spill-"
_NEXT_STEP = "Free space there, or let TMPDIR name another folder, and run again"


class SpillFolder:
    """A folder that this user alone can enter, in the one that TMPDIR names; it is removed at the end of a ``with`` block.

    Its name says which process made it. Whoever makes one removes those of processes of this machine that are no more.

    Attributes:
        path: The folder.

    Raises:
        OutputError: It cannot be made.
    """

    def __init__(self) -> None:
        place = temporary_folder()
        _sweep(place)
        try:
            self.path = tempfile.mkdtemp(prefix=f"{_PREFIX}{new_name()}-", dir=place)
        except OSError as error:
            raise spill_error("a folder for rows outside memory cannot be made", place, error) from None
        self._stopping = STOPPING.add(self.remove)

    def file(self, name: str) -> str:
        """The path of a file in it."""
        return os.path.join(self.path, name)

    def remove(self) -> None:
        """Remove it with all that is in it. What cannot be removed is left to a later run."""
        shutil.rmtree(self.path, ignore_errors=True)
        STOPPING.forget(self._stopping)

    def __enter__(self) -> "SpillFolder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()


def spill_error(what: str, path: str, error: Exception, next_step: str = _NEXT_STEP) -> OutputError:
    """The error of ours for one of the system; of its text, which may quote anything, nothing is kept."""
    number = error.errno if isinstance(error, OSError) else None
    said = os.strerror(number) if number else type(error).__name__
    if isinstance(error, OSError) and number in (errno.EMFILE, errno.ENFILE):
        next_step = step_of(error, next_step)
    return OutputError(f"{what} ({said})", path, next_step)


def _sweep(place: str) -> None:
    """Remove the folders that killed runs left."""
    with contextlib.suppress(OSError):
        left = [entry.path for entry in os.scandir(place) if _is_left(entry.name) and is_own(entry.path)]
        for folder in left:
            shutil.rmtree(folder, ignore_errors=True)


def _is_left(name: str) -> bool:
    owner, _, _ = name.removeprefix(_PREFIX).rpartition("-")
    return name.startswith(_PREFIX) and is_gone(owner)
