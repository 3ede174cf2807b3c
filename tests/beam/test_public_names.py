"""Type checkers see every public name of the transforms, and what it takes."""

import subprocess
import sys

import pytest

import beam_deid.transforms

from ..kit.processes import ROOT

WRONG = """
from beam_deid.transforms import Deidentify, ReadOrders, ReleaseLabel, WriteRelease
Deidentify(3)
ReadOrders("policy.yaml", 3)
WriteRelease(3)
def label_of(label: ReleaseLabel) -> int:
    return label.label
"""


@pytest.mark.slow("mypy reads the package")
def test_type_checkers_see_every_public_name_and_what_it_takes(tmp_path):
    names = beam_deid.transforms.__all__
    lines = ["import beam_deid.transforms", *(f"reveal_type(beam_deid.transforms.{name})" for name in names)]
    (tmp_path / "names.py").write_text("\n".join(lines), "utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", f"{ROOT}/pyproject.toml", "--cache-dir", str(tmp_path)]
    done = subprocess.run(
        [*command, str(tmp_path / "names.py"), str(tmp_path / "wrong.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if "Revealed type" in line]
    assert len(told) == len(names), done.stdout
    assert not [line for line in told if 'is "Any"' in line]
    assert len([line for line in done.stdout.splitlines() if "wrong.py" in line and "error:" in line]) == 4, done.stdout
