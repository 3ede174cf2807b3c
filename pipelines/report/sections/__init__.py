"""What a page says, a file for each part; each says None where there is nothing to say.

`SECTIONS` stand on the page of a release, which travels with its data: nothing in them names an operator, a host, a recipient, an
approver or an input file. `OF_RUN` stand on the index page and in documents, which stay with whoever made the run.
"""

from collections.abc import Callable, Sequence

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections import (
    accountability,
    attribute_sets,
    categories,
    difference,
    fields,
    figures,
    flow,
    for_recipient,
    grade,
    groups,
    lines,
    loss,
    persons,
    recipients,
    sensitive,
    statement,
    to_fill_in,
    verdict,
)

SECTIONS: tuple[Callable[[Evidence], Section | None], ...] = (
    verdict.section,
    lines.section,
    fields.section,
    groups.section,
    attribute_sets.section,
    loss.section,
    flow.section,
    sensitive.section,
    categories.section,
    for_recipient.section,
    difference.section,
    grade.section,
    figures.section,
    statement.section,
    to_fill_in.section,
)
"""The sections of a release's page, in the order in which they stand."""

OF_RUN: tuple[Callable[[Sequence[Evidence]], Section | None], ...] = (
    persons.section,
    recipients.section,
    accountability.section,
)
"""The sections about a whole run."""
