"""The tests behind a label: what fails in full, what passes in one line, or all of them with their figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from beam_deid.pipelines.language.console import said_text
from beam_deid.pipelines.language.words import joined, said, words
from beam_deid.pipelines.views.cells import Detail, figure, mark

_WIDEST = 30  # of a test's name, so that what it means finds room in 80 columns
_MOST = 5
"""Failing tests that are shown where all must be short."""

Test = Mapping[str, Any]


def show_tests(out: Console, tests: Sequence[Test], detail: Detail, *, expected: bool = False) -> None:
    """Show tests, as ``label.json`` and ``beam-deid assess --json`` have them.

    Args:
        out: Where they are shown.
        tests: The tests.
        detail: How much of them.
        expected: Whether it is expected that some fail: then each has one line on a terminal.
    """
    if detail is Detail.ALL:
        _show_all(out, tests)
        return
    passing = sum(test["passed"] for test in tests)
    if passing:
        out.print(f"  {mark(True)} {said(_passing(passing))}")
    failing = [test for test in tests if not test["passed"]]
    most = _MOST if detail is Detail.SHORT else len(failing)
    _show_failing(out, failing[:most], cut=detail is Detail.SHORT or (expected and out.is_terminal))
    if failing[most:]:
        out.print(f"    and {len(failing) - most} more fail; --verbose shows all")


def _passing(count: int) -> str:
    return (
        "1 test passes; --verbose shows its figure"
        if count == 1
        else f"{count} tests pass; --verbose shows their figures"
    )


def _show_failing(out: Console, tests: Sequence[Test], *, cut: bool) -> None:
    grid = Table.grid(padding=(0, 1, 0, 0))
    for test in tests:
        told = said_text("", "ellipsis" if cut else "fold", no_wrap=cut)
        told.append(test["name"], "bold")
        told.append(f": {joined(said(_figures(test)), '; ', said(test['detail']))}")
        grid.add_row(" ", mark(False), told)
    if tests:
        out.print(grid)


def _figures(test: Test) -> str:
    return f"{figure(test['measured'])}, limit {figure(test['limit'])}"


def _show_all(out: Console, tests: Sequence[Test]) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("")
    test_heading, *headings = words("test", "measured", "limit", "why")
    table.add_column(test_heading, overflow="fold", max_width=_WIDEST)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for test in tests:
        name = Text(test["name"], overflow="fold")
        why = said_text(test["detail"])
        table.add_row(mark(test["passed"]), name, figure(test["measured"]), figure(test["limit"]), why)
    out.print(table)
