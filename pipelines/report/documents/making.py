"""Documents made from a run's evidence: their names, and their bytes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from beam_deid.pipelines.language.chosen import CHINESE
from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.blocks import Document
from beam_deid.pipelines.report.documents.annex import annex_document, annexes
from beam_deid.pipelines.report.documents.assessment import assessment
from beam_deid.pipelines.report.documents.headings import SETS
from beam_deid.pipelines.report.documents.markdown import as_markdown
from beam_deid.pipelines.report.documents.record import record_of_processing
from beam_deid.pipelines.report.documents.whole_run import WholeRun, names_of
from beam_deid.pipelines.report.documents.word import as_docx
from beam_deid.pipelines.report.evidence import Evidence
from beam_deid.transforms.errors import UsageError
from beam_deid.transforms.label.documents import to_bytes
from beam_deid.transforms.names import NAMES
from beam_deid.transforms.policy.nearest import instead
from beam_deid.transforms.terms import Word


class Kind(Word):
    """What document is made."""

    PIPIA = "pipia"
    RECORD = "record"
    ANNEX = "annex"


class Form(Word):
    """What a document for a person is written as."""

    DOCX = "docx"
    MARKDOWN = "md"


@dataclass(frozen=True)
class Asked:
    """What is asked for.

    Attributes:
        kind: The document.
        headings: Of an assessment, the set of headings.
        form: What it is written as; a record is JSON whatever this says.
        release: The release that it is about; the whole run if not given.
        recipient: Of an annex, the recipient; all that something is entrusted to if not given.
        languages: The languages, one file for each; a record has all in one.
    """

    kind: Kind
    headings: str = SETS[0]
    form: Form = Form.DOCX
    release: str | None = None
    recipient: str | None = None
    languages: Sequence[str] = (CHINESE,)


def documents(evidences: Sequence[Evidence], asked: Asked) -> dict[str, bytes]:
    """Make what is asked for.

    Args:
        evidences: What is known of each release of a run.
        asked: What is asked for.

    Returns:
        The bytes of each file, by its name.

    Raises:
        UsageError: There is no such release, or no such recipient.
    """
    about = _of_release(evidences, asked.release)
    if asked.kind is Kind.RECORD:
        return {"record.json": to_bytes(record_of_processing(about))}
    with NAMES.only(names_of(about)):  # whatever else this process has met, the same documents
        return _written(about, asked)


def _written(evidences: Sequence[Evidence], asked: Asked) -> dict[str, bytes]:
    whole = WholeRun(evidences)
    footer = f"Draft of run {whole.id}, kept until {whole.kept_until}. Nothing in it says that a law is met."
    found = {}
    for name, document in _drafts(evidences, asked):
        for language in asked.languages:
            mark = f".{language}" if len(asked.languages) > 1 else ""
            with spoken_in(language):
                written = (
                    as_markdown(document) if asked.form is Form.MARKDOWN else as_docx(document, whole.ended_at, footer)
                )
            found[f"{name}{mark}.{asked.form}"] = written
    return found


def _of_release(evidences: Sequence[Evidence], release: str | None) -> Sequence[Evidence]:
    """The evidence of one release, or of all."""
    names = [one.name for one in evidences]
    if release is None:
        return evidences
    if release not in names:
        raise UsageError(f"there is no release {release} here", "--release", instead(release, names))
    return [one for one in evidences if one.name == release]


def _drafts(evidences: Sequence[Evidence], asked: Asked) -> Iterator[tuple[str, Document]]:
    if asked.kind is Kind.PIPIA:
        yield asked.headings, assessment(evidences, asked.headings)
        return
    found = annexes(evidences, asked.recipient)
    for number, annex in enumerate(found, 1):
        yield "annex" if len(found) == 1 else f"annex-{number}", annex_document(annex)
