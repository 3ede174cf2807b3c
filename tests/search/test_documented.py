"""The page's table of objectives is made from `OBJECTIVES`."""

import pytest

from beam_deid.transforms.search.documented import MARK, objectives_table
from beam_deid.transforms.search.objectives import OBJECTIVES

from ..kit.pages import ROOT, needs_pages

PAGE = ROOT / "transforms" / "search" / "README.md"


@needs_pages
def test_the_page_holds_it_between_its_marks() -> None:
    """Regenerate: ``python -m tests.tables``."""
    _, held, _ = PAGE.read_text("utf-8").split(MARK)
    assert held == f"\n{objectives_table()}"


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_says_what_it_minimizes_and_who_proposed_it(name: str) -> None:
    one = OBJECTIVES[name]
    assert one.name == name
    assert one.words
    assert not one.words.endswith(".")
    assert one.source
