"""What some tests read from beside the repository, and are skipped without."""

import os
from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[3] / "shared"

CASES = Path(os.environ.get("BEAM_DEID_CASES") or _SHARED / "cases" / "label")
"""Cases of the label rule as they were found, with input, policy and ``check``."""

SHAPES = Path(os.environ.get("BEAM_DEID_SHAPES") or _SHARED / "cases" / "input")
"""Files as they are really written, a folder for each shape."""

ADULT = Path(os.environ.get("BEAM_DEID_ADULT") or _SHARED / "data" / "adult")
"""Adult, the census sample that other tools publish their figures on."""

needs_cases = pytest.mark.skipif(
    not CASES.exists(), reason="the shared cases are not at ../shared/cases/label; BEAM_DEID_CASES says where they are"
)
needs_adult = pytest.mark.skipif(
    not ADULT.exists(), reason="Adult is not at ../shared/data/adult; BEAM_DEID_ADULT says where it is"
)
needs_shapes = pytest.mark.skipif(
    not SHAPES.exists(),
    reason="the shared files are not at ../shared/cases/input; BEAM_DEID_SHAPES says where they are",
)
