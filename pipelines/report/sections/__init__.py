"""The sections of a release's page, a file each, in the order in which they stand."""

from collections.abc import Callable

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections import attribute_sets, fields, flow, groups, loss, sensitive

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    fields.section,
    groups.section,
    attribute_sets.section,
    loss.section,
    flow.section,
    sensitive.section,
)
"""What each section says of a release; None where there is nothing to say."""
