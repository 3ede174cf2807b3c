"""What a page says, a file for each part; each says None where there is nothing to say.

`SECTIONS` stand on the page of a release, which travels with its data: nothing in them names an operator, a host, a recipient, an
approver or an input file. `OF_RUN` stand on the index page and in documents, which stay with whoever made the run.
"""

from collections.abc import Callable, Sequence

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.accountability import section as accountability
from beam_deid.pipelines.report.sections.attribute_sets import section as attribute_sets
from beam_deid.pipelines.report.sections.categories import section as categories
from beam_deid.pipelines.report.sections.difference import section as difference
from beam_deid.pipelines.report.sections.fields import section as fields
from beam_deid.pipelines.report.sections.figures import section as figures
from beam_deid.pipelines.report.sections.flow import section as flow
from beam_deid.pipelines.report.sections.for_recipient import section as for_recipient
from beam_deid.pipelines.report.sections.grade import section as grade
from beam_deid.pipelines.report.sections.groups import section as groups
from beam_deid.pipelines.report.sections.lines import section as lines
from beam_deid.pipelines.report.sections.loss import section as loss
from beam_deid.pipelines.report.sections.persons import section as persons
from beam_deid.pipelines.report.sections.recipients import section as recipients
from beam_deid.pipelines.report.sections.sensitive import section as sensitive
from beam_deid.pipelines.report.sections.statement import section as statement
from beam_deid.pipelines.report.sections.to_fill_in import section as to_fill_in
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
    categories,
    for_recipient,
    difference,
    grade,
    figures,
    statement,
    to_fill_in,
)
"""The sections of a release's page, in the order in which they stand."""

OF_RUN: tuple[Callable[[Sequence[Evidence]], Section | None], ...] = (persons, recipients, accountability)
"""The sections about a whole run."""
