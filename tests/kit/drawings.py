"""Charts that tests have drawn are kept, and drawn once.

The engine that draws takes half a second to start in each process, and as long again for the charts of two releases; runs of tests
are many, and most are over the same tables. All workers of a suite keep them in one folder, which the environment names. A chart is
told by its specification, to the last character; what it tells is in `tests/report`, where every chart is drawn.
"""

import atexit
import hashlib
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from beam_deid.pipelines.report.charts import drawing

_VARIABLE = "BEAM_DEID_TESTS_DRAWINGS"
as_it_is = drawing._svg
"""Draws a chart, whether it was drawn before or not."""


@cache
def drawings() -> Path:
    """The folder of the charts that this process and those that it starts have drawn, which goes when it ends."""
    if os.path.isdir(os.environ.get(_VARIABLE, "")):
        return Path(os.environ[_VARIABLE])
    folder = Path(tempfile.mkdtemp(prefix="beam-deid-drawings-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ[_VARIABLE] = str(folder)
    return folder


def draw_once(folder: Path) -> None:
    """Have this process, and those that are forked from it, draw no chart that is kept in a folder, and keep what they draw."""

    def svg(specification: dict[str, Any]) -> str:
        told = json.dumps(specification).encode()
        kept = folder / hashlib.sha256(told).hexdigest()
        if not kept.exists():
            written = kept.with_suffix(f".{os.getpid()}")
            written.write_bytes(as_it_is(specification).encode())
            written.replace(kept)  # whole, however this process ends
        return kept.read_bytes().decode()

    drawing._svg = svg  # type: ignore[assignment]
