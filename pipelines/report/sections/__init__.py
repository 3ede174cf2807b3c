"""The sections of a release's page, a file each, in the order in which they stand."""

from collections.abc import Callable

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections import difference, figures, grade

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    difference.section,
    grade.section,
    figures.section,
)
"""What each section says of a release; None where there is nothing to say."""
