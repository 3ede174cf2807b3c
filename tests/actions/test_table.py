"""README's table of actions is made from what the actions say of themselves."""

from pathlib import Path

import pytest

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.table import MARK, actions_table

README = Path(__file__).parents[2] / "README.md"


@pytest.mark.skipif(not README.exists(), reason="README.md is not here: this is no checkout")
def test_readme_holds_it_between_its_marks() -> None:
    """Regenerate: ``python -m tests.tables``."""
    _, held, _ = README.read_text("utf-8").split(MARK)
    assert held == f"\n{actions_table()}"


def test_every_action_has_a_row_that_begins_with_its_name() -> None:
    rows = [row.split(" | ")[0] for row in actions_table().splitlines()[2:]]
    assert [row for row in rows if ":" not in row] == [f"| `{action.name}`" for action in ACTIONS]
