"""Write the tables of README that are made from the code: ``python -m tests.tables``, after something was added or reworded."""

from collections.abc import Callable, Mapping
from pathlib import Path

from beam_deid.transforms.actions import table as actions
from beam_deid.transforms.label import table as requirements
from beam_deid.transforms.search import documented as objectives

README = Path(__file__).parent.parent / "README.md"
TABLES: Mapping[str, Callable[[], str]] = {
    actions.MARK: actions.actions_table,
    requirements.MARK: requirements.requirements_table,
    objectives.MARK: objectives.objectives_table,
}
"""What makes each table, by the mark that stands before and behind it."""


def with_tables(text: str) -> str:
    """A README with its tables as they should be."""
    for mark, table in TABLES.items():
        before, _, behind = text.split(mark)
        text = f"{before}{mark}\n{table()}{mark}{behind}"
    return text


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
