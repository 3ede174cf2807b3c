"""The page of the Python API: every block is a pipeline of somebody else's shape, is short, and works when it is pasted."""

import subprocess
import sys

import pytest

from ...kit.pages import ROOT, blocks, needs_pages

pytestmark = needs_pages

PAGE = ROOT / "pipelines" / "api" / "README.md"
BLOCKS = blocks(PAGE, "python") if PAGE.exists() else []
SAYS = {
    "pandas": ["anonymized ()", "1980-1989", "1000 1000 0"],
    "polars": ["shape: ("],
    "pyarrow": ["b'anonymized'"],
    "if __name__": ["cities anonymized 300", "part-00000.parquet"],
}
"""What blocks print, by a word of theirs."""


def of(block):
    return next(word for word in reversed(SAYS) if word in block)


@pytest.mark.parametrize("block", BLOCKS, ids=of)
def test_a_block_works_when_it_is_pasted(block, tmp_path):
    (tmp_path / "pasted.py").write_text(block, "utf-8")
    done = subprocess.run(
        [sys.executable, "pasted.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert all(said in done.stdout for said in SAYS[of(block)]), done.stdout


def test_every_way_has_a_block_of_at_most_thirty_lines():
    assert {of(block) for block in BLOCKS} == set(SAYS)
    assert max(len(block.splitlines()) for block in BLOCKS) <= 30
