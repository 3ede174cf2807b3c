"""What `import beam_deid` gives: light, and known to type checkers name by name."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import beam_deid
import beam_deid.pipelines.api
from beam_deid.transforms import errors

HEAVY = ("apache_beam", "click", "numpy", "pandas", "polars", "pyarrow", "pydantic")
SNIPPET = """
from collections.abc import Mapping

import beam_deid
import polars as pl
from beam_deid import {names}

frame = pl.DataFrame({{"a": [1]}})
made = beam_deid.deidentify(frame, "policy.yaml", "out", max_rejects=0.1)
data: pl.DataFrame = made.data
rejects: pl.DataFrame = made.rejects
value: str = made.label.value
released: int = made.counts.released
failing: tuple[str, ...] = made.label.failing

result = beam_deid.run("policy.yaml", ["a.parquet"], "out", release="out", overwrite=True)
files: tuple[str, ...] = result.releases["out"].files
document: Mapping[str, object] = result.document

measured: str = beam_deid.assess(frame, quasi=["a"]).label
try:
    pass
except beam_deid.DeidError as error:
    code: int = error.exit_code
{reveals}
"""
WRONG = """
import beam_deid
import polars as pl

beam_deid.deidentify(pl.DataFrame(), "policy.yaml", relese="out")
text: str = beam_deid.deidentify(pl.DataFrame(), "policy.yaml").data
beam_deid.run("policy.yaml", "a.parquet")
beam_deid.nothing
"""


def in_a_process(code, **environment):
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ, **environment}
    )
    return found.stdout


def test_importing_it_loads_nothing_heavy():
    code = f"import sys, json, beam_deid; print(json.dumps([one for one in {HEAVY!r} if one in sys.modules]))"
    assert json.loads(in_a_process(code)) == []


def test_its_errors_are_loaded_without_anything_heavy():
    code = f"import sys, json, beam_deid; beam_deid.DeidError; print(json.dumps([one for one in {HEAVY!r} if one in sys.modules]))"
    assert json.loads(in_a_process(code)) == []


@pytest.mark.parametrize("package", [beam_deid, beam_deid.pipelines.api], ids=lambda one: one.__name__)
def test_every_name_is_there_and_documented(package):
    assert package.__all__ == sorted(package.__all__)
    assert set(package.__all__) <= set(dir(package))
    for name in package.__all__:
        assert inspect.getdoc(getattr(package, name)), name
    with pytest.raises(AttributeError):
        _ = package.nothing


def test_every_error_of_the_library_is_a_name_of_it():
    assert {*errors.ERRORS, "DeidError"} <= set(beam_deid.__all__)


def checked(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What mypy says of somebody's module, in a folder that knows nothing of this repository."""
    (folder / "theirs.py").write_text(text, "utf-8")
    path = Path(beam_deid.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(folder / "cache"), "theirs.py"],
        cwd=folder,
        env={**os.environ, "MYPYPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow("mypy reads the package")
def test_type_checkers_see_every_public_name(tmp_path):
    pytest.importorskip("mypy")
    names = beam_deid.__all__
    reveals = "\n".join(f"reveal_type({name})" for name in names)
    found = checked(SNIPPET.format(names=", ".join(names), reveals=reveals), tmp_path)
    own = [line for line in found.stdout.splitlines() if line.startswith("theirs.py")]
    assert not [line for line in own if ": error:" in line], found.stdout
    revealed = [line for line in own if "Revealed type" in line]
    assert len(revealed) == len(names)
    assert not [line for line in revealed if '"Any"' in line]


@pytest.mark.slow("mypy reads the package")
def test_type_checkers_see_what_is_wrong(tmp_path):
    pytest.importorskip("mypy")
    found = checked(WRONG, tmp_path)
    wrong = [line for line in found.stdout.splitlines() if line.startswith("theirs.py") and ": error:" in line]
    assert [line.split(":")[1] for line in wrong] == ["5", "6", "7", "8"], found.stdout
