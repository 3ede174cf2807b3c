"""What evidence fills in under headings, by the names that the sets of headings use."""

from collections.abc import Callable, Iterator, Mapping

from beam_deid.pipelines.report.blocks import Block
from beam_deid.pipelines.report.documents.contents import about, data, parties, rights, risk
from beam_deid.pipelines.report.documents.whole_run import WholeRun

Content = Callable[[WholeRun], Iterator[Block]]

_ALL: tuple[Content, ...] = (
    *(
        about.about,
        about.releases,
        about.scope,
        about.purposes,
        about.minimum,
        about.retention,
        about.reviews,
        about.kept,
    ),
    *(data.mapping, data.sensitive_values, data.sources, data.quantities, data.scale, data.measures, data.keys),
    *(data.records, data.consent),
    *(parties.accountable, parties.recipients, parties.recipient_environment, parties.attackers),
    *(rights.triggers, rights.rights),
    *(risk.verdicts, risk.outcome, risk.figures, risk.uniques, risk.groups, risk.requirements, risk.inferences),
    *(risk.attacks, risk.not_covered, risk.changes),
)
CONTENTS: Mapping[str, Content] = {one.__name__: one for one in _ALL}
"""All contents, by name."""
