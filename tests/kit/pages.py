"""The pages that a reader of this repository is sent to, and a shell to paste their commands into."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .forked import install

ROOT = Path(__file__).parents[2]
FOLDERS = ("configs", "pipelines", "transforms", "tests")
README = ROOT / "README.md"
CHINESE = ROOT / "README.zh-CN.md"
PAGES = sorted([*ROOT.glob("README*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("README.md"))])
"""All of them, the first page in both languages among them."""

needs_pages = pytest.mark.skipif(not README.exists(), reason="README.md is not here: this is no checkout")


def name_of(page: Path) -> str:
    """The path of a page in the repository."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str, mark: str = "") -> list[str]:
    """The fenced blocks of a page that are in a language and have this mark above them; without a mark those that have none."""
    fenced = rf"^(?:<!-- ([a-z0-9 ]+) -->\n)?```{language}\n(.*?)^```$"
    found = re.findall(fenced, page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return [block for marked, block in found if marked == mark]


_PROGRAM = 'import sys; sys.argv[0] = ".venv/bin/beam-deid"; from beam_deid.pipelines.cli import main; main()'
"""What an installed program does, which calls itself as it was typed."""


def paste(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run commands in a folder that has the pages' `.venv/bin`, and the repository's `configs`."""
    programs = folder / ".venv" / "bin"
    install(programs / "beam-deid", _PROGRAM)
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o700)
    (folder / "configs").symlink_to(ROOT / "configs")
    # PYTHONPATH is made absolute: the commands run in another folder.
    path = os.pathsep.join(
        str(Path(one).resolve()) for one in os.environ.get("PYTHONPATH", "").split(os.pathsep) if one
    )
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
