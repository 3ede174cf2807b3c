"""The sections of a release's report: one file each, each made from the evidence, all of them in `SECTIONS` in their order."""

from collections.abc import Callable

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.lines import section as lines
from beam_deid.pipelines.report.sections.statement import section as statement
from beam_deid.pipelines.report.sections.verdict import section as verdict

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    verdict,
    lines,
    statement,
)
"""All sections. One that has nothing to say of a release is None."""
