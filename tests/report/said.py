"""What a section says, as plain texts: in English, or in another language as the writers of documents have it."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from beam_deid.pipelines.report.blocks import Grid, Section


def texts(block: Any) -> Iterator[str]:
    """All texts of a block or a section."""
    if isinstance(block, str):
        yield block
    elif is_dataclass(block):
        for one in fields(block):
            yield from texts(getattr(block, one.name))
    elif isinstance(block, list | tuple):
        for one in block:
            yield from texts(one)


def grids(section: Section) -> list[Grid]:
    """The tables of a section, wherever they stand in it."""
    return [one for one in _blocks(section) if isinstance(one, Grid)]


def _blocks(holder: Any) -> Iterator[Any]:
    for one in getattr(holder, "blocks", ()):
        yield one
        yield from _blocks(one)


def rows(section: Section) -> dict[str, tuple[str, ...]]:
    """The rows of all tables by their first cells."""
    return {row[0]: tuple(row[1:]) for grid in grids(section) for row in grid.rows}
