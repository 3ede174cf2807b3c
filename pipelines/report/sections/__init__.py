"""What a page says, a file for each part; each says None where there is nothing to say.

`SECTIONS` stand on the page of a release, which travels with its data: nothing in them names an operator, a host, a recipient, an
approver or an input file. `OF_RUN` stand on the index page and in documents, which stay with whoever made the run.
"""

from collections.abc import Callable

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.attribute_sets import section as attribute_sets
from beam_deid.pipelines.report.sections.fields import section as fields
from beam_deid.pipelines.report.sections.flow import section as flow
from beam_deid.pipelines.report.sections.groups import section as groups
from beam_deid.pipelines.report.sections.lines import section as lines
from beam_deid.pipelines.report.sections.loss import section as loss
from beam_deid.pipelines.report.sections.sensitive import section as sensitive
from beam_deid.pipelines.report.sections.statement import section as statement
from beam_deid.pipelines.report.sections.verdict import section as verdict

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    verdict,
    lines,
    fields,
    groups,
    attribute_sets,
    loss,
    flow,
    sensitive,
    statement,
)
"""The sections of a release's page, in the order in which they stand."""
