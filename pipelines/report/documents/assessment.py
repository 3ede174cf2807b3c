"""The draft of an impact assessment: one evidence under the headings of a law or a standard."""

from collections.abc import Iterator, Sequence

from beam_deid.pipelines.report.blocks import Block, Document, Fill, Section
from beam_deid.pipelines.report.documents.contents import CONTENTS
from beam_deid.pipelines.report.documents.headings import Headings, Part, headings
from beam_deid.pipelines.report.documents.whole_run import WholeRun
from beam_deid.pipelines.report.evidence import Evidence


def assessment(evidences: Sequence[Evidence], under: str) -> Document:
    """Draft the assessment of a run with all its releases.

    Args:
        evidences: What is known of each release; one at least.
        under: The set of headings, one of `headings.SETS`.
    """
    whole = WholeRun(evidences)
    found = headings(under)
    return Document(found.title.said, list(_sections(found, whole)))


def _sections(found: Headings, whole: WholeRun) -> Iterator[Section]:
    for number, part in enumerate(found.parts):
        yield Section(f"{found.name}-{number}", part.heading, list(_blocks(part, whole)), part.level)


def _blocks(part: Part, whole: WholeRun) -> Iterator[Block]:
    for name in part.contents:
        yield from CONTENTS[name](whole)
    yield from (Fill(asked.said) for asked in part.asks)
