"""The table of actions as documentation shows it, made from what each action says of itself."""

from collections.abc import Iterable, Iterator

from beam_deid.transforms.actions import ACTIONS
from beam_deid.transforms.actions.action import Action

MARK = "<!-- actions -->"
"""What stands before and after the table in README.md beside this file."""

_HEADINGS = ("action", "does", "recoverability", "can be `anonymized`?")


def actions_table(actions: Iterable[type[Action]] = ACTIONS) -> str:
    """A table in Markdown with the rows of each action; ends with a line break."""
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *_rows(actions)]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _rows(actions: Iterable[type[Action]]) -> Iterator[tuple[str, ...]]:
    for action in actions:
        for row in action.documented:
            cells = (f"`{row.written}`", row.does, row.recoverability, row.anonymized)
            yield tuple(cell.replace("|", "\\|") for cell in cells)
