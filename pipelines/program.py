"""The program as its user typed it, for the commands that are printed for copying."""

import os
import shlex
import shutil
import sys

PROGRAM = "beam-deid"
_MODULE = "beam_deid.pipelines"


def program() -> str:
    """How a shell finds this program again: ``beam-deid``, or ``.venv/bin/beam-deid`` where that was typed."""
    called = sys.argv[0]
    folder, name = os.path.split(called)
    if name == "__main__.py" and os.path.basename(folder) == "pipelines":
        return f"{shlex.quote(sys.orig_argv[0])} -m {_MODULE}"
    if os.path.splitext(name)[0] != PROGRAM or not folder or _is_found(called):
        return PROGRAM
    return shlex.quote(called)


def _is_found(called: str) -> bool:
    """Whether an absolute path is what a shell finds by the name alone: who typed the name has it in ``argv`` as well."""
    found = shutil.which(PROGRAM)
    return os.path.isabs(called) and found is not None and os.path.abspath(found) == os.path.abspath(called)
