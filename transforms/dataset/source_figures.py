"""The figures of a label, measured again on its source's records and compared."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from beam_deid.transforms.candidate.candidate import Candidate
from beam_deid.transforms.candidate.openings import RowLevels
from beam_deid.transforms.dataset.source_records import SourceRecords
from beam_deid.transforms.label.documents import plain
from beam_deid.transforms.label.requirements import planned
from beam_deid.transforms.label.rule import figure_of, test_of
from beam_deid.transforms.risk.histogram import Counts

LINES = (3, 4, 5, 6)
"""The lines of the label rule that rest on the released rows and on whose they are, and on nothing else."""

_NEAR = 1e-9
"""Relative difference below which two figures are one; labels tell ten digits."""


@dataclass(frozen=True)
class ProvedFigures:
    """The figures of a label beside those that follow from its release and its source.

    Attributes:
        proved: Names of the figures that agree, as ``risk.k`` and ``tests.k``.
        differing: Those that do not: by name what the label says, and what follows.
        reason: Why none could be measured; empty where they were.
    """

    proved: tuple[str, ...] = ()
    differing: Mapping[str, tuple[Any, Any]] | None = None
    reason: str = ""


def prove_figures(source: SourceRecords, levels: RowLevels, left: Counts, label: Mapping[str, Any]) -> ProvedFigures:
    """Measure again what a label says of its classes and persons.

    Args:
        source: The source's records, n cells.
        levels: The levels at which they are released.
        left: Records of each cell that are released, shape (n,).
        label: The content of ``label.json``.
    """
    seen = Candidate(source.data, levels, left)
    told = {f"risk.{name}": value for name, value in label["risk"].items()}
    told |= {f"tests.{test['name']}": _said(test) for test in label["tests"] if test["line"] in LINES}
    found = {f"risk.{name}": value for name, value in plain(seen.risk.to_document()).items()}
    found |= dict(_tests(seen))
    names = [*told, *(name for name in found if name not in told)]
    differing = {name: (told.get(name), found.get(name)) for name in names if not same(told.get(name), found.get(name))}
    return ProvedFigures(tuple(name for name in names if name not in differing), differing)


def _tests(seen: Candidate) -> Iterator[tuple[str, Any]]:
    for requirement, asked in planned(seen.scope):
        if asked.line in LINES:
            test = test_of(asked, figure_of(requirement, asked, seen))
            yield f"tests.{test.name}", _said({"measured": test.measured, "limit": test.limit, "passed": test.passed})


def _said(test: Mapping[str, Any]) -> dict[str, Any]:
    return {name: test[name] for name in ("measured", "limit", "passed")}


def same(told: Any, found: Any) -> bool:
    """Whether two figures are one: numbers but for rounding, and what is made of numbers part by part."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        return told.keys() == found.keys() and all(same(told[name], found[name]) for name in told)
    if isinstance(told, list) and isinstance(found, list):
        return len(told) == len(found) and all(map(same, told, found))
    if isinstance(told, float | int) and isinstance(found, float | int) and bool not in (type(told), type(found)):
        return math.isclose(told, found, rel_tol=_NEAR, abs_tol=_NEAR)
    return type(told) is type(found) and bool(told == found)
