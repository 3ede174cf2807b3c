"""Figures as a page shows them. They are the same in every language, and no rounding hides on which side of a limit one is."""

from beam_deid.pipelines.report.blocks import Verbatim
from beam_deid.transforms.label.requirements import REQUIREMENTS
from beam_deid.transforms.label.requirements.requirement import Compare, Requirement

NOT_MEASURED = "not measured"
_SIGNS = {Compare.AT_LEAST: "≥", Compare.AT_MOST: "≤", Compare.BELOW: "<"}
_BY_NAME = {one.name: one for one in REQUIREMENTS}


def requirement_of(test: str) -> Requirement | None:
    """The requirement that a test of a label is made from; None for one that this version does not know.

    Args:
        test: The test's name, with what it is about.
    """
    return _BY_NAME.get(test.partition(":")[0])


def count(number: int) -> Verbatim:
    """A number of things."""
    return Verbatim(f"{number:,}")


def amount(number: float | None, digits: int = 4) -> str:
    """A figure with some digits that count."""
    if number is None:
        return NOT_MEASURED
    if float(number).is_integer():
        return Verbatim(f"{int(number):,}")
    return Verbatim(f"{number:.{digits}g}")


def share(number: float | None, digits: int = 3) -> str:
    """A share of one, in per cent."""
    return NOT_MEASURED if number is None else Verbatim(f"{number * 100:.{digits}g}%")


def measured_and_limit(test: str, measured: float | None, limit: float | None) -> tuple[str, str]:
    """What was measured and what was asked, as shares where people read them so.

    Args:
        test: The test's name.
        measured: What was measured.
        limit: What it was compared with.
    """
    requirement = requirement_of(test)
    written = share if requirement is not None and requirement.is_share else amount
    told = written(measured)
    asked = written(limit)
    if told == asked and measured != limit:  # the rounded one would hide on which side it is
        told = written(measured, 16)
    if limit is None or requirement is None or (limit == 0 and requirement.compare is Compare.AT_MOST):
        return told, asked
    return told, Verbatim(f"{_SIGNS[requirement.compare]}\N{NO-BREAK SPACE}{asked}")
