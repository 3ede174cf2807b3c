"""The table of headings as documentation shows it, made from the sets: one evidence under each of them."""

import inspect
from collections.abc import Iterator

from beam_deid.pipelines.report.documents.contents import CONTENTS
from beam_deid.pipelines.report.documents.headings import SETS, headings

MARK = "<!-- headings -->"
"""What stands before and after the table in README.md beside this file."""

_TITLES = {"pipia": "GB/T 39335-2020, PIPL", "iso27559": "ISO/IEC 27559:2022", "ico": "ICO guidance (2025)"}


def headings_table() -> str:
    """A table in Markdown, a row for each content and those that only a person fills in; ends with a line break."""
    rows = [("what the evidence fills in", *(_TITLES[name] for name in SETS)), ("---",) * (len(SETS) + 1), *_rows()]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _rows() -> Iterator[tuple[str, ...]]:
    for name, content in CONTENTS.items():
        told = (inspect.getdoc(content) or "").partition("\n")[0].rstrip(".")
        yield told, *(", ".join(_using(one, name)) or "–" for one in SETS)
    yield "(a person alone)", *(", ".join(_by_person(one)) or "–" for one in SETS)


def _using(name: str, content: str) -> Iterator[str]:
    """The headings of a set that a content stands under."""
    yield from (one.heading for one in headings(name).parts if content in one.contents)


def _by_person(name: str) -> Iterator[str]:
    """The headings of a set that the evidence fills nothing in under."""
    yield from (one.heading for one in headings(name).parts if one.asks and not one.contents)
