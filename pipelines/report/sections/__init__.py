"""What a page says, a file for each part; each says None where there is nothing to say.

`SECTIONS` stand on the page of a release, which travels with its data: nothing in them names an operator, a host, a recipient, an
approver or an input file. `OF_RUN` stand on the index page and in documents, which stay with whoever made the run.
"""

from collections.abc import Callable, Sequence

from beam_deid.pipelines.report.blocks import Section
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.pipelines.report.sections.accountability import section as accountability
from beam_deid.pipelines.report.sections.categories import section as categories
from beam_deid.pipelines.report.sections.for_recipient import section as for_recipient
from beam_deid.pipelines.report.sections.persons import section as persons
from beam_deid.pipelines.report.sections.recipients import section as recipients
from beam_deid.pipelines.report.sections.to_fill_in import section as to_fill_in

SECTIONS: Sequence[Callable[[Evidence], Section | None]] = (categories, for_recipient, to_fill_in)
OF_RUN: Sequence[Callable[[Sequence[Evidence]], Section | None]] = (persons, recipients, accountability)
