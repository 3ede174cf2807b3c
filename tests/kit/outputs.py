"""What a run left behind, for comparison."""

import hashlib
import json
from pathlib import Path
from typing import Any


def parts(out: Path) -> dict[str, str]:
    """The hash of every part, by its path below the output."""
    found = sorted(out.rglob("part-*"))
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def labels(out: Path) -> dict[str, Any]:
    """Every label, without the time at which it was decided."""
    found = {path.parent.name: json.loads(path.read_text()) for path in sorted(out.glob("*/label.json"))}
    for label in found.values():
        del label["decided_at"]
    return found


def leftovers(out: Path) -> list[str]:
    """Whatever stands beside an output and is hidden."""
    return [path.name for path in out.parent.iterdir() if path.name.startswith(".")]
