"""``beam-deid report``: the pages for a person about what was published, made again from what was left there."""

import hashlib
from typing import Any

import click

from beam_deid.pipelines import options, output
from beam_deid.pipelines.commands import Command
from beam_deid.pipelines.completing import complete_folder
from beam_deid.pipelines.language.chosen import BOTH, LANGUAGES


@click.command(
    cls=Command,
    epilog="""\b
Examples:
  beam-deid report out
  beam-deid report out --lang zh --output for-the-lawyer
  beam-deid report s3://bucket/out --release analytics --output reports

Exit codes: 0 written; 1 what lies there is not what was published, or it cannot be written; 2 usage.""",
)
@click.argument("folder", metavar="OUT", shell_complete=complete_folder)
@click.option("--release", "named", metavar="NAME", help="Only the page of this release.")
@click.option(
    "--output",
    "-o",
    "place",
    metavar="DIR",
    help="Where the pages go, in place of those beside the labels; an earlier report.html there is replaced.",
    shell_complete=complete_folder,
)
@click.option(
    "--lang",
    type=click.Choice((*LANGUAGES, BOTH)),
    help="Language of the pages, and of what is shown here. Default: both on one page, as a run writes them.",
)
@options.json_option
def report(folder: str, named: str | None, place: str | None, lang: str | None, as_json: bool) -> None:
    """Write the page for a person about each release in OUT, and report.html that leads to them.

    They are made of label.json, run.json and policy.yaml alone. No data is read, and none is in them: names of columns, figures
    and levels are. A run writes the same pages, byte for byte, where --lang is not given. Nothing else in OUT is touched.
    """
    from beam_deid.pipelines.report.papers import ALL
    from beam_deid.pipelines.report.writing import chosen_pages, write_beside, write_into
    from beam_deid.pipelines.views.report import show_written

    languages = (lang,) if lang in LANGUAGES else ALL
    written = (
        write_beside(folder, named, languages)
        if place is None
        else write_into(place, chosen_pages(folder, named, languages))
    )
    show_written(output.console(as_json), list(written))
    if as_json:
        output.emit({"pages": [_told(path, content) for path, content in written.items()]})


def _told(path: str, content: bytes) -> dict[str, Any]:
    return {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
