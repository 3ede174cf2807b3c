"""The sections of a release's report: one file each, each made from the evidence, all of them in `SECTIONS` in their order."""

from collections.abc import Callable

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.attribute_sets import section as attribute_sets
from beam_deid.pipelines.report.sections.fields import section as fields
from beam_deid.pipelines.report.sections.flow import section as flow
from beam_deid.pipelines.report.sections.groups import section as groups
from beam_deid.pipelines.report.sections.loss import section as loss
from beam_deid.pipelines.report.sections.sensitive import section as sensitive

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    fields,
    groups,
    attribute_sets,
    loss,
    flow,
    sensitive,
)
"""All sections. One that has nothing to say of a release is None."""
