"""The table of objectives as documentation shows it, made from `OBJECTIVES`."""

from beam_deid.transforms.search.objectives import OBJECTIVES

MARK = "<!-- objectives -->"
"""What stands before and after the table in README.md beside this file."""


def objectives_table() -> str:
    """A table in Markdown, a row for each objective, the default first; ends with a line break."""
    rows = [("`objective`", "minimized metric", "source"), ("---",) * 3]
    rows += [(f"`{one.name}`", one.words, one.source) for one in OBJECTIVES.values()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)
