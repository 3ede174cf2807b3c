"""Options of ``beam-deid report`` for the documents that the law asks for, and what they do."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from beam_deid.transforms.errors import UsageError

KINDS = ("pipia", "record", "annex")
HEADINGS = ("pipia", "iso27559", "ico")
FORMS = ("docx", "md")

Called = Callable[..., Any]

_OPTIONS = (
    click.option(
        "--document",
        type=click.Choice(KINDS),
        help="A document instead of pages. pipia: draft of an impact assessment (PIPL Art. 55, 56) of the whole run; record: "
        "record of the processing, JSON; annex: annex on entrusted processing for each recipient (Art. 21).",
    ),
    click.option(
        "--headings",
        type=click.Choice(HEADINGS),
        help="Whose headings the assessment has: pipia, of GB/T 39335-2020 and PIPL; iso27559, of ISO/IEC 27559:2022; ico, of the "
        "guidance of the Information Commissioner's Office. Default: pipia.",
    ),
    click.option("--format", "form", type=click.Choice(FORMS), help="What a document is written as. Default: docx."),
    click.option("--recipient", metavar="NAME", help="Of annexes, only that of this recipient."),
    click.option("--overwrite", is_flag=True, help="Replace documents that are there, and what was filled in in them."),
)


def document_options(command: Called) -> Called:
    """The options of documents."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def see_options(document: str | None, **given: Any) -> None:
    """See that no option is given that the document has no use for.

    Args:
        document: The document; None for pages.
        given: The options by their names, None or False where they are not given.

    Raises:
        UsageError: One is.
    """
    fitting = {
        "headings": ("pipia",),
        "form": ("pipia", "annex"),
        "recipient": ("annex",),
        "overwrite": KINDS,
    }
    for name, value in given.items():
        if value and document not in fitting[name]:
            option = "--format" if name == "form" else f"--{name}"
            needed = " or ".join(fitting[name])
            raise UsageError(f"{option} goes with --document {needed}", "report", "Leave it out, or name that document")


def write_asked(
    folder: str,
    place: str | None,
    languages: Sequence[str],
    *,
    document: str,
    headings: str | None,
    form: str | None,
    release: str | None,
    recipient: str | None,
    overwrite: bool,
) -> dict[str, bytes]:
    """Make the documents that a call asks for, and write them.

    Args:
        folder: The output of the run.
        place: The file or the folder in which they go.
        languages: The languages, a file for each.
        document: The document.
        headings: The set of headings.
        form: What it is written as.
        release: The release that it is about.
        recipient: The recipient that it is for.
        overwrite: Whether what is there is replaced.

    Returns:
        The bytes by the path at which they are, as a person knows it.

    Raises:
        OutputError: They cannot be written.
        UsageError: There is no run, or nothing of what is asked for.
    """
    from beam_deid.pipelines.report.documents.making import Asked, Form, Kind, documents
    from beam_deid.pipelines.report.documents.writing import write_documents
    from beam_deid.pipelines.report.reading import read_evidence

    if place is None:
        raise UsageError("a document needs a place", "report", "Name a file or a folder: --output DIR")
    found = read_evidence(folder)
    if not found:
        raise UsageError("no release is published here any more", folder, "run.json says why")
    asked = Asked(Kind(document), headings or HEADINGS[0], Form(form or FORMS[0]), release, recipient, languages)
    return write_documents(place, documents(found, asked), overwrite)
