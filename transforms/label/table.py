"""The table of requirements as documentation shows it, made from `REQUIREMENTS`."""

from collections.abc import Iterable, Iterator

from beam_deid.transforms.label.lines import LINES
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.requirements.requirement import Compare, Requirement

MARK = "<!-- requirements -->"
"""What stands before and after the table in README.md beside this file."""

_HEADINGS = (
    "line",
    "test in `label.json`",
    "what is measured",
    "limit in public, controlled, enclave sharing",
    "source",
    "under `require`",
)
_SIGNS = {Compare.AT_LEAST: "≥", Compare.AT_MOST: "≤", Compare.BELOW: "<"}


def requirements_table(requirements: Iterable[Requirement] = REQUIREMENTS) -> str:
    """A table in Markdown, a row for each requirement, by the lines of the label rule; ends with a line break."""
    rows = [_HEADINGS, ("---",) * len(_HEADINGS), *_rows(sorted(requirements, key=lambda one: one.line))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def _rows(requirements: Iterable[Requirement]) -> Iterator[tuple[str, ...]]:
    for one in requirements:
        name = f"{one.name}:{one.target}" if one.target else one.name
        source = one.default.source if one.default else one.source
        option = one.example or (one.option.name if one.option else "")
        option = f"`{option}`" if option else ""
        cells = (f"{one.line} {LINES[one.line]}", f"`{name}`", one.words, limits_of(one), source, option)
        yield tuple(cell.replace("|", "\\|") for cell in cells)


def limits_of(one: Requirement) -> str:
    """The limit of a requirement by sharing model, in signs."""
    if one.default is None:
        return f"{_SIGNS[one.compare]} what a policy asks"
    values = list(dict.fromkeys(f"{one.default[sharing]:g}" for sharing in one.sharings))
    if len(values) > 1:
        values = [f"{one.default[sharing]:g}" for sharing in one.sharings]
    sign = "" if one.compare is Compare.AT_MOST and values == ["0"] else f"{_SIGNS[one.compare]} "
    return f"{sign}{', '.join(values)}"
