"""Write the tables of pages that are made from the code: ``python -m tests.tables``, after something was added or reworded."""

from collections.abc import Callable
from pathlib import Path

from beam_deid.pipelines.report.documents import documented as headings
from beam_deid.transforms.actions import table as actions
from beam_deid.transforms.label import table as requirements
from beam_deid.transforms.search import documented as objectives

ROOT = Path(__file__).parent.parent
ROOMS = ROOT / "transforms"
TABLES: tuple[tuple[Path, str, Callable[[], str]], ...] = (
    (ROOMS / "actions" / "README.md", actions.MARK, actions.actions_table),
    (ROOMS / "label" / "README.md", requirements.MARK, requirements.requirements_table),
    (ROOT / "pipelines" / "report" / "documents" / "README.md", headings.MARK, headings.headings_table),
    (ROOMS / "search" / "README.md", objectives.MARK, objectives.objectives_table),
)
"""The page of each table, the mark that stands before and behind it there, and what makes it."""


def with_table(text: str, mark: str, table: str) -> str:
    """A page with its table as it should be."""
    before, _, behind = text.split(mark)
    return f"{before}{mark}\n{table}{mark}{behind}"


if __name__ == "__main__":
    for page, mark, table in TABLES:
        page.write_text(with_table(page.read_text("utf-8"), mark, table()), "utf-8")
