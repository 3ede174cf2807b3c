"""``beam-deid report``: pages and documents for a person about what was published, made from what was left there."""

import hashlib
from collections.abc import Sequence
from typing import Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_folder
from beam_deid.pipelines.language.chosen import BOTH, LANGUAGES, PAGE_LANGUAGES
from beam_deid.pipelines.language.words import spoken
from beam_deid.pipelines.report_documents import document_options, see_options, write_asked


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid report out
  beam-deid report out --lang zh --output for-the-lawyer
  beam-deid report s3://bucket/out --release analytics --output reports
  beam-deid report out --document pipia --output pipia.docx
  beam-deid report out --document pipia --headings iso27559 --format md --output drafts
  beam-deid report out --document record --output record.json
  beam-deid report out --document annex --recipient 'First Service Agency Ltd.' --output annex.docx

Exit codes: 0 written; 1 what lies there is not what was published, or it cannot be written; 2 usage.""",
)
@click.argument("folder", metavar="OUT", shell_complete=complete_folder)
@document_options
@click.option("--release", "named", metavar="NAME", help="Only what is about this release.")
@click.option(
    "--output",
    "-o",
    "place",
    metavar="DIR|FILE",
    help="Where it goes. Pages: a folder in place of OUT, and an earlier report.html there is replaced.",
    shell_complete=complete_folder,
)
@click.option(
    "--lang",
    type=click.Choice((*LANGUAGES, BOTH)),
    help="Language of what is written, and of what is shown here. Default: pages both on one, as a run writes them; documents in "
    "the language of the call. Documents in both are two files.",
)
@options.json_option
def report(
    folder: str,
    document: str | None,
    named: str | None,
    place: str | None,
    lang: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Write pages about the releases in OUT, or the drafts of documents that the law asks for.

    They are made of label.json, run.json and policy.yaml alone. No data is read, and none is in them: names of columns, figures
    and levels are. A run writes the same pages, byte for byte, where --lang is not given. Nothing else in OUT is touched.
    """
    from beam_deid.pipelines.views.report import show_written

    see_options(document, **given)
    if document is None:
        written = _pages(folder, named, place, PAGE_LANGUAGES if lang in (None, BOTH) else (lang,))
    else:
        languages = LANGUAGES if lang == BOTH else (lang or spoken(),)
        written = write_asked(folder, place, languages, document=document, release=named, **given)
    show_written(output.console(as_json), list(written))
    if as_json:
        what = "pages" if document is None else "documents"
        output.emit({what: [_told(path, content) for path, content in written.items()]})


def _pages(folder: str, named: str | None, place: str | None, languages: Sequence[str]) -> dict[str, bytes]:
    """Write pages, and say where each is, with its bytes."""
    from beam_deid.pipelines.report.writing import chosen_pages, write_beside, write_into

    if place is None:
        return write_beside(folder, named, languages)
    return write_into(place, chosen_pages(folder, named, languages))


def _told(path: str, content: bytes) -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
