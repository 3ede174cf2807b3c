"""The page's table of actions is made from what the actions say of themselves."""

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.table import MARK, actions_table

from ..kit.pages import ROOT, needs_pages

PAGE = ROOT / "transforms" / "actions" / "README.md"


@needs_pages
def test_the_page_holds_it_between_its_marks() -> None:
    """Regenerate: ``python -m tests.tables``."""
    _, held, _ = PAGE.read_text("utf-8").split(MARK)
    assert held == f"\n{actions_table()}"


def test_every_action_has_a_row_that_begins_with_its_name() -> None:
    rows = [row.split(" | ")[0] for row in actions_table().splitlines()[2:]]
    assert [row for row in rows if ":" not in row] == [f"| `{action.name}`" for action in ACTIONS]
