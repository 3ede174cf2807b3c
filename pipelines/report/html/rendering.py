"""A document as one HTML page: its style within it, no script, nothing that is asked for from anywhere, no time of its making."""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING

from beam_deid.pipelines.language.words import spoken_in
from beam_deid.pipelines.report.blocks import Block, Document, Picture
from beam_deid.pipelines.report.html.languages import LANGUAGES
from beam_deid.pipelines.report.visible import visible
from beam_deid.transforms.names import NAMES

if TYPE_CHECKING:  # loaded only where a page is made
    import jinja2
    from markupsafe import Markup

_WORDS = {
    "kind": "Report on the tests of de-identification and anonymization",
    "skip": "Skip to the text",
    "language": "Language of the report",
    "contents": "Contents",
    "table": "A table",
    "tests": "The tests",
    "fill": "To be filled in by a person:",
    "made": "Made by beam-deid from the stored evidence alone. The page holds no data, and asks for nothing from anywhere.",
}
"""What a page says besides its document."""


def rendered(document: Document, languages: Sequence[str], names: Iterable[str]) -> bytes:
    """A document as a page, the same bytes whenever it is made.

    Args:
        document: The document.
        languages: The codes of its languages, the one first that is shown first.
        names: Names of the data that may stand in its texts, which no language has words for.
    """
    from beam_deid.pipelines.report.html.markup import Writer

    chosen = [LANGUAGES[code] for code in languages]
    with NAMES.only(names):
        writer = Writer(chosen)
        made = (
            _environment()
            .get_template("page.html.j2")
            .render(
                document=document,
                languages=chosen,
                tags=[one.tag for one in chosen],
                words=_WORDS,
                style=_style(),
                t=writer.text,
                plain=writer.plain,
                tagged=writer.tagged,
                drawn=_drawn,
                visible=visible,
                kind=_kind,
                number=count(1).__next__,
            )
        )
    return made.encode()


@cache
def _environment() -> "jinja2.Environment":
    import jinja2

    return jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


def _style() -> "Markup":
    from markupsafe import Markup

    return Markup(files(__package__).joinpath("page.css").read_text("utf-8"))  # noqa: S704 - our own file


def _drawn(picture: Picture, code: str) -> "Markup":
    """A chart in a language. What charts write is markup, and it is theirs to escape."""
    from markupsafe import Markup

    with spoken_in(code):
        return Markup(picture.svg())  # noqa: S704


def _kind(block: Block) -> str:
    return type(block).__name__
