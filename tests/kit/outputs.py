"""What a run left behind, for comparison."""

import hashlib
import json
from pathlib import Path
from typing import Any


def parts(out: Path) -> dict[str, str]:
    """The hash of every part, by its path below the output."""
    found = sorted(out.rglob("part-*"))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


TIMES = ("decided_at", "assessed_at", "review_by")
"""What of a label is another time in every run, or another day in one that began after midnight."""


def labels(out: Path) -> dict[str, Any]:
    """Every label, without the times at which it was measured and decided."""
    found = {path.parent.name: json.loads(path.read_text()) for path in sorted(out.glob("*/label.json"))}
    return {name: without_times(label) for name, label in found.items()}


def without_times(label: dict[str, Any]) -> dict[str, Any]:
    """A label without the times at which it was measured and decided."""
    return {name: value for name, value in label.items() if name not in TIMES}


def leftovers(out: Path) -> list[str]:
    """Whatever stands beside an output and is hidden."""
    return [path.name for path in out.parent.iterdir() if path.name.startswith(".")]
