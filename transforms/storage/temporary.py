"""The folder for temporary files: the one that was named, or none. Python would take another in silence, on another disk."""

import os
import tempfile

from beam_deid.transforms.errors import UsageError

_STEP = "Make it, or let TMPDIR name another"


def temporary_folder() -> str:
    """The folder that TMPDIR names, or the system's where it names none.

    Raises:
        UsageError: TMPDIR names what is no folder, or may not be written to.
    """
    named = os.environ.get("TMPDIR")
    if not named:
        return tempfile.gettempdir()
    place = os.path.abspath(named)
    if not os.path.isdir(place):
        raise UsageError("TMPDIR names a folder that is not there", place, _STEP)
    if not os.access(place, os.W_OK | os.X_OK):
        raise UsageError("TMPDIR names a folder that may not be written to", place, _STEP)
    return place
