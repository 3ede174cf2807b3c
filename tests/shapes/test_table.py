"""The table of shapes says what is so: each has tests, which are there, and no shape of the shared cases lacks."""

import ast
import re
from pathlib import Path

import pytest

from beam_deid.pipelines.cli import call

from ..kit.shared import SHAPES, needs_shapes

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"^\| (?P<shape>\d\d-[\w-]+) \| (?P<was>[^|]+) \| (?P<now>[^|]+) \| (?P<tests>[^|]+) \|$")
TABLE = [
    found
    for line in (Path(__file__).parent / "README.md").read_text("utf-8").splitlines()
    if (found := ROW.match(line))
]


def test_there_are_all_shapes():
    assert len({row["shape"] for row in TABLE}) == len(TABLE) == 37


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["shape"])
def test_a_shape_has_tests_that_are_there(row):
    named = re.findall(r"`([^`]+)::([^`]+)`", row["tests"])
    assert named
    for file, name in named:
        tree = ast.parse((TESTS / file).read_text("utf-8"))
        assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}


@needs_shapes
def test_no_shape_of_the_shared_files_lacks():
    assert {row["shape"] for row in TABLE} == {path.name for path in SHAPES.iterdir() if path.is_dir()}


def files():
    """The shared files, and folders of files, but for what describes them."""
    listed = sorted(path for folder in SHAPES.glob("*-*") for path in folder.iterdir()) if SHAPES.exists() else []
    return [path for path in listed if path.suffix not in (".md", ".sh", ".py", ".yaml")]


@needs_shapes
@pytest.mark.slow("a draft of each shared file")
@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_shared_file_is_drafted_or_refused(path, capsys):
    code = call(["profile", "-i", str(path)])
    told = capsys.readouterr()
    assert "unforeseen" not in told.err
    assert (code, bool(told.out)) in {(0, True), (2, False), (3, False)}
