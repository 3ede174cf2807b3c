"""README's table of objectives is made from `OBJECTIVES`."""

from pathlib import Path

import pytest

from beam_deid.transforms.search.documented import MARK, objectives_table
from beam_deid.transforms.search.objectives import OBJECTIVES

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.skipif(not README.exists(), reason="README.md is not here: this is no checkout")
def test_readme_holds_it_between_its_marks() -> None:
    """Regenerate: ``python -m tests.tables``."""
    _, held, _ = README.read_text("utf-8").split(MARK)
    assert held == f"\n{objectives_table()}"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_says_what_it_minimizes_and_who_proposed_it(name: str) -> None:
    one = OBJECTIVES[name]
    assert one.name == name
    assert one.words
    assert not one.words.endswith(".")
    assert one.source
