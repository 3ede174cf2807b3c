"""A console of rich that says what it shows in the language of the call."""

from typing import Any

from rich.console import Console, JustifyMethod, OverflowMethod
from rich.containers import Lines
from rich.text import Text

from beam_deid.pipelines.language.chosen import ENGLISH
from beam_deid.pipelines.language.words import said, spoken
from beam_deid.pipelines.language.wrapping import ends_of_lines
from beam_deid.pipelines.views.console import PatientConsole


class SpeakingConsole(PatientConsole):
    """Every text that is printed, also as a cell of a table, is said in the language of the call before it is laid out.

    A `Text` is taken as it is: its maker says it (`beam_deid.pipelines.language.words.said`).
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """A text with its markup, in the language of the call."""
        return _wrapping(super().render_str(said(text), **options))


class ShownText(Text):
    """A text whose lines may end behind most Chinese characters. rich ends lines at blanks only, which Chinese has few of."""

    def wrap(
        self,
        console: Console,
        width: int,
        *,
        justify: JustifyMethod | None = None,
        overflow: OverflowMethod | None = None,
        tab_size: int = 8,
        no_wrap: bool | None = None,
    ) -> Lines:
        """The lines of the text, none wider than ``width`` columns but for words that are wider."""
        if no_wrap or self.no_wrap:
            return super().wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size, no_wrap=True)
        lines = Lines()
        for line in self.split(allow_blank=True):
            for part in line.divide(ends_of_lines(line.plain, width)):
                lines.extend(part.wrap(console, width, justify=justify, overflow=overflow, tab_size=tab_size))
        return lines


def said_text(text: str, overflow: OverflowMethod = "fold", no_wrap: bool = False) -> Text:
    """A message without markup, in the language of the call.

    Args:
        text: The message.
        overflow: What becomes of words that are wider than their place.
        no_wrap: Whether it is one line, however long.
    """
    return _wrapping(Text(said(text), overflow=overflow, no_wrap=no_wrap))


def _wrapping(text: Text) -> Text:
    """A text that wraps by the width of its characters; in English as it is."""
    if spoken() == ENGLISH:
        return text
    made = ShownText(justify=text.justify, overflow=text.overflow, no_wrap=text.no_wrap, style=text.style, end=text.end)
    made.append_text(text)
    return made
